use undertone::prelude::*;

secure_model! {
    pub model (x: [4]) -> [4] {
        x -> Relu
    }
}

fn main() {}

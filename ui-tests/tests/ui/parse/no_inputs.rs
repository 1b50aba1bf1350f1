use undertone::prelude::*;

secure_model! {
    pub model Bad -> [4] {
        x -> Relu
    }
}

fn main() {}

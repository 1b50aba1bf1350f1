use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let x = x -> Relu;
        x -> Relu
    }
}

fn main() {}

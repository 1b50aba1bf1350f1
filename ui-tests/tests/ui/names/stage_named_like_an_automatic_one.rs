use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> Relu -> relu_1: Relu
    }
}

fn main() {}

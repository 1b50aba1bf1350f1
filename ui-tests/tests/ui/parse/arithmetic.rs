use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4], y: [4]) -> [4] {
        let sum = x + y;
        sum -> Relu
    }
}

fn main() {}

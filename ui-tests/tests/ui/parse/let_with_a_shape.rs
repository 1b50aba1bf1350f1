use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let a: [4] = x -> Relu;
        a -> Relu
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let a = x -> Relu
        let b = a -> Relu;
        b -> Relu
    }
}

fn main() {}

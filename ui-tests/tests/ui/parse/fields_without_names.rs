use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [10] {
        x -> Linear(10) -> Relu
    }
}

fn main() {}

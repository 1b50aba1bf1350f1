use undertone::prelude::*;

secure_model! {
    pub model Field(x: [4]) -> [6] {
        x -> Linear -> Relu
    }
}

fn main() {}

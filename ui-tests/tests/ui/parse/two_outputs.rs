use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> ([4], [2]) {
        x -> Relu
    }
}

fn main() {}

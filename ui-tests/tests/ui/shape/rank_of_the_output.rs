use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [64] {
        image -> Relu
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [4]) -> [4] {
        iamge -> Relu
    }
}

fn main() {}

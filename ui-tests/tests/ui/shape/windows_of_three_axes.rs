use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [1, 4, 4] {
        image -> MaxPool2d { kernels: &[2, 2, 2] }
    }
}

fn main() {}

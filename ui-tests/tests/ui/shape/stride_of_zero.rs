use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [6, 8, 8] {
        image -> Conv2d { out: 6, stride: 0 }
    }
}

fn main() {}

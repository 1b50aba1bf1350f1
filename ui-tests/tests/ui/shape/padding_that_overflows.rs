use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [1, 8, 8] {
        image -> Conv2d { out: 1, kernel: 3, padding: usize::MAX }
    }
}

fn main() {}

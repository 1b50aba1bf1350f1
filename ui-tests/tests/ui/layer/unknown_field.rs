use undertone::prelude::*;

secure_model! {
    pub model Field(image: [1, 28, 28]) -> [6, 24, 24] {
        image -> Conv2d { out: 6, kernal: 5 }
    }
}

fn main() {}

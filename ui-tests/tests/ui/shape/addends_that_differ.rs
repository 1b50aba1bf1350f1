use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [3, 8, 8]) -> [6, 8, 8] {
        let wide = image -> Conv2d { out: 6, kernel: 3, padding: 1 };
        (wide, image) -> Add -> Relu
    }
}

fn main() {}

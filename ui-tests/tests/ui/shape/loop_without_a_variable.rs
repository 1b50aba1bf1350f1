use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 12, 12]) -> [1, 1, 1] {
        image -> for _ in 0..5 { MaxPool2d }
    }
}

fn main() {}

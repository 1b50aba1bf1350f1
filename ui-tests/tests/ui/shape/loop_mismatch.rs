use undertone::prelude::*;

secure_model! {
    pub model Pools(image: [1, 12, 12]) -> [1, 1, 1] {
        image -> for kernel in [2, 3, 4] { Relu -> MaxPool2d { kernel } }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Pools { last: usize } (image) {
        image -> for (kernel, stride) in [(2, 2), (2, 3), (last, 1)] { MaxPool2d { kernel, stride } }
    }
}

secure_model! {
    pub model Bad(image: [1, 12, 12]) -> [1, 1, 1] {
        image -> Pools { last: 4 }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model ResBlock { width: usize } (x) {
        let body = x -> conv: Conv2d { out: width, kernel: 3 } -> Relu;
        (body, x) -> join: Add -> Relu -> Relu
    }
}

secure_model! {
    pub model Net(image: [8, 16, 16]) -> [8, 16, 16] {
        image -> ResBlock { width: 8 }
    }
}

fn main() {}

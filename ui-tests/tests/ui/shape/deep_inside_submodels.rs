use undertone::prelude::*;

secure_model! {
    pub model Inner { width: usize } (x: [3, 16, 16]) -> [width, 16, 16] {
        x -> conv: Conv2d { out: width, kernel: 3 }
    }
}

secure_model! {
    pub model Outer { width: usize } (x) {
        x -> first: Inner { width } -> Relu
    }
}

secure_model! {
    pub model Net(image: [3, 16, 16]) -> [8, 16, 16] {
        image -> Outer { width: 8 } -> Relu
    }
}

fn main() {}

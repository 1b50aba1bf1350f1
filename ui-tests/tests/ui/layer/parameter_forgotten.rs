use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize, stride: usize = 1 } (x) {
        x -> Conv2d { out: width, kernel: 3, stride } -> Relu
    }
}

secure_model! {
    pub model Net(x: [3, 32, 32]) -> [8, 30, 30] {
        x -> Block { stride: 1 }
    }
}

fn main() {}

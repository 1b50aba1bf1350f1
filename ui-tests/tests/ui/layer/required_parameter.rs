use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize, stride: usize = 1 } (x) {
        x -> Conv2d { out: width, kernel: 3, stride } -> Relu
    }
}

secure_model! {
    pub model Outer { width: usize = 4 } (x) {
        x -> Linear { out: width } -> Block { stride: width }
    }
}

secure_model! {
    pub model Net(x: [3, 32, 32]) -> [10] {
        x -> Block -> Outer -> Flatten -> Linear { out: 10 }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Features(image: [3, 32, 32]) -> [8] {
        image -> Conv2d { out: 8, kernel: 3 } -> Relu -> GlobalAvgPool
    }
}

secure_model! {
    pub model Net(image: [3, 28, 28]) -> [10] {
        image -> Features -> Linear { out: 10 }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize } (x) {
        x -> Linear { out: width } -> Relu
    }
}

secure_model! {
    pub model Outer { width: usize } (x) {
        x -> Linear { out: width } -> Block
    }
}

secure_model! {
    pub model Net(x: [4]) -> [10] {
        x -> Outer { width: 8 } -> Linear { out: 10 }
    }
}

fn main() {}

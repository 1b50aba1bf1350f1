use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize } (x) {
        x -> Linear { out: width } -> Softstep { sharp: true }
    }
}

secure_model! {
    pub model Net(x: [4]) -> [4] {
        x -> Block { width: 4 } -> Relu
    }
}

fn main() {}

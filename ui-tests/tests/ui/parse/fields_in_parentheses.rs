use undertone::prelude::*;

secure_model! {
    pub model Bad(image: [1, 8, 8]) -> [6, 4, 4] {
        image -> Conv2d(out: 6, kernel: 5) -> Relu
    }
}

fn main() {
    let _ = Bad::graph();
}

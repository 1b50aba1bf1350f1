use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        for _ in 0..3 {
            x -> Relu
        }
    }
}

fn main() {}

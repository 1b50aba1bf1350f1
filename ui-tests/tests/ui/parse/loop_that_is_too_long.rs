use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> for _ in 0..100_000 { Relu }
    }
}

fn main() {}

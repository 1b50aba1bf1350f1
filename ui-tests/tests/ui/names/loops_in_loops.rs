use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> for _ in 0..1000 { for _ in 0..1000 { Relu } -> for _ in 0..1000 { Relu } }
    }
}

fn main() {}

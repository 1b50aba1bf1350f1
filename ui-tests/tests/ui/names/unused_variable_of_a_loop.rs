use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [8] {
        x -> for out in [16, 8] { Linear { out: 8 } -> Relu }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> Relu { slope: 0.1 }
    }
}

fn main() {}

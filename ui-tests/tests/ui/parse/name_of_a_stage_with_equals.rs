use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> fc = Linear { out: 4 } -> Relu
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> (Linear { out: 4 }, Relu) -> Add
    }
}

fn main() {}

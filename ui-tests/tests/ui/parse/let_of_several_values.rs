use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let (a, b) = x -> Relu;
        (a, b) -> Add
    }
}

fn main() {}

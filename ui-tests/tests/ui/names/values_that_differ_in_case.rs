use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4], X: [4]) -> [4] {
        (x, X) -> Add
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4], y: [4]) -> [4] {
        (x, y)
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(a: [3, 8], b: [3, 9]) -> [6, 8] {
        (a, b) -> Concat
    }
}

fn main() {}

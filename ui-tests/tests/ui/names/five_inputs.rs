use undertone::prelude::*;

secure_model! {
    pub model Bad(a: [1], b: [1], c: [1], d: [1], e: [1]) -> [5] {
        (a, b, c, d, e) -> Concat
    }
}

fn main() {}

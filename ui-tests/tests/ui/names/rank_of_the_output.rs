use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [32]) -> [2, 2, 2, 2, 2] {
        x -> Reshape { to: &[2, 2, 2, 2, 2] }
    }
}

fn main() {}

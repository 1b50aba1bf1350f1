use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [12]) -> [5, 2] {
        x -> Reshape { to: &[5, 2] }
    }
}

fn main() {}

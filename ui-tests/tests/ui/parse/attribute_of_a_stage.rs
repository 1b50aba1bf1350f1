use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> #[protocol(digits = 8)] Relu
    }
}

fn main() {}

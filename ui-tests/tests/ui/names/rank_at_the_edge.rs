use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [1, 2, 3, 4, 5]) -> [120] {
        x -> Flatten
    }
}

fn main() {}

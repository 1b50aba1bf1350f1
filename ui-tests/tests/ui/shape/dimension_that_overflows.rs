use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [99999999999999999999]) -> [4] {
        x -> Linear { out: 4 }
    }
}

fn main() {}

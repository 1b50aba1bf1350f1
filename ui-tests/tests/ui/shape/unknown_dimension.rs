use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [LENGTH]) -> [4] {
        x -> Linear { out: 4 }
    }
}

fn main() {}

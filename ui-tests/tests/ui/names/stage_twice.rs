use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> fc: Linear { out: 4 } -> fc: Linear { out: 4 }
    }
}

fn main() {}

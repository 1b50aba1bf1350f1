use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> for _ in 0..2 { fc: Linear { out: 4 } } -> fc_2: Linear { out: 4 }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> for rate in 0.1..0.5 { Dropout { rate } }
    }
}

fn main() {}

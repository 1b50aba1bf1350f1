use undertone::prelude::*;

const SIZE: usize = 4;

secure_model! {
    pub model Bad(x: [4]) -> [SIZE - 5] {
        x -> Linear { out: 4 }
    }
}

fn main() {}

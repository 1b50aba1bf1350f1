use undertone::prelude::*;

const SIZE: i32 = 4;

secure_model! {
    pub model Bad(x: [SIZE]) -> [4] {
        x -> Linear { out: 4 }
    }
}

fn main() {}

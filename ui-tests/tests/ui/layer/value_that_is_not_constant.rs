use undertone::prelude::*;

fn width() -> usize {
    4
}

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> Linear { out: width() }
    }
}

fn main() {}

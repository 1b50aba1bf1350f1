use undertone::prelude::*;

const WIDTHS: [usize; 2] = [4, 8];

secure_model! {
    pub model Bad(x: [4]) -> [8] {
        x -> for out in WIDTHS { Linear { out } } -> Relu
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Block { width: usize } (x) -> [width] {
        x -> Linear { out: 2 * width }
    }
}

secure_model! {
    pub model Bad(x: [4]) -> [8] {
        x -> Block { width: 8 }
    }
}

fn main() {}

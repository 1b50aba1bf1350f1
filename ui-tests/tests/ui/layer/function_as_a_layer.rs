use undertone::prelude::*;

const fn double(x: usize) -> usize {
    2 * x
}

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> double
    }
}

fn main() {
    let _ = double(1);
}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x, width: usize) {
        x -> Linear { out: width }
    }
}

fn main() {}

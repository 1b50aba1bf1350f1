use undertone::prelude::*;

secure_model! {
    pub model Bad { width: usize, depth: usize = 2 } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

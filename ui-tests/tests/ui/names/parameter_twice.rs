use undertone::prelude::*;

secure_model! {
    pub model Bad { width: usize, width: usize } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

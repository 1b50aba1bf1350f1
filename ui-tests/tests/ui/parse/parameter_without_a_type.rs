use undertone::prelude::*;

secure_model! {
    pub model Bad { width = 8 } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad { width: usize = "wide" } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

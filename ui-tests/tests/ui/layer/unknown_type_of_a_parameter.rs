use undertone::prelude::*;

secure_model! {
    pub model Bad { width: uint } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

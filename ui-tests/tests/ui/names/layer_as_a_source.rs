use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        Relu -> Linear { out: 4 }
    }
}

fn main() {}

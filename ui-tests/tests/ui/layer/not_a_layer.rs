use undertone::prelude::*;
use undertone_thirdparty::NotALayer;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> NotALayer
    }
}

fn main() {}

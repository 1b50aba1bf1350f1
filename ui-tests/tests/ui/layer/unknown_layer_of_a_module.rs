use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x -> undertone::layers::Softstep -> Relu
    }
}

fn main() {}

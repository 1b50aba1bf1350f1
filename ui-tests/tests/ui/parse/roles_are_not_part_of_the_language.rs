use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4] from hospital) -> [4] weights from clinic {
        x -> Relu
    }
    release output to hospital
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        x |> Relu -> Relu
    }
}

fn main() {}

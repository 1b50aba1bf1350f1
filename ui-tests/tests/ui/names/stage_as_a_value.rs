use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let a = x -> fc: Linear { out: 4 } -> Relu;
        (a, fc) -> Add
    }
}

fn main() {}

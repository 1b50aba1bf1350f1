use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [10] {
        x -> Linear(out: 8) => Relu -> fc = Linear { out: , bias = true } Relu -> -> Linear { out: 10 }
    }
}

fn main() {
    let _ = Bad::graph();
}

use undertone::prelude::*;

secure_model! {
    pub model Names(x: [4]) -> [4] {
        x -> relu_1: Relu -> Relu -> fc: Relu -> FC: Relu -> fc: Relu
    }
}

fn main() {
    let _ = Names::graph();
}

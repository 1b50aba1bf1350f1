use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4], y: 4) -> [4] {
        let a = x -> Linear { out: , bias: false };
        let b = y Relu;
        (a, b) -> Add -> for _ in 0..2 { Relu Relu }
    }
}

fn main() {
    let _ = Bad::graph();
}

use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let a = x -> Relu;
        return a -> Linear { out: 4 }
    }
}

fn main() {
    let _ = Bad::graph();
}

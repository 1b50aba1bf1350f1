use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) -> [4] {
        let a = x => Relu => Linear { out: 4 };
        a -> Relu
    }
}

fn main() {
    let _ = Bad::graph();
}

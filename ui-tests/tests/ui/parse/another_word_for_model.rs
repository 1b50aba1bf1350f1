use undertone::prelude::*;

secure_model! {
    pub struct Bad(x: [4]) -> [4] {
        x -> Relu
    }
}

fn main() {
    let _ = Bad::graph();
}

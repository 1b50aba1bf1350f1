use undertone::prelude::*;

secure_model! {
    pub model Bad(x: [4]) weights from server -> [4] {
        x -> Linear { out: 4 }
    }
}

fn main() {
    let _ = Bad::graph();
}

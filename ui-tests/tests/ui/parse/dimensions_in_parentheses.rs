use undertone::prelude::*;

secure_model! {
    pub model Bad(image: (3, 8, 8)) -> [3, 8, 8] {
        image -> Relu
    }
}

fn main() {
    let _ = Bad::graph();
}

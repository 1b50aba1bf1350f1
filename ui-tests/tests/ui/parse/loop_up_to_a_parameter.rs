use undertone::prelude::*;

secure_model! {
    pub model Bad { depth: usize } (x) {
        x -> for _ in 0..depth { Linear { out: 8 } -> Relu }
    }
}

fn main() {}

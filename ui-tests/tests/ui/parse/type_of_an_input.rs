use undertone::prelude::*;

secure_model! {
    pub model Bad(x: f32, width: usize) {
        x -> Linear { out: width }
    }
}

fn main() {}

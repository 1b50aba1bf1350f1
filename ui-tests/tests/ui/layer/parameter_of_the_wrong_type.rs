use undertone::prelude::*;

secure_model! {
    pub model Block { width: f32 } (x) {
        x -> Linear { out: width }
    }
}

fn main() {}

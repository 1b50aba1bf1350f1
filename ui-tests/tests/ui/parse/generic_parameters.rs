use undertone::prelude::*;

secure_model! {
    pub model Bad<const WIDTH: usize>(x) {
        x -> Linear { out: WIDTH }
    }
}

fn main() {}

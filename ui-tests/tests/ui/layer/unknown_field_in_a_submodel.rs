use undertone::prelude::*;

secure_model! {
    pub model Block { size: usize } (x) {
        x -> Conv2d { out: 6, kernal: size }
    }
}

fn main() {}

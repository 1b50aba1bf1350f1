use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from load) -> [10] weights from Default {
        image -> Linear { out: 10 }
    }
    release output to compute
}

fn main() {
    let _ = Digits::DEFAULT;
    let _ = Digits::load("digits.safetensors");
}

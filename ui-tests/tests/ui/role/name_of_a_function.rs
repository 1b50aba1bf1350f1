use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] weights from load {
        image -> Linear { out: 10 }
    }
    release output to client
}

fn main() {
    let _ = Digits::DEFAULT;
    let _ = Digits::load("digits.safetensors");
}

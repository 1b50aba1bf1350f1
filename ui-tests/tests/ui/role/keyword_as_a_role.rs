use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from self) -> [10] {
        image -> Linear { out: 10 }
    }
    release output to client
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    release output to client, client
}

fn main() {}

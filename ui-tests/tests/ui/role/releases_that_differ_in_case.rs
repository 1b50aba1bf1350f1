use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    release digit: [] = output -> ArgMax to client
    release Digit: [] = output -> ArgMax to auditor
}

fn main() {}

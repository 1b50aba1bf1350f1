use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        let hidden = image -> Linear { out: 20 } -> Relu;
        hidden -> Linear { out: 10 }
    }
    release hidden to auditor
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> hidden: Linear { out: 20 } -> Relu -> Linear { out: 10 }
    }
    release best: [] = hidden -> ArgMax to client
}

fn main() {}

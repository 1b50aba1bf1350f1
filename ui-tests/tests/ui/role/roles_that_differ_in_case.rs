use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from data_owner) -> [10] weights from DataOwner {
        image -> Linear { out: 10 }
    }
    release output to data_owner
}

fn main() {}

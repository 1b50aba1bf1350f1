use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from data_owner, hint: [10] from DataOwner) -> [10] weights from Data_Owner {
        let guess = image -> Linear { out: 10 };
        (guess, hint) -> Add
    }
    release output to data_owner
}

fn main() {}

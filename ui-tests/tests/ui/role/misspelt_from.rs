use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] form hospital) -> [10] {
        image -> Linear { out: 10 }
    }
    release output to hospital
}

fn main() {}

fn hospital(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S1<10>>> {
    Digits::hospital(session, image)
}

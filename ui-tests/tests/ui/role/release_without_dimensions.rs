use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    release digit = output -> ArgMax to client
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S0, u32>> {
    Digits::client(session, image)
}

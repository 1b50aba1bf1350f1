use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    release digit: [] = outputs -> ArgMax to client
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Vec<u32>> {
    Ok(Digits::client(session, image)?.values().to_vec())
}

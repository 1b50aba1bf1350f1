use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 11 }
    }
    release scores: [10] = output to client
    release sorted: [10] = output -> Relu to client
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S1<10>>> {
    Ok(Digits::client(session, image)?.scores)
}

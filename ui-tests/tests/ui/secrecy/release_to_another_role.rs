use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from client) -> [10] {
        image -> Linear { out: 10 }
    }
    release scores = output to auditor
    release digit: [] = output -> ArgMax to client, auditor
    release sure: [1] = output -> Linear { out: 1 } to client
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S1<10>>> {
    Ok(Digits::client(session, image)?.scores)
}

use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784] from client) -> [10] weights from server {
        image -> Linear { out: 10 }
    }
    release digit: [] = output -> Argmax to client
    release scores = output to client
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S1<10>>> {
    let learned = Digits::client(session, image)?;
    let _: Clear<S0, u32> = learned.digit;
    Ok(learned.scores)
}

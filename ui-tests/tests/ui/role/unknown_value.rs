use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        let hidden = image -> Linear { out: 20 } -> Relu;
        hidden -> fc: Linear { out: 10 }
    }
    release digit: [] = outputs -> ArgMax to client
    release best: [] = fc -> ArgMax to auditor
}

fn main() {}

fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Vec<u32>> {
    Ok(Digits::client(session, image)?.values().to_vec())
}

fn auditor(session: &mut Session) -> Result<Clear<S0, u32>> {
    Digits::auditor(session)
}

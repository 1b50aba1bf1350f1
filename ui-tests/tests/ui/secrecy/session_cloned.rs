use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
}

fn twice(mut session: Session, image: &Clear<S1<784>>) -> Result<()> {
    let mut again = session.clone();
    Digits::client(&mut session, image)?;
    Digits::client(&mut again, image)?;
    Ok(())
}

fn main() {}

use undertone::prelude::*;

secure_model! {
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
    release digit: [] = output -> ArgMax to client
}

fn scores(weights: &Weights, image: &Clear<S1<784>>) -> Result<()> {
    let run = World::two_party().predict::<Digits>(weights, image)?;
    let _: Clear<S1<10>> = run.output;
    Ok(())
}

fn main() {}

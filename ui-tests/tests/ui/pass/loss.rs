use undertone::Session;
use undertone::prelude::*;

secure_model! {
    #[budget(rounds = 12, megabytes = 1)]
    pub model Digits(image: [784] from client) -> [10] {
        image -> #[weights("classifier.0")] Linear { out: 10 }
    }
    loss (label: [10]) { (output, label) -> CrossEntropy }
    release digit: [] = output -> ArgMax to client
}

fn main() {
    assert_eq!(Digits::loss().unwrap().unwrap().stages().len(), 1);
    assert_eq!(Digits::graph().unwrap().parameters[0].name, "classifier.0.weight");
    // a loss is no part of what the parties agree on
    assert_eq!(Digits::plan(&Settings::default()).unwrap().hash(), trained_otherwise::Digits::plan(&Settings::default()).unwrap().hash());
}

mod trained_otherwise {
    use undertone::prelude::*;

    secure_model! {
        pub model Digits(image: [784] from client) -> [10] {
            image -> #[weights("classifier.0")] Linear { out: 10 }
        }
        loss (scores: [10]) { (output, scores) -> MeanSquaredError }
        release digit: [] = output -> ArgMax to client
    }
}

#[allow(dead_code)]
fn client(session: &mut Session, image: &Clear<S1<784>>) -> Result<Clear<S0, u32>> {
    Digits::client(session, image)
}

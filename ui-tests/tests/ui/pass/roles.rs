use undertone::Session;
use undertone::prelude::*;

secure_model! {
    /// A network of one party, a picture of another one.
    pub model Nuclei(image: [1, 8, 8] from hospital) -> [3] weights from clinic {
        image -> Flatten -> Linear { out: 3 }
    }
    release kind: [] = output -> ArgMax to hospital
}

secure_model! {
    /// Nobody is named.
    pub model Digits(image: [784]) -> [10] {
        image -> Linear { out: 10 }
    }
}

secure_model! {
    /// Two owners, and one who only learns. An input called `weights` is no other argument.
    pub model Match(face: [128] from camera, weights: [128] from police) -> [1] weights from police {
        (face, weights) -> Concat -> Linear { out: 1 }
    }
    release output to police, judge
}

fn hospital(session: &mut Session, image: &Clear<S3<1, 8, 8>>) -> Result<Clear<S0, u32>> {
    Nuclei::hospital(session, image)
}

fn clinic(session: &mut Session, weights: &Weights) -> Result<()> {
    Nuclei::clinic(session, weights)
}

fn both(session: &mut Session, image: &Clear<S1<784>>, weights: &Weights) -> Result<Clear<S1<10>>> {
    Digits::server(session, weights)?;
    Digits::compute(session)?;
    Digits::client(session, image)
}

fn police(session: &mut Session, known: &Clear<S1<128>>, weights: &Weights) -> Result<Clear<S1<1>>> {
    Match::police(session, known, weights)
}

fn judge(session: &mut Session) -> Result<Clear<S1<1>>> {
    Match::judge(session)
}

fn learns<M: Model<Released = T>, T>() -> usize {
    M::graph().unwrap().releases.len()
}

fn main() {
    assert_eq!(learns::<Nuclei, Clear<S0, u32>>(), 1);
    assert_eq!(learns::<Digits, Clear<S1<10>>>(), 1);
    let graph = Match::graph().unwrap();
    assert_eq!(graph.roles(), ["camera", "police", "judge"]);
    assert_eq!(graph.releases[0].to, ["police", "judge"]);
}

use undertone::Session;
use undertone::prelude::*;

secure_model! {
    pub model Nuclei(image: [1, 8, 8] form hospital) -> [1, 8, 8] weights form clinic {
        image -> Conv2d { out: 1 }
    }
    release mask: [1, 8, 8] = output -> Relu too hospital
    release peak: [] = output -> Flatten -> ArgMax to hospital, auditor,
}

fn main() {}

fn hospital(session: &mut Session, image: &Clear<S3<1, 8, 8>>) -> Result<Clear<S3<1, 8, 8>>> {
    let learned = Nuclei::hospital(session, image)?;
    let _: &Clear<S0, u32> = &learned.peak;
    Ok(learned.mask)
}

fn clinic(session: &mut Session, weights: &Weights) -> Result<()> {
    Nuclei::clinic(session, weights)
}

use undertone::prelude::*;

secure_model! {
    pub model Nuclei(image: [1, 8, 8] from hospital) -> [3] weights from clinic {
        image -> Flatten -> Linear { out: 3 }
    }
    release kind: [] = output -> ArgMax to hospitl
}

fn main() {}

fn hospital(session: &mut Session, image: &Clear<S3<1, 8, 8>>) -> Result<()> {
    Nuclei::hospital(session, image)
}

use undertone::Session;
use undertone::prelude::*;

const CLASSES: usize = 3;

secure_model! {
    /// What each role learns is a struct, and everything is one as well.
    pub model Nuclei(image: [1, 8, 8] from data_owner) -> [CLASSES] weights from clinic {
        let hidden = image -> Conv2d { out: 2, kernel: 8 } -> Flatten;
        hidden -> Linear { out: CLASSES }
    }
    release scores = output to data_owner
    release kind: [] = output -> ArgMax to data_owner, auditor
    release hidden: [2] = hidden -> Relu to auditor
    release r#type: [1] = (output, hidden) -> Concat -> Linear { out: 1 } to clinic
}

fn owner(session: &mut Session, image: &Clear<S3<1, 8, 8>>) -> Result<(Clear<S1<CLASSES>>, Clear<S0, u32>)> {
    let NucleiDataOwner { scores, kind } = Nuclei::data_owner(session, image)?;
    Ok((scores, kind))
}

fn auditor(session: &mut Session) -> Result<usize> {
    let learned: NucleiAuditor = Nuclei::auditor(session)?;
    let (kind, hidden): (&Clear<S0, u32>, &Clear<S1<2>>) = (&learned.kind, &learned.hidden);
    println!("{learned:?}");
    Ok(kind.batch() + hidden.clone().batch())
}

fn clinic(session: &mut Session, weights: &Weights) -> Result<Clear<S1<1>>> {
    Nuclei::clinic(session, weights)
}

fn everything<M: Model<Released = NucleiReleased>>(all: M::Released) -> Clear<S1<1>> {
    all.r#type
}

fn main() {
    let graph = Nuclei::graph().unwrap();
    let names: Vec<&str> = graph.releases.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["scores", "kind", "hidden", "type"]);
    assert_eq!(graph.releases[0].node, graph.output);
    let _ = everything::<Nuclei>;
}

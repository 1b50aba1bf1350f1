//! The twin against PyTorch: every case of the layers' figures.

#[path = "../../../stdlib-layers/tests/common/mod.rs"]
mod figures;

use undertone_runtime::World;
use undertone_twin::{Device, Network};

#[test]
fn the_twin_computes_what_pytorch_computes() {
    let differences = figures::worst_differences(|graph, weights, inputs, batch| {
        let network = Network::new(graph.clone(), weights, &Device::flex()).unwrap();
        network.forward(inputs, batch).unwrap()
    });
    assert!(differences.len() > 20, "{} cases", differences.len());
    // a softsign is made of straight lines
    let allowed = |name: &str| if name == "softsign" { 1.0 / 1024.0 } else { 1e-4 };
    let wrong: Vec<_> = differences.into_iter().filter(|(name, worst)| *worst > allowed(name)).collect();
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
}

#[test]
fn a_private_run_stays_close_to_the_twin_at_every_stage() {
    for case in figures::cases() {
        let graph = case.graph().unwrap();
        let figures = case.figures(&graph);
        let inputs: Vec<&[f32]> = figures.inputs.iter().map(Vec::as_slice).collect();
        let run = World::two_party().record().predict_graph(&graph, &figures.weights, &inputs, figures.batch, &mut |_| {}).unwrap();
        let network = Network::new(graph.clone(), &figures.weights, &Device::flex()).unwrap();
        let comparison = network.compare(&run.stages.unwrap(), &inputs, figures.batch).unwrap();
        assert!(!comparison.stages.is_empty() || case.name == "dropout", "{}: nothing was compared", case.name);
        for stage in &comparison.stages {
            assert!(stage.largest < 2e-3 && stage.mean <= stage.largest, "{}:\n{comparison}", case.name);
        }
    }
}

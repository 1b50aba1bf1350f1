//! The twin against PyTorch: every case of the layers' figures.

#[path = "../../../stdlib-layers/tests/common/mod.rs"]
mod figures;

use undertone_twin::{Device, Network};

#[test]
fn the_twin_computes_what_pytorch_computes() {
    let differences = figures::worst_differences(|graph, weights, inputs, batch| {
        let network = Network::new(graph.clone(), weights, &Device::flex()).unwrap();
        network.forward(inputs, batch).unwrap()
    });
    assert!(differences.len() > 20, "{} cases", differences.len());
    let wrong: Vec<_> = differences.into_iter().filter(|(_, worst)| *worst > 1e-4).collect();
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
}

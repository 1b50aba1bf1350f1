//! The layers against PyTorch: the files hold exactly the parameters that the graphs declare, and the graphs, computed node by node
//! in f64, give PyTorch's figures.

mod common;
mod reference;

use common::{cases, folder, worst_differences};
use std::collections::BTreeSet;

#[test]
fn every_case_has_a_file_and_every_file_a_case() {
    let files: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str().and_then(|name| name.strip_suffix(".safetensors")).map(str::to_owned))
        .collect();
    let named: Vec<String> = cases().iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(named.len(), named.iter().collect::<BTreeSet<_>>().len(), "two cases of one name");
    assert_eq!(files, named.into_iter().collect());
}

#[test]
fn names_and_shapes_in_the_files_are_those_of_the_graphs() {
    for case in cases() {
        let graph = case.graph().unwrap();
        let figures = case.figures(&graph);
        assert_eq!(figures.batch, 3, "{}", case.name);
        assert_eq!(figures.output.len(), 3 * graph.output_shape().numel(), "{}", case.name);
        for (input, values) in graph.inputs.iter().zip(&figures.inputs) {
            assert_eq!(values.len(), 3 * input.shape.numel(), "{}: {}", case.name, input.name);
        }
        let parameters: usize = graph.parameters.iter().map(|p| p.shape.numel()).sum();
        assert_eq!(figures.weights.count(), parameters, "{}", case.name);
    }
}

#[test]
fn the_graphs_compute_what_pytorch_computes() {
    // a softsign is made of straight lines
    let allowed = |name: &str| if name == "softsign" { 1.0 / 1024.0 } else { 1e-6 };
    let wrong: Vec<_> = worst_differences(reference::run).into_iter().filter(|(name, worst)| *worst > allowed(name)).collect();
    assert!(wrong.is_empty(), "largest differences to PyTorch: {wrong:?}");
}

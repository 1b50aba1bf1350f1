//! The sources that networks of others become are compiled here and run: the twin and a private run give what onnxruntime computed
//! (`models/make.py`).

mod common;

use common::{file, import};
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use undertone::graph::Graph;
use undertone::twin::{Device, Network};
use undertone::{Values, World};

macro_rules! networks {
    ($($name:ident: $model:ident),+ $(,)?) => {
        $(mod $name {
            include!(concat!("models/", stringify!($name), ".rs"));

            #[test]
            fn computes_what_onnxruntime_computes() {
                super::check(stringify!($name), $model::graph().unwrap());
            }
        })+
    };
}

networks! {
    arithmetic: Arithmetic,
    beside: Beside,
    classes: Classes,
    convolutions: Convolutions,
    depth: Depth,
    functions: Functions,
    functions_13: Functions13,
    gemm: Gemm,
    half: Half,
    keras: Keras,
    lenet_11: Lenet11,
    lenet_13: Lenet13,
    lenet_17: Lenet17,
    lenet_21: Lenet21,
    lenet_fixed: LenetFixed,
    logistic: Logistic,
    mobilenet: Mobilenet,
    mobilenet_17: Mobilenet17,
    moves: Moves,
    normalised: Normalised,
    one_axis: OneAxis,
    padded: Padded,
    pools: Pools,
    products: Products,
    products_18: Products18,
    reductions: Reductions,
    reductions_18: Reductions18,
    resnet: Resnet,
    resnet_18: Resnet18,
    rows: Rows,
    shapes: Shapes,
    shared: Shared,
    smooth: Smooth,
    softsign: SoftsignNetwork,
    three_axes: ThreeAxes,
    topk: Topk,
    unet: Unet,
    upsample: UpsampleNetwork,
}

/// The tensors of a file: their numbers of samples and their values.
fn figures(name: &str) -> BTreeMap<String, (usize, Vec<f32>)> {
    // the same network in other files has the same figures
    let name = if name == "half" { "gemm" } else { name };
    let bytes = std::fs::read(file(&format!("{name}.safetensors"))).unwrap();
    let floats = |data: &[u8]| data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let all = SafeTensors::deserialize(&bytes).unwrap().tensors();
    all.iter().map(|(name, view)| (name.clone(), (view.shape()[0], floats(view.data())))).collect()
}

fn check(name: &str, graph: &Graph) {
    let (weights, figures) = (import(name).weights, figures(name));
    let inputs: Vec<&[f32]> = graph.inputs.iter().map(|input| figures[&format!("in.{}", input.name)].1.as_slice()).collect();
    let samples = figures.values().next().unwrap().0;
    let twin = Network::new(graph.clone(), &weights, &Device::flex()).unwrap();
    let values = twin.forward_all(&inputs, samples).unwrap();
    let run = World::seeded(1).predict_graph(graph, &weights, &inputs, samples, &mut |_| {}).unwrap();
    let half = if name == "half" { 0.01 } else { 0.0 };
    for release in &graph.releases {
        // the first output is called `output` in a description
        let names = [release.name.as_str(), "y", "z", "scores", "best"].map(|name| format!("out.{name}"));
        let expected = names.iter().find_map(|name| figures.get(name));
        let mut expected = expected.unwrap_or_else(|| panic!("no figures of `{}`", release.name)).1.clone();
        // its sigmoid has been left out
        if name == "logistic" {
            for p in &mut expected {
                *p = (*p / (1.0 - *p)).ln();
            }
        }
        let compare = |who: &str, found: &[f32], allowed: f32| {
            assert_eq!(found.len(), expected.len(), "{name}, `{}`, {who}", release.name);
            for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let difference = (found - expected).abs();
                assert!(
                    difference <= allowed * expected.abs().max(1.0),
                    "{name}, `{}`, {who}, element {i}: {found} and {expected}",
                    release.name
                );
            }
        };
        // Softsign is piecewise here
        let twin_allowed = if name == "softsign" { 0.002 } else { 2e-4 };
        compare("the twin", &values[release.node.0], twin_allowed + half);
        match run.opened.get(&release.name) {
            Some(Values::Real(found)) => compare("private", found, 0.005 + half),
            Some(Values::Index(found)) => compare("private", &found.iter().map(|i| *i as f32).collect::<Vec<_>>(), 0.0),
            None => panic!("`{}` is not released", release.name),
        }
    }
}

mod trained {
    use undertone::prelude::*;

    secure_model! {
        /// The LeNet of the examples, as PyTorch has it.
        pub model Trained(image: [1, 28, 28]) -> [10] {
            image
                -> Conv2d { out: 6, kernel: 5, padding: 2 } -> Relu -> MaxPool2d
                -> Conv2d { out: 16, kernel: 5 } -> Relu -> MaxPool2d -> Flatten
                -> fc1: Linear { out: 120 } -> Relu
                -> fc2: Linear { out: 84 } -> Relu
                -> fc3: Linear { out: 10 }
        }
    }

    /// PyTorch has loaded the file that the twin saved after training, and computed with it.
    #[test]
    fn weights_that_are_saved_here_compute_the_same_in_pytorch() {
        let assets = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/assets/lenet.safetensors");
        let twin = Trained::twin_with(&Device::flex(), &Trained::load(assets).unwrap()).unwrap();
        let figures = super::figures("trained");
        let found = twin.predict(&Clear::new(figures["in.image"].1.clone()).unwrap()).unwrap();
        for (found, expected) in found.values().iter().zip(&figures["out.y"].1) {
            assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{found} and {expected}");
        }
    }
}

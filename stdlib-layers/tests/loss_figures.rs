//! The losses against PyTorch: `figures/losses/make.py` writes the files and says what is in them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use undertone_layers::{BinaryCrossEntropy, BinaryCrossEntropyWithLogits, CrossEntropy, Ctc, Dice, Huber, L1, MeanSquaredError};
use undertone_runtime::graph::{Graph, Init, trace, trace_loss};
use undertone_runtime::{Layer, Weights};
use undertone_shape::Shape;
use undertone_twin::burn::tensor::{Tensor, TensorData};
use undertone_twin::{Device, Network};

/// Compares the loss and its gradient by every element of the output.
#[track_caller]
fn check(name: &str, layer: impl Layer) {
    let file = Weights::load(folder().join(format!("{name}.safetensors"))).unwrap();
    let of = |tensor: &str| {
        let (shape, values) = file.get(tensor).unwrap_or_else(|| panic!("{name} has no `{tensor}`"));
        (shape.dim(0), Shape::from_slice(&shape.dims()[1..]), values.to_vec())
    };
    let ((samples, shape, output), (_, target_shape, target), (_, _, gradient)) = (of("output"), of("target"), of("gradient"));
    let expected = of("loss").2[0];
    let network = network(shape, trace_loss("M.loss", &[("output", shape), ("target", target_shape)], |g, x| layer.build(g, x)).unwrap());
    let at = output.clone();
    let output = Tensor::<2>::from_data(TensorData::new(output, [samples, shape.numel()]), &Device::flex());
    let output = Tensor::from_inner(output).require_grad();
    let loss = network.loss(output.clone(), &[&target]).unwrap();
    let gradients = output.grad(&loss.backward()).unwrap().try_to_vec_as::<f32>().unwrap();
    let found = loss.inner().try_to_vec_as::<f32>().unwrap()[0];
    assert!((found - expected).abs() <= 2e-6 * expected.abs().max(1.0), "{name}: the loss is {found}, PyTorch's {expected}");
    let ends = matches!(name, "binary_cross_entropy_certain");
    for (i, (found, expected)) in gradients.iter().zip(&gradient).enumerate() {
        if ends && (at[i] <= 0.0 || at[i] >= 1.0) {
            // PyTorch divides by 10^-12 there, to be somewhere
            assert!(found.is_finite(), "{name}: gradient {i} is {found}");
            continue;
        }
        assert!((found - expected).abs() <= 2e-6 * expected.abs().max(1.0), "{name}: gradient {i} is {found}, PyTorch's {expected}");
    }
}

/// Some network with an output of this shape, trained by this loss.
fn network(shape: Shape, loss: Graph) -> Network {
    let graph = trace("M", &[("x", Shape::new([1]))], |g, x| {
        let weight = g.parameter("weight", [shape.numel(), 1], Init::Constant(0.0));
        let y = g.linear(x[0], weight, None);
        g.reshape(y, shape)
    });
    let mut network = Network::initial(graph.unwrap(), Some(1), &Device::flex()).unwrap();
    network.set_loss(Some(loss)).unwrap();
    network
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/figures/losses")
}

/// One test a loss, with the files that it is compared with.
macro_rules! losses {
    ($($test:ident: $($file:literal is $layer:expr),+;)+) => {
        $(
            #[test]
            fn $test() {
                $(check($file, $layer);)+
            }
        )+

        #[test]
        fn every_file_is_compared() {
            let named: BTreeSet<&str> = [$($($file),+),+].into();
            let files: Vec<String> = std::fs::read_dir(folder())
                .unwrap()
                .filter_map(|entry| entry.unwrap().file_name().to_str().and_then(|name| name.strip_suffix(".safetensors")).map(str::to_owned))
                .collect();
            assert_eq!(files.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
        }
    };
}

losses! {
    binary_cross_entropy:
        "binary_cross_entropy" is BinaryCrossEntropy, "binary_cross_entropy_shares" is BinaryCrossEntropy,
        "binary_cross_entropy_certain" is BinaryCrossEntropy;
    binary_cross_entropy_with_logits:
        "binary_cross_entropy_with_logits" is BinaryCrossEntropyWithLogits,
        "binary_cross_entropy_with_logits_far" is BinaryCrossEntropyWithLogits,
        "binary_cross_entropy_with_logits_zero" is BinaryCrossEntropyWithLogits;
    cross_entropy:
        "cross_entropy" is CrossEntropy, "cross_entropy_places" is CrossEntropy, "cross_entropy_shares" is CrossEntropy;
    ctc: "ctc" is Ctc::DEFAULT;
    dice:
        "dice" is Dice { from_logits: false, ..Dice::DEFAULT }, "dice_logits" is Dice::DEFAULT,
        "dice_empty" is Dice { smooth: 0.5, ..Dice::DEFAULT };
    huber: "huber" is Huber::DEFAULT, "huber_narrow" is Huber { delta: 0.25 };
    l1: "l1" is L1;
    mean_squared_error: "mean_squared_error" is MeanSquaredError;
}

//! The parameters that layers declare: PyTorch's names and layouts, and how they start.

use undertone_layers::{
    Add, ArgMax, AvgPool1d, AvgPool2d, BatchNorm, Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool1d, MaxPool2d,
    Permute, Relu, Reshape,
};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, trace};
use undertone_shape::{Infer, Shape};

/// Name, shape, start, and whether training changes it by its gradient.
type Declared = (String, Shape, Init, bool);

/// The parameters of a layer that is the stage `s`.
#[track_caller]
fn declared<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape]) -> Vec<Declared> {
    let named: Vec<(&str, Shape)> = ["a", "b"].into_iter().zip(inputs.iter().copied()).collect();
    let graph = trace("M", &named, |g, x| g.stage("s", infer(&layer, inputs), |g| layer.build(g, x))).unwrap();
    graph.parameters.into_iter().map(|p| (p.name, p.shape, p.init, p.trainable)).collect()
}

fn parameter<const R: usize>(name: &str, shape: [usize; R], init: Init, trainable: bool) -> Declared {
    (name.to_owned(), Shape::new(shape), init, trainable)
}

#[test]
fn convolution_over_one_axis() {
    let layer = Conv1d { out: 8, kernel: 5, groups: 2, ..Conv1d::DEFAULT };
    let init = Init::Uniform { fan_in: 15 };
    let expected = [parameter("s.weight", [8, 3, 5], init, true), parameter("s.bias", [8], init, true)];
    assert_eq!(declared(layer, Conv1d::infer, &[Shape::new([6, 20])]), expected);
    assert_eq!(declared(Conv1d { bias: false, ..layer }, Conv1d::infer, &[Shape::new([6, 20])]), expected[..1]);
}

#[test]
fn convolution_over_two_axes() {
    let layer = Conv2d { out: 8, kernel: 3, stride: 2, ..Conv2d::DEFAULT };
    let init = Init::Uniform { fan_in: 36 };
    let expected = [parameter("s.weight", [8, 4, 3, 3], init, true), parameter("s.bias", [8], init, true)];
    assert_eq!(declared(layer, Conv2d::infer, &[Shape::new([4, 20, 9])]), expected);
    let depthwise = parameter("s.weight", [8, 1, 3, 3], Init::Uniform { fan_in: 9 }, true);
    assert_eq!(declared(Conv2d { bias: false, groups: 4, ..layer }, Conv2d::infer, &[Shape::new([4, 20, 9])]), [depthwise]);
}

#[test]
fn linear() {
    let init = Init::Uniform { fan_in: 7 };
    let expected = [parameter("s.weight", [3, 7], init, true), parameter("s.bias", [3], init, true)];
    assert_eq!(declared(Linear { out: 3, bias: true }, Linear::infer, &[Shape::new([5, 7])]), expected);
    assert_eq!(declared(Linear { out: 3, bias: false }, Linear::infer, &[Shape::new([7])]), expected[..1]);
}

#[test]
fn batch_normalisation_has_running_statistics_that_no_gradient_changes() {
    let expected = [
        parameter("s.weight", [6], Init::Constant(1.0), true),
        parameter("s.bias", [6], Init::Constant(0.0), true),
        parameter("s.running_mean", [6], Init::Constant(0.0), false),
        parameter("s.running_var", [6], Init::Constant(1.0), false),
    ];
    assert_eq!(declared(BatchNorm::DEFAULT, BatchNorm::infer, &[Shape::new([6, 2, 3])]), expected);
}

#[test]
fn all_others_have_none() {
    let (x, picture) = ([Shape::new([4, 6])], [Shape::new([4, 6, 6])]);
    let two = [x[0]; 2];
    let all = [
        declared(Relu, Relu::infer, &x),
        declared(MaxPool1d::DEFAULT, MaxPool1d::infer, &x),
        declared(ArgMax::DEFAULT, ArgMax::infer, &x),
        declared(MaxPool2d::DEFAULT, MaxPool2d::infer, &picture),
        declared(AvgPool1d::DEFAULT, AvgPool1d::infer, &x),
        declared(AvgPool2d::DEFAULT, AvgPool2d::infer, &picture),
        declared(GlobalAvgPool, GlobalAvgPool::infer, &picture),
        declared(Flatten, Flatten::infer, &x),
        declared(Reshape { to: &[3, 8] }, Reshape::infer, &x),
        declared(Permute { axes: &[1, 0] }, Permute::infer, &x),
        declared(Dropout::DEFAULT, Dropout::infer, &x),
        declared(Add, Add::infer, &two),
        declared(Concat::DEFAULT, Concat::infer, &two),
    ];
    assert!(all.iter().all(Vec::is_empty), "{all:?}");
}

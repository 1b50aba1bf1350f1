//! Every layer by `LayerTest`: the shape that it gives and the parameters that it declares, as PyTorch has them; and that its forms agree with each other.
//! What each computes is compared with PyTorch's figures in `figures.rs` and `private.rs`.

mod checked;

use checked::{Declared, both, settings};
use undertone_layers::{
    Add, ArgMax, AvgPool1d, AvgPool2d, BatchNorm, Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool1d, MaxPool2d,
    Permute, Relu, Reshape,
};
use undertone_runtime::graph::Init;
use undertone_shape::Shape;
use undertone_twin::layer_test;

/// Without parameters.
const NONE: [Declared; 0] = [];

#[test]
fn convolution_over_one_axis() {
    let strided = layer_test!(Conv1d { out: 8, kernel: 11, padding: 5, stride: 2 }, [4, 25]);
    strided.gives([8, 13]).declares(both([8, 4, 11], 44)).settings(settings()).check();
    let dilated = layer_test!(Conv1d { out: 4, kernel: 3, padding: 3, dilation: 2 }, [3, 9]);
    dilated.gives([4, 11]).declares(both([4, 3, 3], 9)).settings(settings()).check();
    layer_test!(Conv1d { out: 29 }, [8, 1]).gives([29, 1]).declares(both([29, 8, 1], 8)).settings(settings()).check();
    let groups = layer_test!(Conv1d { out: 8, kernel: 5, groups: 2 }, [6, 20]);
    groups.gives([8, 16]).declares(both([8, 3, 5], 15)).settings(settings()).check();
    let plain = layer_test!(Conv1d { out: 8, kernel: 5, groups: 2, bias: false }, [6, 20]);
    plain.gives([8, 16]).declares([both([8, 3, 5], 15)[0]]).settings(settings()).check();
}

#[test]
fn convolution_over_two_axes() {
    let padded = layer_test!(Conv2d { out: 6, kernel: 5, padding: 2 }, [1, 8, 7]);
    padded.gives([6, 8, 7]).declares(both([6, 1, 5, 5], 25)).settings(settings()).check();
    let dilated = layer_test!(Conv2d { out: 4, kernel: 3, dilation: 2 }, [2, 5, 9]);
    dilated.gives([4, 1, 5]).declares(both([4, 2, 3, 3], 18)).settings(settings()).check();
    let groups = layer_test!(Conv2d { out: 4, kernel: 3, stride: 2, groups: 2 }, [6, 7, 8]);
    groups.gives([4, 3, 3]).declares(both([4, 3, 3, 3], 27)).settings(settings()).check();
    let wide = layer_test!(Conv2d { out: 6, kernel: 4, padding: 3, bias: false }, [2, 1, 2]);
    wide.gives([6, 4, 5]).declares([both([6, 2, 4, 4], 32)[0]]).settings(settings()).check();
    let depthwise = layer_test!(Conv2d { out: 8, kernel: 3, stride: 2, groups: 4, bias: false }, [4, 9, 7]);
    depthwise.gives([8, 4, 3]).declares([both([8, 1, 3, 3], 9)[0]]).settings(settings()).check();
}

#[test]
fn linear() {
    layer_test!(Linear { out: 10 }, [84]).gives([10]).declares(both([10, 84], 84)).settings(settings()).check();
    layer_test!(Linear { out: 3 }, [5, 7]).gives([5, 3]).declares(both([3, 7], 7)).settings(settings()).check();
    layer_test!(Linear { out: 3, bias: false }, [2, 4, 5]).gives([2, 4, 3]).declares([both([3, 5], 5)[0]]).settings(settings()).check();
}

#[test]
fn batch_normalisation_has_running_statistics_that_no_gradient_changes() {
    let parameter = |name: &'static str, start: f32, trainable: bool| (name, Shape::new([6]), Init::Constant(start), trainable);
    let declared = [
        parameter("weight", 1.0, true),
        parameter("bias", 0.0, true),
        parameter("running_mean", 0.0, false),
        parameter("running_var", 1.0, false),
    ];
    layer_test!(BatchNorm, [6]).gives([6]).declares(declared).settings(settings()).check();
    layer_test!(BatchNorm { epsilon: 0.5 }, [6, 9]).gives([6, 9]).declares(declared).settings(settings()).check();
    layer_test!(BatchNorm { epsilon: 0.0, momentum: 1.0 }, [6, 2, 3]).gives([6, 2, 3]).declares(declared).settings(settings()).check();
}

#[test]
fn elementwise() {
    layer_test!(Relu, [1]).gives([1]).declares(NONE).settings(settings()).check();
    layer_test!(Relu, [2, 3, 4, 5]).gives([2, 3, 4, 5]).declares(NONE).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(Relu, scalar).gives(scalar).declares(NONE).settings(settings()).check();
    layer_test!(Dropout, [2, 30]).gives([2, 30]).declares(NONE).settings(settings()).check();
    layer_test!(Dropout { rate: 0.0 }, [2, 3]).gives([2, 3]).declares(NONE).settings(settings()).check();
}

#[test]
fn max_pools() {
    layer_test!(MaxPool1d, [3, 9]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool1d { kernel: 3, stride: 1, padding: 1 }, [3, 9]).gives([3, 9]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool2d, [2, 6, 7]).gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool2d { kernel: 3, stride: 2, padding: 1 }, [2, 7, 8]).gives([2, 4, 4]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool2d { kernel: 3 }, [2, 7, 9]).gives([2, 2, 3]).declares(NONE).settings(settings()).check();
}

#[test]
fn average_pools() {
    layer_test!(AvgPool1d, [3, 9]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool1d { kernel: 5 }, [3, 5]).gives([3, 1]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool1d { kernel: 3, stride: 2, padding: 1 }, [3, 10]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool2d, [2, 6, 7]).gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool2d { kernel: 2, stride: 3, padding: 1 }, [2, 1, 5]).gives([2, 1, 2]).declares(NONE).settings(settings()).check();
    layer_test!(GlobalAvgPool, [5, 9]).gives([5]).declares(NONE).settings(settings()).check();
    layer_test!(GlobalAvgPool, [5, 2, 3, 4, 2]).gives([5]).declares(NONE).settings(settings()).check();
}

#[test]
fn indices() {
    layer_test!(ArgMax, [10]).gives([]).declares(NONE).settings(settings()).check();
    layer_test!(ArgMax, [29, 7]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(ArgMax { axis: 1 }, [3, 9, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(ArgMax { axis: 3 }, [2, 3, 4, 1]).gives([2, 3, 4]).declares(NONE).settings(settings()).check();
    const { assert!(ArgMax::INTEGER) }
}

#[test]
fn movements() {
    layer_test!(Flatten, [4, 3, 3]).gives([36]).declares(NONE).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(Flatten, scalar).gives([1]).declares(NONE).settings(settings()).check();
    layer_test!(Reshape { to: &[4, 7] }, [2, 14]).gives([4, 7]).declares(NONE).settings(settings()).check();
    layer_test!(Reshape { to: &[1, 1, 2, 1, 1, 3, 1, 1] }, [6]).gives([1, 1, 2, 1, 1, 3, 1, 1]).declares(NONE).settings(settings()).check();
    layer_test!(Permute { axes: &[2, 0, 1] }, [3, 4, 5]).gives([5, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Permute { axes: &[3, 1, 0, 2] }, [2, 3, 1, 4]).gives([4, 3, 2, 1]).declares(NONE).settings(settings()).check();
}

#[test]
fn of_several_values() {
    layer_test!(Add, [3, 4], [3, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Add, [3, 4], [3, 4], [3, 4], [3, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Concat, [3, 4], [2, 4]).gives([5, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Concat { axis: 1 }, [3, 4], [3, 1], [3, 2]).gives([3, 7]).declares(NONE).settings(settings()).check();
    layer_test!(Concat, [2, 3, 3], [4, 3, 3]).gives([6, 3, 3]).declares(NONE).settings(settings()).check();
}

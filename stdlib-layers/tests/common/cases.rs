//! The cases, in the order of `figures/make.py`.
#![allow(clippy::needless_update, reason = "one form for layers with all, some and no fields given, as in generated code")]

use super::{Case, stage};
use undertone_layers::{
    Add, ArgMax, AvgPool1d, AvgPool2d, BatchNorm, Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool1d, MaxPool2d,
    Permute, Relu, Reshape,
};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

/// Every case of which there are figures.
pub fn cases() -> Vec<Case> {
    let layers = [convolutions(), more::convolutions(), up::transposed(), norms::norms(), dense(), pools(), resampling::cases()];
    let others = [
        movements(),
        moved::cases(),
        comparisons::cases(),
        arithmetic::cases(),
        models(),
        composed::cases(),
        smooth::cases(),
        attention::cases(),
    ];
    layers.into_iter().chain(others).flatten().collect()
}

/// A case with one layer as its only stage.
macro_rules! case {
    ($case:literal, $input:expr, $stage:literal: $layer:ident { $($field:ident: $value:expr),* }) => {
        case!($case, [$input], |g, x| stage(g, $stage, $layer { $($field: $value,)* ..$layer::DEFAULT }, $layer::infer, x))
    };
    ($case:literal, [$($input:expr),+], $build:expr) => {
        Case { name: $case, inputs: named(&[$(Shape::new($input)),+]), build: $build }
    };
}

#[path = "cases/arithmetic.rs"]
mod arithmetic;
#[path = "cases/attention.rs"]
mod attention;
mod comparisons;
#[path = "cases/composed.rs"]
mod composed;
#[path = "cases/convolutions.rs"]
mod more;
#[path = "cases/movement.rs"]
mod moved;
#[path = "cases/norms.rs"]
mod norms;
#[path = "cases/resampling.rs"]
mod resampling;
#[path = "cases/smooth.rs"]
mod smooth;
#[path = "cases/transposed.rs"]
mod up;

fn convolutions() -> Vec<Case> {
    vec![
        case!("conv1d_plain", [3, 12], "conv": Conv1d { out: 4, kernel: 3 }),
        case!("conv1d_pointwise", [5, 7], "conv": Conv1d { out: 2 }),
        case!("conv1d_strided_padded_dilated", [2, 13], "conv": Conv1d { out: 3, kernel: 3, stride: 2, padding: 3, dilation: 2 }),
        case!("conv1d_groups_no_bias", [4, 9], "conv": Conv1d { out: 6, kernel: 4, groups: 2, bias: false }),
        case!("conv1d_depthwise", [4, 9], "conv": Conv1d { out: 4, kernel: 5, padding: 2, groups: 4 }),
        case!("conv2d_plain", [2, 6, 5], "conv": Conv2d { out: 3, kernel: 3 }),
        case!("conv2d_strided_padded", [3, 8, 7], "conv": Conv2d { out: 4, kernel: 3, stride: 2, padding: 1 }),
        case!("conv2d_dilated", [2, 7, 9], "conv": Conv2d { out: 2, kernel: 3, padding: 2, dilation: 2 }),
        case!("conv2d_strided_padded_dilated", [2, 11, 8], "conv": Conv2d { out: 3, kernel: 3, stride: 3, padding: 2, dilation: 2 }),
        case!("conv2d_groups", [4, 5, 5], "conv": Conv2d { out: 6, kernel: 3, groups: 2 }),
        case!("conv2d_depthwise", [3, 5, 6], "conv": Conv2d { out: 6, kernel: 3, padding: 1, groups: 3 }),
        case!("conv2d_no_bias", [3, 6, 6], "conv": Conv2d { out: 5, kernel: 2, stride: 2, bias: false }),
    ]
}

fn dense() -> Vec<Case> {
    vec![
        case!("linear_vector", [7], "linear": Linear { out: 5 }),
        case!("linear_no_bias", [7], "linear": Linear { out: 5, bias: false }),
        case!("linear_matrix", [4, 5], "linear": Linear { out: 3 }),
        case!("linear_rank_3", [2, 3, 5], "linear": Linear { out: 4 }),
        case!("batch_norm_vector", [6], "norm": BatchNorm {}),
        case!("batch_norm_1d", [4, 9], "norm": BatchNorm { epsilon: 0.5 }),
        case!("batch_norm_2d", [3, 4, 5], "norm": BatchNorm { momentum: 0.3 }),
        case!("relu", [3, 4, 5], "relu": Relu {}),
        case!("dropout", [3, 4], "dropout": Dropout { rate: 0.25 }),
    ]
}

fn pools() -> Vec<Case> {
    vec![
        case!("max_pool1d_default", [3, 9], "pool": MaxPool1d {}),
        case!("max_pool1d_overlapping_padded", [3, 10], "pool": MaxPool1d { kernel: 3, stride: 2, padding: 1 }),
        case!("max_pool2d_default", [2, 6, 7], "pool": MaxPool2d {}),
        case!("max_pool2d_overlapping", [2, 6, 5], "pool": MaxPool2d { kernel: 3, stride: 1 }),
        case!("max_pool2d_overlapping_padded", [2, 7, 8], "pool": MaxPool2d { kernel: 3, stride: 2, padding: 1 }),
        case!("max_pool2d_negative_padded", [2, 5, 5], "pool": MaxPool2d { kernel: 3, stride: 2, padding: 1 }),
        case!("avg_pool1d_default", [3, 9], "pool": AvgPool1d {}),
        case!("avg_pool1d_overlapping_padded", [3, 10], "pool": AvgPool1d { kernel: 3, stride: 2, padding: 1 }),
        case!("avg_pool2d_default", [2, 6, 7], "pool": AvgPool2d {}),
        case!("avg_pool2d_overlapping_padded", [2, 7, 8], "pool": AvgPool2d { kernel: 3, stride: 2, padding: 1 }),
        case!("global_avg_pool_1d", [5, 7], "pool": GlobalAvgPool {}),
        case!("global_avg_pool_2d", [5, 3, 4], "pool": GlobalAvgPool {}),
    ]
}

fn movements() -> Vec<Case> {
    vec![
        case!("flatten", [2, 3, 4], "flatten": Flatten {}),
        case!("reshape", [28], "reshape": Reshape { to: &[4, 7] }),
        case!("permute", [2, 3, 4], "permute": Permute { axes: &[2, 0, 1] }),
        case!("add", [[3, 4], [3, 4]], |g, x| stage(g, "add", Add, Add::infer, x)),
        case!("add_three", [[2, 2, 3], [2, 2, 3], [2, 2, 3]], |g, x| stage(g, "add", Add, Add::infer, x)),
        case!("arg_max_vector", [10], "index": ArgMax {}),
        case!("arg_max_channels", [29, 7], "index": ArgMax {}),
        case!("arg_max_middle_ties", [3, 9, 4], "index": ArgMax { axis: 1 }),
        case!("arg_max_last", [2, 3, 5], "index": ArgMax { axis: 2 }),
        case!("arg_max_after_relu", [[3, 8]], |g, x| {
            let x = stage(g, "relu", Relu, Relu::infer, x);
            stage(g, "index", ArgMax::DEFAULT, ArgMax::infer, &[x])
        }),
        case!("concat_channels", [[2, 3, 3], [4, 3, 3]], |g, x| stage(g, "concat", Concat::DEFAULT, Concat::infer, x)),
        case!("concat_three_along_axis_1", [[2, 3], [2, 1], [2, 4]], |g, x| stage(g, "concat", Concat { axis: 1 }, Concat::infer, x)),
    ]
}

fn models() -> Vec<Case> {
    vec![
        case!("conv_batch_norm_relu", [[3, 6, 6]], |g, x| {
            let conv = stage(g, "conv", Conv2d { out: 5, kernel: 3, padding: 1, bias: false, ..Conv2d::DEFAULT }, Conv2d::infer, x);
            let norm = stage(g, "norm", BatchNorm::DEFAULT, BatchNorm::infer, &[conv]);
            stage(g, "relu", Relu, Relu::infer, &[norm])
        }),
        case!("lenet", [[1, 12, 12]], lenet),
        case!("speech", [[5, 40]], speech),
        case!("letters", [[2, 4, 6]], letters),
        case!("residual_identity", [[4, 6, 6]], |g, x| residual(g, x, 4, 1, false)),
        case!("residual_strided", [[4, 6, 6]], |g, x| residual(g, x, 6, 2, true)),
    ]
}

fn lenet<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let x = stage(g, "conv1", Conv2d { out: 4, kernel: 3, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, x);
    let x = stage(g, "relu1", Relu, Relu::infer, &[x]);
    let x = stage(g, "pool1", MaxPool2d::DEFAULT, MaxPool2d::infer, &[x]);
    let x = stage(g, "conv2", Conv2d { out: 6, kernel: 3, ..Conv2d::DEFAULT }, Conv2d::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    let x = stage(g, "pool2", MaxPool2d::DEFAULT, MaxPool2d::infer, &[x]);
    let x = stage(g, "flatten", Flatten, Flatten::infer, &[x]);
    let x = stage(g, "fc1", Linear { out: 16, ..Linear::DEFAULT }, Linear::infer, &[x]);
    let x = stage(g, "relu3", Relu, Relu::infer, &[x]);
    let x = stage(g, "fc2", Linear { out: 12, ..Linear::DEFAULT }, Linear::infer, &[x]);
    let x = stage(g, "relu4", Relu, Relu::infer, &[x]);
    stage(g, "fc3", Linear { out: 10, ..Linear::DEFAULT }, Linear::infer, &[x])
}

fn speech<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let x = stage(g, "conv1", Conv1d { out: 8, kernel: 7, stride: 2, padding: 3, ..Conv1d::DEFAULT }, Conv1d::infer, x);
    let x = stage(g, "norm1", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu1", Relu, Relu::infer, &[x]);
    let x = stage(g, "conv2", Conv1d { out: 8, kernel: 5, padding: 2, bias: false, ..Conv1d::DEFAULT }, Conv1d::infer, &[x]);
    let x = stage(g, "norm2", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    stage(g, "conv3", Conv1d { out: 6, ..Conv1d::DEFAULT }, Conv1d::infer, &[x])
}

/// Channels lie innermost in memory here, and the index of each moment is permuted like any other value.
fn letters<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let x = stage(g, "conv", Conv2d { out: 7, kernel: 3, padding: 1, ..Conv2d::DEFAULT }, Conv2d::infer, x);
    let x = stage(g, "relu", Relu, Relu::infer, &[x]);
    let x = stage(g, "score", Conv2d { out: 11, ..Conv2d::DEFAULT }, Conv2d::infer, &[x]);
    let x = stage(g, "index", ArgMax::DEFAULT, ArgMax::infer, &[x]);
    let x = stage(g, "turned", Permute { axes: &[1, 0] }, Permute::infer, &[x]);
    stage(g, "flat", Flatten, Flatten::infer, &[x])
}

fn residual<'g>(g: &mut Scope<'g>, x: &[Value<'g>], out: usize, stride: usize, projected: bool) -> Value<'g> {
    let conv = Conv2d { out, kernel: 3, padding: 1, bias: false, ..Conv2d::DEFAULT };
    let y = stage(g, "conv1", Conv2d { stride, ..conv }, Conv2d::infer, x);
    let y = stage(g, "norm1", BatchNorm::DEFAULT, BatchNorm::infer, &[y]);
    let y = stage(g, "relu1", Relu, Relu::infer, &[y]);
    let y = stage(g, "conv2", conv, Conv2d::infer, &[y]);
    let y = stage(g, "norm2", BatchNorm::DEFAULT, BatchNorm::infer, &[y]);
    let shortcut = if projected { stage(g, "shortcut", Conv2d { out, stride, ..Conv2d::DEFAULT }, Conv2d::infer, x) } else { x[0] };
    let sum = stage(g, "add", Add, Add::infer, &[y, shortcut]);
    stage(g, "relu2", Relu, Relu::infer, &[sum])
}

/// The names that `make.py` gives to inputs.
fn named(shapes: &[Shape]) -> Vec<(&'static str, Shape)> {
    match *shapes {
        [x] => vec![("input", x)],
        _ => ["input0", "input1", "input2"].into_iter().zip(shapes.iter().copied()).collect(),
    }
}

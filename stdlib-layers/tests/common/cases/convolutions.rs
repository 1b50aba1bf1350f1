//! Convolutions whose sizes differ by axis, over three axes, and of each channel by itself; in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{BatchNorm, Conv2d, Conv3d, DepthwiseConv1d, DepthwiseConv2d, Flatten, Linear, Relu};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

pub fn convolutions() -> Vec<Case> {
    vec![
        case!("conv2d_by_axis", [2, 6, 9], "conv": Conv2d { out: 3, kernels: &[1, 5], strides: &[2, 1], paddings: &[0, 3], dilations: &[1, 2] }),
        case!("conv2d_depthwise_by_axis", [4, 7, 6], "conv": Conv2d { out: 4, kernels: &[3, 2], paddings: &[1, 0], groups: 4 }),
        case!("conv3d_plain", [2, 4, 5, 3], "conv": Conv3d { out: 3, kernel: 2 }),
        case!("conv3d_strided_padded", [1, 5, 6, 7], "conv": Conv3d { out: 4, kernel: 3, stride: 2, padding: 1 }),
        case!(
            "conv3d_by_axis",
            [2, 3, 7, 8],
            "conv": Conv3d { out: 3, kernels: &[1, 3, 2], strides: &[1, 2, 3], paddings: &[1, 0, 2], dilations: &[2, 1, 3] }
        ),
        case!("conv3d_groups_no_bias", [4, 3, 4, 4], "conv": Conv3d { out: 6, kernels: &[2, 3, 3], groups: 2, bias: false }),
        case!("conv3d_depthwise", [3, 4, 4, 3], "conv": Conv3d { out: 3, kernel: 3, padding: 1, groups: 3 }),
        case!("depthwise_conv1d", [4, 11], "conv": DepthwiseConv1d { kernel: 3, stride: 2, padding: 1, dilation: 2, multiplier: 2 }),
        case!("depthwise_conv2d", [5, 6, 7], "conv": DepthwiseConv2d { kernel: 3, padding: 1, bias: false }),
        case!(
            "depthwise_conv2d_by_axis",
            [3, 8, 6],
            "conv": DepthwiseConv2d { kernels: &[3, 1], strides: &[2, 1], paddings: &[2, 0], multiplier: 2 }
        ),
        case!("volume", [[2, 4, 6, 6]], volume),
    ]
}

fn volume<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let x = stage(g, "conv1", Conv3d { out: 4, kernel: 3, padding: 1, bias: false, ..Conv3d::DEFAULT }, Conv3d::infer, x);
    let x = stage(g, "norm1", BatchNorm::DEFAULT, BatchNorm::infer, &[x]);
    let x = stage(g, "relu1", Relu, Relu::infer, &[x]);
    let x = stage(g, "conv2", Conv3d { out: 3, kernels: &[2, 3, 3], strides: &[2, 1, 2], ..Conv3d::DEFAULT }, Conv3d::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    let x = stage(g, "flatten", Flatten, Flatten::infer, &[x]);
    stage(g, "fc", Linear { out: 5, ..Linear::DEFAULT }, Linear::infer, &[x])
}

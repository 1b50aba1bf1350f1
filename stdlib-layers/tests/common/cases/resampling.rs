//! Pools of all kinds, means, interpolation.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, AvgPool3d, Conv2d,
    GlobalMaxPool, Interpolation, MaxPool1d, MaxPool2d, MaxPool3d, Mean, Relu, Sum, Upsample,
};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::Shape;

const BILINEAR: Interpolation = Interpolation::Bilinear;

pub fn cases() -> Vec<Case> {
    [largest(), means(), interpolated(), models()].into_iter().flatten().collect()
}

fn largest() -> Vec<Case> {
    vec![
        case!("max_pool1d_dilated", [3, 11], "pool": MaxPool1d { kernel: 3, stride: 2, padding: 1, dilation: 2 }),
        case!("max_pool1d_ceil", [2, 6], "pool": MaxPool1d { kernel: 3, stride: 2, ceil_mode: true }),
        case!("max_pool2d_by_axis", [2, 7, 9], "pool": MaxPool2d { kernels: &[3, 2], strides: &[1, 3], paddings: &[1, 0] }),
        case!(
            "max_pool2d_dilated_ceil", [2, 8, 9],
            "pool": MaxPool2d { kernels: &[2, 3], strides: &[3, 2], padding: 1, dilations: &[2, 1], ceil_mode: true }
        ),
        case!("max_pool3d_default", [2, 4, 5, 6], "pool": MaxPool3d {}),
        case!("max_pool3d_by_axis", [2, 3, 5, 4], "pool": MaxPool3d { kernels: &[1, 3, 2], strides: &[2, 2, 1], paddings: &[0, 1, 1] }),
        case!("adaptive_max_pool1d", [3, 10], "pool": AdaptiveMaxPool1d { out: 7 }),
        case!("adaptive_max_pool2d_even", [2, 6, 4], "pool": AdaptiveMaxPool2d { out: 2 }),
        case!("adaptive_max_pool2d_uneven", [2, 5, 7], "pool": AdaptiveMaxPool2d { outs: &[3, 4] }),
        case!("global_max_pool_2d", [4, 3, 5], "pool": GlobalMaxPool {}),
    ]
}

fn means() -> Vec<Case> {
    vec![
        case!("avg_pool1d_inside", [3, 8], "pool": AvgPool1d { kernel: 3, stride: 1, padding: 1, count_include_pad: false }),
        case!("avg_pool2d_inside", [2, 7, 6], "pool": AvgPool2d { kernel: 3, stride: 2, padding: 1, count_include_pad: false }),
        case!("avg_pool2d_by_axis", [2, 7, 9], "pool": AvgPool2d { kernels: &[1, 4], strides: &[2, 3], paddings: &[0, 2] }),
        case!("avg_pool2d_ceil", [2, 6, 8], "pool": AvgPool2d { kernels: &[3, 4], strides: &[2, 3], paddings: &[1, 0], ceil_mode: true }),
        case!(
            "avg_pool2d_ceil_inside", [2, 6, 8],
            "pool": AvgPool2d { kernel: 3, stride: 2, padding: 1, ceil_mode: true, count_include_pad: false }
        ),
        case!("avg_pool3d_default", [2, 4, 5, 6], "pool": AvgPool3d {}),
        case!(
            "avg_pool3d_inside", [1, 3, 4, 5],
            "pool": AvgPool3d { kernels: &[3, 2, 3], strides: &[2, 2, 1], paddings: &[1, 0, 1], count_include_pad: false }
        ),
        case!("adaptive_avg_pool1d", [3, 10], "pool": AdaptiveAvgPool1d { out: 7 }),
        case!("adaptive_avg_pool2d_even", [2, 6, 8], "pool": AdaptiveAvgPool2d { outs: &[3, 2] }),
        case!("adaptive_avg_pool2d_uneven", [2, 5, 7], "pool": AdaptiveAvgPool2d { outs: &[3, 4] }),
        case!("adaptive_avg_pool2d_larger", [2, 3, 2], "pool": AdaptiveAvgPool2d { out: 5 }),
        case!("adaptive_avg_pool3d", [1, 4, 5, 3], "pool": AdaptiveAvgPool3d { outs: &[2, 3, 3] }),
        case!("mean_rows", [3, 4, 5], "mean": Mean { axes: &[1] }),
        case!("mean_kept", [3, 4, 5], "mean": Mean { axes: &[1, 2], keep: true }),
        case!("mean_all", [3, 7], "mean": Mean {}),
        case!("sum_channels", [6, 3, 2], "sum": Sum { axes: &[0] }),
        case!("sum_kept", [3, 4, 5], "sum": Sum { axes: &[2, 0], keep: true }),
    ]
}

fn interpolated() -> Vec<Case> {
    vec![
        case!("upsample_nearest", [2, 3, 4], "up": Upsample { scales: &[2, 3] }),
        case!("upsample_nearest_size", [2, 5, 7], "up": Upsample { outs: &[8, 3] }),
        case!("upsample_linear", [3, 5], "up": Upsample { scale: 3, mode: BILINEAR }),
        case!("upsample_bilinear", [2, 3, 4], "up": Upsample { scale: 2, mode: BILINEAR }),
        case!("upsample_bilinear_corners", [2, 4, 3], "up": Upsample { scale: 2, mode: BILINEAR, align_corners: true }),
        case!("upsample_bilinear_size", [2, 5, 7], "up": Upsample { outs: &[8, 3], mode: BILINEAR }),
        case!("upsample_corners_to_one", [2, 4, 3], "up": Upsample { outs: &[1, 5], mode: BILINEAR, align_corners: true }),
        case!("upsample_trilinear", [1, 2, 3, 2], "up": Upsample { scales: &[1, 2, 3], mode: BILINEAR }),
    ]
}

fn models() -> Vec<Case> {
    vec![case!("down_and_up", [[1, 7, 9]], down_and_up), case!("many_means", [[2, 5, 4]], many_means)]
}

/// Down by windows that overlap, up again, and means of windows that differ in size.
fn down_and_up<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    let conv = |out, padding| Conv2d { out, kernel: 3, padding, ..Conv2d::DEFAULT };
    let x = stage(g, "conv1", conv(4, 1), Conv2d::infer, x);
    let x = stage(g, "relu1", Relu, Relu::infer, &[x]);
    let x = stage(g, "pool", MaxPool2d { kernel: 3, stride: 2, padding: 1, ..MaxPool2d::DEFAULT }, MaxPool2d::infer, &[x]);
    let x = stage(g, "conv2", conv(4, 1), Conv2d::infer, &[x]);
    let x = stage(g, "relu2", Relu, Relu::infer, &[x]);
    let x = stage(g, "up", Upsample { scale: 2, mode: BILINEAR, ..Upsample::DEFAULT }, Upsample::infer, &[x]);
    let x = stage(g, "conv3", conv(2, 0), Conv2d::infer, &[x]);
    stage(g, "mean", AdaptiveAvgPool2d { out: 4, ..AdaptiveAvgPool2d::DEFAULT }, AdaptiveAvgPool2d::infer, &[x])
}

/// More means than a factor can carry.
fn many_means<'g>(g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
    (1..=4).fold(x[0], |x, k| {
        let x = stage(g, &format!("conv{k}"), Conv2d { out: 2, ..Conv2d::DEFAULT }, Conv2d::infer, &[x]);
        let x = stage(g, &format!("relu{k}"), Relu, Relu::infer, &[x]);
        stage(g, &format!("pool{k}"), AvgPool2d { kernel: 3, stride: 1, padding: 1, ..AvgPool2d::DEFAULT }, AvgPool2d::infer, &[x])
    })
}

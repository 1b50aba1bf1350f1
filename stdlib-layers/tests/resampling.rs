//! Pools of all kinds, means, sums and interpolation, by `LayerTest`: windows that overlap, that differ in size, that reach beyond the end; odd sizes, one pixel.

#[allow(dead_code, reason = "no layer here has weights")]
mod checked;

use checked::{Declared, settings};
use undertone_layers::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AvgPool1d, AvgPool2d, AvgPool3d,
    GlobalMaxPool, Interpolation, MaxPool1d, MaxPool2d, MaxPool3d, Mean, Sum, Upsample,
};
use undertone_twin::layer_test;

/// Without parameters.
const NONE: [Declared; 0] = [];

const BILINEAR: Interpolation = Interpolation::Bilinear;

#[test]
fn max_pools_by_axis_and_over_three_axes() {
    let by_axis = layer_test!(MaxPool2d { kernels: &[1, 3], strides: &[2, 1], paddings: &[0, 1] }, [2, 5, 6]);
    by_axis.gives([2, 3, 6]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool3d, [2, 2, 5, 3]).gives([2, 1, 2, 1]).declares(NONE).settings(settings()).check();
    let overlapping = layer_test!(MaxPool3d { kernels: &[2, 3, 1], stride: 1, paddings: &[1, 1, 0] }, [1, 2, 3, 2]);
    overlapping.gives([1, 3, 3, 2]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool2d { kernel: 3, stride: 2, padding: 1 }, [2, 1, 1]).gives([2, 1, 1]).declares(NONE).settings(settings()).check();
}

#[test]
fn max_pools_of_windows_with_gaps_and_beyond_the_end() {
    let gaps = layer_test!(MaxPool1d { kernel: 3, stride: 1, padding: 1, dilation: 2 }, [2, 7]);
    gaps.gives([2, 5]).declares(NONE).settings(settings()).check();
    layer_test!(MaxPool1d { kernel: 3, stride: 2, ceil_mode: true }, [3, 6]).gives([3, 3]).declares(NONE).settings(settings()).check();
    let both = layer_test!(MaxPool2d { kernel: 2, stride: 3, dilations: &[2, 1], ceil_mode: true }, [2, 7, 5]);
    both.gives([2, 3, 2]).declares(NONE).settings(settings()).check();
    let no_more = layer_test!(MaxPool2d { kernel: 3, stride: 2, padding: 1, ceil_mode: true }, [1, 5, 7]);
    no_more.gives([1, 3, 4]).declares(NONE).settings(settings()).check();
    let volume = layer_test!(MaxPool3d { stride: 1, dilation: 2, ceil_mode: true }, [1, 3, 4, 3]);
    volume.gives([1, 1, 2, 1]).declares(NONE).settings(settings()).check();
}

#[test]
fn max_pools_to_a_size() {
    layer_test!(AdaptiveMaxPool1d { out: 4 }, [3, 7]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveMaxPool1d { out: 5 }, [2, 3]).gives([2, 5]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveMaxPool2d { outs: &[2, 3] }, [2, 4, 7]).gives([2, 2, 3]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveMaxPool2d { out: 2 }, [2, 4, 6]).gives([2, 2, 2]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveMaxPool2d { out: 3 }, [2, 1, 1]).gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    layer_test!(GlobalMaxPool, [3, 5]).gives([3]).declares(NONE).settings(settings()).check();
    layer_test!(GlobalMaxPool, [3, 2, 3, 1, 2]).gives([3]).declares(NONE).settings(settings()).check();
}

#[test]
fn means_of_windows_of_any_kind() {
    let inside = layer_test!(AvgPool1d { kernel: 3, stride: 1, padding: 1, count_include_pad: false }, [2, 5]);
    inside.gives([2, 5]).declares(NONE).settings(settings()).check();
    let inside = layer_test!(AvgPool2d { kernel: 3, stride: 2, padding: 1, count_include_pad: false }, [2, 5, 6]);
    inside.gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    let beyond = layer_test!(AvgPool2d { kernels: &[2, 3], stride: 2, paddings: &[1, 0], ceil_mode: true }, [2, 4, 6]);
    beyond.gives([2, 3, 3]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool3d, [2, 2, 5, 3]).gives([2, 1, 2, 1]).declares(NONE).settings(settings()).check();
    let volume = layer_test!(AvgPool3d { kernel: 2, stride: 1, paddings: &[1, 0, 1], count_include_pad: false }, [1, 2, 3, 2]);
    volume.gives([1, 3, 2, 3]).declares(NONE).settings(settings()).check();
    layer_test!(AvgPool2d { kernel: 3, padding: 1, count_include_pad: false }, [3, 1, 1])
        .gives([3, 1, 1])
        .declares(NONE)
        .settings(settings())
        .check();
    // 65 squared is more than a factor carries
    layer_test!(AvgPool2d { kernel: 65 }, [1, 65, 65]).gives([1, 1, 1]).declares(NONE).settings(settings()).check();
}

#[test]
fn means_to_a_size() {
    layer_test!(AdaptiveAvgPool1d { out: 4 }, [3, 7]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveAvgPool2d { outs: &[3, 5] }, [2, 4, 3]).gives([2, 3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveAvgPool2d { out: 2 }, [2, 4, 6]).gives([2, 2, 2]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveAvgPool2d { out: 7 }, [2, 1, 1]).gives([2, 7, 7]).declares(NONE).settings(settings()).check();
    layer_test!(AdaptiveAvgPool3d { outs: &[2, 1, 2] }, [1, 3, 2, 3]).gives([1, 2, 1, 2]).declares(NONE).settings(settings()).check();
}

#[test]
fn means_and_sums_over_axes() {
    layer_test!(Mean { axes: &[1, 2] }, [3, 5, 4]).gives([3]).declares(NONE).settings(settings()).check();
    layer_test!(Mean { axes: &[0], keep: true }, [6, 3, 2]).gives([1, 3, 2]).declares(NONE).settings(settings()).check();
    layer_test!(Mean, [7]).gives([]).declares(NONE).settings(settings()).check();
    layer_test!(Mean { axes: &[1] }, [2, 1, 3]).gives([2, 3]).declares(NONE).settings(settings()).check();
    layer_test!(Mean, [64, 65]).gives([]).declares(NONE).settings(settings()).check();
    layer_test!(Sum { axes: &[2] }, [3, 2, 5]).gives([3, 2]).declares(NONE).settings(settings()).check();
    layer_test!(Sum { keep: true }, [2, 3]).gives([1, 1]).declares(NONE).settings(settings()).check();
}

#[test]
fn images_are_made_larger() {
    layer_test!(Upsample { scale: 2 }, [2, 3, 5]).gives([2, 6, 10]).declares(NONE).settings(settings()).check();
    layer_test!(Upsample { outs: &[4] }, [3, 7]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Upsample { scales: &[2, 3], mode: BILINEAR }, [2, 3, 1]).gives([2, 6, 3]).declares(NONE).settings(settings()).check();
    let corners = layer_test!(Upsample { scale: 2, mode: BILINEAR, align_corners: true }, [2, 3, 4]);
    corners.gives([2, 6, 8]).declares(NONE).settings(settings()).check();
    layer_test!(Upsample { scale: 3, mode: BILINEAR }, [2, 4]).gives([2, 12]).declares(NONE).settings(settings()).check();
    let volume = layer_test!(Upsample { out: 3, mode: BILINEAR }, [1, 2, 4, 1]);
    volume.gives([1, 3, 3, 3]).declares(NONE).settings(settings()).check();
    // 65 squared is more than a factor carries
    let rounded = layer_test!(Upsample { out: 66, mode: BILINEAR, align_corners: true }, [1, 3, 2]);
    rounded.gives([1, 66, 66]).declares(NONE).settings(settings()).check();
}

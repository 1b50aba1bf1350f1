//! Convolutions over three axes, with sizes that differ by axis, and of each channel by itself: by `LayerTest`, and what they refuse.

#[allow(dead_code, reason = "shared with tests that use more of it")]
mod checked;

use checked::{both, settings};
use undertone_layers::{Conv1d, Conv2d, Conv3d, DepthwiseConv1d, DepthwiseConv2d};
use undertone_shape::{Infer, Shape, render};
use undertone_twin::layer_test;

#[test]
fn sizes_that_differ_by_axis() {
    let row = layer_test!(Conv2d { out: 3, kernels: &[1, 5], paddings: &[0, 2] }, [2, 3, 6]);
    row.gives([3, 3, 6]).declares(both([3, 2, 1, 5], 10)).settings(settings()).check();
    let all =
        layer_test!(Conv2d { out: 4, kernels: &[3, 2], strides: &[1, 2], paddings: &[2, 1], dilations: &[2, 1], groups: 2 }, [2, 5, 5]);
    all.gives([4, 5, 3]).declares(both([4, 1, 3, 2], 6)).settings(settings()).check();
    // a list stands in the place of the number
    let list = Conv2d { out: 1, kernel: 9, kernels: &[2, 3], ..Conv2d::DEFAULT };
    assert_eq!(list.infer(&[Shape::new([1, 4, 4])]), Ok(Shape::new([1, 3, 2])));
}

#[test]
fn convolution_over_three_axes() {
    let padded = layer_test!(Conv3d { out: 3, kernel: 3, padding: 1 }, [2, 3, 4, 3]);
    padded.gives([3, 3, 4, 3]).declares(both([3, 2, 3, 3, 3], 54)).settings(settings()).check();
    let uneven = layer_test!(
        Conv3d { out: 4, kernels: &[1, 3, 2], strides: &[1, 2, 3], paddings: &[1, 0, 2], dilations: &[1, 1, 3], groups: 2, bias: false },
        [4, 2, 5, 6]
    );
    uneven.gives([4, 4, 2, 3]).declares([both([4, 2, 1, 3, 2], 12)[0]]).settings(settings()).check();
    layer_test!(Conv3d { out: 5 }, [3, 2, 1, 2]).gives([5, 2, 1, 2]).declares(both([5, 3, 1, 1, 1], 3)).settings(settings()).check();
    let depthwise = layer_test!(Conv3d { out: 3, kernel: 2, groups: 3 }, [3, 3, 3, 4]);
    depthwise.gives([3, 2, 2, 3]).declares(both([3, 1, 2, 2, 2], 8)).settings(settings()).check();
}

#[test]
fn each_channel_by_itself() {
    let one = layer_test!(DepthwiseConv1d { kernel: 3, stride: 2, padding: 1 }, [4, 9]);
    one.gives([4, 5]).declares(both([4, 1, 3], 3)).settings(settings()).check();
    let several = layer_test!(DepthwiseConv1d { kernel: 2, dilation: 3, multiplier: 3, bias: false }, [2, 7]);
    several.gives([6, 4]).declares([both([6, 1, 2], 2)[0]]).settings(settings()).check();
    let square = layer_test!(DepthwiseConv2d { kernel: 3, padding: 1 }, [5, 4, 3]);
    square.gives([5, 4, 3]).declares(both([5, 1, 3, 3], 9)).settings(settings()).check();
    let uneven = layer_test!(DepthwiseConv2d { kernels: &[3, 1], strides: &[2, 1], dilations: &[2, 1], multiplier: 2 }, [3, 7, 2]);
    uneven.gives([6, 2, 2]).declares(both([6, 1, 3, 1], 3)).settings(settings()).check();
}

/// The text of a refusal at the stage `s`.
#[track_caller]
fn refuses(refusal: Infer, expected: &str) {
    assert_eq!(render("s", &refusal.expect_err("a refusal")).as_str(), format!("`s` {expected}"));
}

#[test]
fn lists_of_another_length_and_fields_that_are_not_possible() {
    // a description is compiled with this
    const WIDE: Infer = Conv1d { out: 1, kernel: 2, ..Conv1d::DEFAULT }.infer(&[Shape::new([1, 2])]);
    const DEEP: Infer = Conv3d { out: 2, kernels: &[1, 2, 2], ..Conv3d::DEFAULT }.infer(&[Shape::new([1, 2, 3, 4])]);
    let (row, picture, volume) = ([Shape::new([4, 6])], [Shape::new([4, 6, 6])], [Shape::new([4, 6, 6, 6])]);
    let (two, three) = (Conv2d { out: 1, ..Conv2d::DEFAULT }, Conv3d { out: 1, ..Conv3d::DEFAULT });
    refuses(Conv2d { kernels: &[3], ..two }.infer(&picture), "has `kernels.len(): 1`, but it must be one for each spatial axis");
    refuses(Conv2d { strides: &[1; 3], ..two }.infer(&picture), "has `strides.len(): 3`, but it must be one for each spatial axis");
    refuses(Conv3d { paddings: &[1, 1], ..three }.infer(&volume), "has `paddings.len(): 2`, but it must be one for each spatial axis");
    refuses(Conv3d { dilations: &[1], ..three }.infer(&volume), "has `dilations.len(): 1`, but it must be one for each spatial axis");
    refuses(Conv2d { kernels: &[3, 0], ..two }.infer(&picture), "has `kernels: 0`, but it must be at least 1");
    refuses(Conv3d { strides: &[0, 1, 1], ..three }.infer(&volume), "has `strides: 0`, but it must be at least 1");
    refuses(Conv3d { dilation: 0, ..three }.infer(&volume), "has `dilation: 0`, but it must be at least 1");
    refuses(Conv3d::DEFAULT.infer(&volume), "needs the field `out`");
    refuses(three.infer(&picture), "expects rank 4, but its input is [4, 6, 6]");
    refuses(three.infer(&[volume[0]; 2]), "takes 1 input, but is given 2");
    refuses(Conv3d { groups: 3, out: 3, ..three }.infer(&volume), "needs axis 0 divisible by 3, but its input is [4, 6, 6, 6]");
    let deep = Conv3d { kernels: &[3, 1, 7], ..three };
    refuses(deep.infer(&volume), "needs at least 7 on axis 3, but its input is [4, 6, 6, 6]");
    refuses(DepthwiseConv1d { multiplier: 0, ..DepthwiseConv1d::DEFAULT }.infer(&row), "has `multiplier: 0`, but it must be at least 1");
    refuses(DepthwiseConv2d { kernel: 0, ..DepthwiseConv2d::DEFAULT }.infer(&picture), "has `kernel: 0`, but it must be at least 1");
    refuses(
        DepthwiseConv2d { strides: &[2], ..DepthwiseConv2d::DEFAULT }.infer(&picture),
        "has `strides.len(): 1`, but it must be one for each spatial axis",
    );
    refuses(DepthwiseConv1d::DEFAULT.infer(&picture), "expects rank 2, but its input is [4, 6, 6]");
    refuses(DepthwiseConv2d::DEFAULT.infer(&[Shape::new([0, 6, 6])]), "needs at least 1 on axis 0, but its input is [0, 6, 6]");
    refuses(
        DepthwiseConv2d { kernel: 7, ..DepthwiseConv2d::DEFAULT }.infer(&picture),
        "needs at least 7 on axis 1, but its input is [4, 6, 6]",
    );
    assert_eq!(WIDE, Ok(Shape::new([1, 1])));
    assert_eq!(DEEP, Ok(Shape::new([2, 2, 2, 3])));
}

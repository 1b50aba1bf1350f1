//! What the layers refuse, with the exact text that the compiler prints.

use undertone_layers::{
    AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, Add, ArgMax, AvgPool1d, AvgPool2d, AvgPool3d, BatchNorm,
    Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, GlobalMaxPool, Linear, MaxPool1d, MaxPool2d, MaxPool3d, Mean, Pad, Padding,
    Permute, PixelShuffle, Relu, Reshape, Slice, Split, Sum, Transpose, Upsample,
};
use undertone_runtime::Layer;
use undertone_runtime::graph::trace;
use undertone_shape::{Infer, Shape, render};

/// Checks the text of the refusal at the stage `M.s`, and that `build` reports the same instead of panicking.
#[track_caller]
fn refuses<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape], expected: &str) {
    let error = infer(&layer, inputs).expect_err("a refusal");
    assert_eq!(render("M.s", &error).as_str(), format!("`M.s` {expected}"));
    let named: Vec<(&str, Shape)> = ["a", "b", "c"].into_iter().zip(inputs.iter().copied()).collect();
    let built = trace("M", &named, |g, x| layer.build(g, x)).expect_err("a refusal").to_string();
    assert!(built.ends_with(expected) && built.starts_with("model `M`, stage `"), "{built}");
}

fn shape<const R: usize>(dims: [usize; R]) -> Shape {
    Shape::new(dims)
}

#[test]
fn an_axis_that_cannot_be_searched() {
    refuses(ArgMax::DEFAULT, ArgMax::infer, &[shape([])], "expects rank 1, but its input is []");
    refuses(ArgMax { axis: 2 }, ArgMax::infer, &[shape([29, 7])], "has `axis: 2`, but it must be below the rank of the input");
    refuses(ArgMax { axis: 1 }, ArgMax::infer, &[shape([3, 0])], "needs at least 1 on axis 1, but its input is [3, 0]");
}

#[test]
fn a_wrong_number_of_inputs() {
    let (x, picture) = (shape([2, 4]), shape([2, 4, 4]));
    let two = "takes 1 input, but is given 2";
    refuses(Conv1d { out: 1, ..Conv1d::DEFAULT }, Conv1d::infer, &[x; 2], two);
    refuses(Conv2d { out: 1, ..Conv2d::DEFAULT }, Conv2d::infer, &[picture; 2], two);
    refuses(Linear { out: 1, ..Linear::DEFAULT }, Linear::infer, &[x; 2], two);
    refuses(BatchNorm::DEFAULT, BatchNorm::infer, &[x; 2], two);
    refuses(Relu, Relu::infer, &[x; 2], two);
    refuses(ArgMax::DEFAULT, ArgMax::infer, &[x; 2], two);
    refuses(MaxPool1d::DEFAULT, MaxPool1d::infer, &[x; 2], two);
    refuses(MaxPool2d::DEFAULT, MaxPool2d::infer, &[picture; 2], two);
    refuses(AvgPool1d::DEFAULT, AvgPool1d::infer, &[x; 2], two);
    refuses(AvgPool2d::DEFAULT, AvgPool2d::infer, &[picture; 2], two);
    refuses(GlobalAvgPool, GlobalAvgPool::infer, &[x; 2], two);
    refuses(Flatten, Flatten::infer, &[x; 2], two);
    refuses(Reshape { to: &[8] }, Reshape::infer, &[x; 2], two);
    refuses(Permute { axes: &[1, 0] }, Permute::infer, &[x; 2], two);
    refuses(Dropout::DEFAULT, Dropout::infer, &[x; 2], two);
    refuses(Relu, Relu::infer, &[], "takes 1 input, but is given 0");
    refuses(Add, Add::infer, &[x], "takes 2 inputs, but is given 1");
    refuses(Add, Add::infer, &[], "takes 2 inputs, but is given 0");
    refuses(Concat::DEFAULT, Concat::infer, &[x], "takes 2 inputs, but is given 1");
}

#[test]
fn a_wrong_rank() {
    let (scalar, row, matrix, picture) = (shape([]), shape([9]), shape([3, 9]), shape([3, 9, 9]));
    refuses(Conv1d { out: 1, ..Conv1d::DEFAULT }, Conv1d::infer, &[picture], "expects rank 2, but its input is [3, 9, 9]");
    refuses(Conv2d { out: 1, ..Conv2d::DEFAULT }, Conv2d::infer, &[matrix], "expects rank 3, but its input is [3, 9]");
    refuses(Linear { out: 1, ..Linear::DEFAULT }, Linear::infer, &[scalar], "expects rank 1, but its input is []");
    refuses(BatchNorm::DEFAULT, BatchNorm::infer, &[scalar], "expects rank 1, but its input is []");
    refuses(MaxPool1d::DEFAULT, MaxPool1d::infer, &[picture], "expects rank 2, but its input is [3, 9, 9]");
    refuses(MaxPool2d::DEFAULT, MaxPool2d::infer, &[row], "expects rank 3, but its input is [9]");
    refuses(AvgPool1d::DEFAULT, AvgPool1d::infer, &[row], "expects rank 2, but its input is [9]");
    refuses(AvgPool2d::DEFAULT, AvgPool2d::infer, &[matrix], "expects rank 3, but its input is [3, 9]");
    refuses(GlobalAvgPool, GlobalAvgPool::infer, &[row], "expects rank 2, but its input is [9]");
    refuses(Permute { axes: &[1, 0] }, Permute::infer, &[picture], "expects rank 2, but its input is [3, 9, 9]");
    refuses(Concat::DEFAULT, Concat::infer, &[picture, matrix], "expects rank 3, but its input is [3, 9]");
}

#[test]
fn a_field_that_is_required() {
    let x = shape([4, 6]);
    refuses(Conv1d::DEFAULT, Conv1d::infer, &[x], "needs the field `out`");
    refuses(Conv2d::DEFAULT, Conv2d::infer, &[shape([4, 6, 6])], "needs the field `out`");
    refuses(Linear::DEFAULT, Linear::infer, &[x], "needs the field `out`");
    refuses(Reshape::DEFAULT, Reshape::infer, &[x], "needs the field `to`");
    refuses(Permute::DEFAULT, Permute::infer, &[x], "needs the field `axes`");
}

#[test]
fn a_field_of_a_convolution_that_is_not_possible() {
    let x = [shape([6, 8])];
    let conv = Conv1d { out: 4, kernel: 3, ..Conv1d::DEFAULT };
    refuses(Conv1d { kernel: 0, ..conv }, Conv1d::infer, &x, "has `kernel: 0`, but it must be at least 1");
    refuses(Conv1d { stride: 0, ..conv }, Conv1d::infer, &x, "has `stride: 0`, but it must be at least 1");
    refuses(Conv1d { dilation: 0, ..conv }, Conv1d::infer, &x, "has `dilation: 0`, but it must be at least 1");
    refuses(Conv1d { groups: 0, ..conv }, Conv1d::infer, &x, "has `groups: 0`, but it must be at least 1");
    refuses(Conv1d { groups: 3, ..conv }, Conv1d::infer, &x, "has `out: 4`, but it must be a multiple of `groups`");
    refuses(Conv1d { groups: 4, ..conv }, Conv1d::infer, &x, "needs axis 0 divisible by 4, but its input is [6, 8]");
}

#[test]
fn a_field_of_a_pool_that_is_not_possible() {
    let x = [shape([6, 8])];
    refuses(MaxPool1d { kernel: 0, ..MaxPool1d::DEFAULT }, MaxPool1d::infer, &x, "has `kernel: 0`, but it must be at least 1");
    let half = "has `padding: 2`, but it must be at most half of `kernel`";
    refuses(MaxPool1d { kernel: 3, padding: 2, ..MaxPool1d::DEFAULT }, MaxPool1d::infer, &x, half);
    refuses(AvgPool2d { kernel: 3, stride: 1, padding: 2, ..AvgPool2d::DEFAULT }, AvgPool2d::infer, &[shape([1, 9, 9])], half);
}

#[test]
fn other_fields_that_are_not_possible() {
    let x = [shape([6, 8])];
    for rate in [1.0, 1.5, -0.1, f64::NAN, f64::INFINITY] {
        refuses(Dropout { rate }, Dropout::infer, &x, "needs the field `rate: 0 or more, below 1`");
    }
    for epsilon in [-1e-5, f64::NAN, f64::INFINITY] {
        refuses(BatchNorm { epsilon, ..BatchNorm::DEFAULT }, BatchNorm::infer, &x, "needs the field `epsilon: 0 or more`");
    }
    for momentum in [-0.1, 1.1, f64::NAN] {
        refuses(BatchNorm { momentum, ..BatchNorm::DEFAULT }, BatchNorm::infer, &x, "needs the field `momentum: 0 to 1`");
    }
    refuses(Reshape { to: &[1; 9] }, Reshape::infer, &[shape([1])], "has `to.len(): 9`, but it must be at most 8");
    refuses(Permute { axes: &[1, 1] }, Permute::infer, &x, "has `axes: 1`, but it must be each axis exactly once");
    refuses(Permute { axes: &[0, 2] }, Permute::infer, &x, "has `axes: 2`, but it must be each axis exactly once");
    refuses(Concat { axis: 2 }, Concat::infer, &[x[0]; 2], "has `axis: 2`, but it must be below the rank of the inputs");
}

#[test]
fn an_input_that_is_too_small() {
    let conv = Conv1d { out: 4, kernel: 5, dilation: 2, padding: 1, ..Conv1d::DEFAULT };
    refuses(conv, Conv1d::infer, &[shape([1, 6])], "needs at least 7 on axis 1, but its input is [1, 6]");
    assert!(conv.infer(&[shape([1, 7])]).is_ok());
    let square = Conv2d { out: 4, kernel: 3, ..Conv2d::DEFAULT };
    refuses(square, Conv2d::infer, &[shape([1, 3, 2])], "needs at least 3 on axis 2, but its input is [1, 3, 2]");
    refuses(square, Conv2d::infer, &[shape([0, 3, 3])], "needs at least 1 on axis 0, but its input is [0, 3, 3]");
    let pool = MaxPool2d { stride: 1, padding: 1, ..MaxPool2d::DEFAULT };
    refuses(pool, MaxPool2d::infer, &[shape([1, 0, 2])], "needs at least 1 on axis 1, but its input is [1, 0, 2]");
    refuses(AvgPool1d::DEFAULT, AvgPool1d::infer, &[shape([1, 1])], "needs at least 2 on axis 1, but its input is [1, 1]");
    refuses(GlobalAvgPool, GlobalAvgPool::infer, &[shape([2, 3, 0])], "needs at least 1 on axis 2, but its input is [2, 3, 0]");
    refuses(Linear { out: 2, bias: true }, Linear::infer, &[shape([3, 0])], "needs at least 1 on axis 1, but its input is [3, 0]");
}

#[test]
fn inputs_that_do_not_fit_each_other() {
    let (a, b) = (shape([3, 4]), shape([3, 5]));
    refuses(Add, Add::infer, &[a, b], "needs inputs whose sizes are equal or 1 on each axis, but they are [3, 4] and [3, 5]");
    refuses(Add, Add::infer, &[a, a, b], "needs inputs whose sizes are equal or 1 on each axis, but they are [3, 4] and [3, 5]");
    refuses(Concat::DEFAULT, Concat::infer, &[a, a, b], "expects 4 on axis 1, but its input is [3, 5]");
    refuses(Reshape { to: &[4, 4] }, Reshape::infer, &[a], "cannot see [3, 4] as [4, 4]: 12 elements against 16");
}

#[test]
fn elements_that_cannot_be_moved_so() {
    let x = [shape([4, 6])];
    refuses(Pad::DEFAULT, Pad::infer, &x, "needs the field `before` or `after`");
    refuses(Pad { before: &[1], ..Pad::DEFAULT }, Pad::infer, &x, "expects rank 1, but its input is [4, 6]");
    refuses(Pad { after: &[1, 2, 3], ..Pad::DEFAULT }, Pad::infer, &x, "expects rank 3, but its input is [4, 6]");
    let reflect = Pad { after: &[0, 6], mode: Padding::Reflect, ..Pad::DEFAULT };
    refuses(reflect, Pad::infer, &x, "needs at least 7 on axis 1, but its input is [4, 6]");
    let replicate = Pad { before: &[0, 1], mode: Padding::Replicate, ..Pad::DEFAULT };
    refuses(replicate, Pad::infer, &[shape([4, 0])], "needs at least 1 on axis 1, but its input is [4, 0]");
    refuses(Pad { value: 1.0, ..reflect }, Pad::infer, &x, "needs the field `value: 0, where the mode is not `Constant``");
    refuses(Pad { value: f64::NAN, before: &[0, 1], ..Pad::DEFAULT }, Pad::infer, &x, "needs the field `value: a finite number`");
    let huge = Pad { before: &[0, usize::MAX], ..Pad::DEFAULT };
    refuses(huge, Pad::infer, &x, &format!("has `before: {}`, but it must be less than 2^24", usize::MAX));
    refuses(Slice { axis: 2, ..Slice::DEFAULT }, Slice::infer, &x, "has `axis: 2`, but it must be below the rank of the input");
    refuses(Slice { step: 0, ..Slice::DEFAULT }, Slice::infer, &x, "has `step: 0`, but it must be at least 1");
    refuses(Slice { start: 3, end: 3, ..Slice::DEFAULT }, Slice::infer, &x, "has `start: 3`, but it must be below `end`");
    refuses(Slice { start: 4, ..Slice::DEFAULT }, Slice::infer, &x, "needs at least 5 on axis 0, but its input is [4, 6]");
    refuses(Split::DEFAULT, Split::infer, &x, "needs the field `parts`");
    refuses(Split { axis: 2, parts: 2, part: 0 }, Split::infer, &x, "has `axis: 2`, but it must be below the rank of the input");
    refuses(Split { axis: 0, parts: 2, part: 2 }, Split::infer, &x, "has `part: 2`, but it must be below `parts`");
    let few = "has `part: 3`, but it must be below the number of parts that so few positions give";
    refuses(Split { axis: 1, parts: 4, part: 3 }, Split::infer, &x, few);
    refuses(Transpose { first: 0, second: 2 }, Transpose::infer, &x, "has `second: 2`, but it must be below the rank of the input");
    refuses(PixelShuffle::DEFAULT, PixelShuffle::infer, &[shape([4, 2, 2])], "needs the field `factor`");
    refuses(PixelShuffle { factor: 2 }, PixelShuffle::infer, &x, "expects rank 3, but its input is [4, 6]");
    let channels = "needs axis 0 divisible by 4, but its input is [6, 2, 2]";
    refuses(PixelShuffle { factor: 2 }, PixelShuffle::infer, &[shape([6, 2, 2])], channels);
}

#[test]
fn windows_that_are_not_possible() {
    let (x, row, volume) = ([shape([2, 6, 8])], [shape([2, 6])], [shape([2, 4, 4, 4])]);
    let lists = MaxPool2d { kernels: &[2, 2, 2], ..MaxPool2d::DEFAULT };
    refuses(lists, MaxPool2d::infer, &x, "has `kernels.len(): 3`, but it must be one for each spatial axis");
    let lists = AvgPool3d { strides: &[1], ..AvgPool3d::DEFAULT };
    refuses(lists, AvgPool3d::infer, &volume, "has `strides.len(): 1`, but it must be one for each spatial axis");
    let zero = MaxPool2d { kernels: &[2, 0], ..MaxPool2d::DEFAULT };
    refuses(zero, MaxPool2d::infer, &x, "has `kernels: 0`, but it must be at least 1");
    let zero = MaxPool1d { dilation: 0, ..MaxPool1d::DEFAULT };
    refuses(zero, MaxPool1d::infer, &row, "has `dilation: 0`, but it must be at least 1");
    let half = MaxPool3d { paddings: &[1, 1, 2], ..MaxPool3d::DEFAULT };
    refuses(half, MaxPool3d::infer, &volume, "has `paddings: 2`, but it must be at most half of `kernel`");
    let gap = MaxPool1d { dilation: 7, padding: 1, ..MaxPool1d::DEFAULT };
    refuses(gap, MaxPool1d::infer, &row, "has `dilation: 7`, but it must be such that no window lies in the padding alone");
    let wide = MaxPool1d { kernel: 9, stride: 2, ceil_mode: true, ..MaxPool1d::DEFAULT };
    refuses(wide, MaxPool1d::infer, &row, "needs at least 8 on axis 1, but its input is [2, 6]");
    refuses(MaxPool3d::DEFAULT, MaxPool3d::infer, &x, "expects rank 4, but its input is [2, 6, 8]");
    refuses(AdaptiveAvgPool2d::DEFAULT, AdaptiveAvgPool2d::infer, &x, "needs the field `out`");
    refuses(AdaptiveMaxPool1d { out: 3 }, AdaptiveMaxPool1d::infer, &x, "expects rank 2, but its input is [2, 6, 8]");
    let zero = AdaptiveMaxPool2d { outs: &[3, 0], ..AdaptiveMaxPool2d::DEFAULT };
    refuses(zero, AdaptiveMaxPool2d::infer, &x, "has `outs: 0`, but it must be at least 1");
    let empty = AdaptiveAvgPool3d { out: 2, ..AdaptiveAvgPool3d::DEFAULT };
    refuses(empty, AdaptiveAvgPool3d::infer, &[shape([2, 4, 0, 4])], "needs at least 1 on axis 2, but its input is [2, 4, 0, 4]");
    refuses(GlobalMaxPool, GlobalMaxPool::infer, &[shape([2])], "expects rank 2, but its input is [2]");
}

#[test]
fn axes_and_sizes_that_are_not_possible() {
    let x = [shape([2, 6, 8])];
    refuses(Mean { axes: &[3], keep: false }, Mean::infer, &x, "has `axes: 3`, but it must be below the rank of the input");
    refuses(Sum { axes: &[1, 1], keep: true }, Sum::infer, &x, "has `axes: 1`, but it must be each axis at most once");
    refuses(Mean::DEFAULT, Mean::infer, &[shape([2, 0])], "needs at least 1 on axis 1, but its input is [2, 0]");
    let either = "needs the field `scale`, or else `out`";
    refuses(Upsample::DEFAULT, Upsample::infer, &x, either);
    refuses(Upsample { scale: 2, out: 9, ..Upsample::DEFAULT }, Upsample::infer, &x, either);
    let corners = Upsample { scale: 2, align_corners: true, ..Upsample::DEFAULT };
    refuses(corners, Upsample::infer, &x, "needs the field `mode: Bilinear` where it has `align_corners`");
    let lists = Upsample { scales: &[2], ..Upsample::DEFAULT };
    refuses(lists, Upsample::infer, &x, "has `scales.len(): 1`, but it must be one for each spatial axis");
    let zero = Upsample { outs: &[4, 0], ..Upsample::DEFAULT };
    refuses(zero, Upsample::infer, &x, "has `outs: 0`, but it must be at least 1");
    refuses(Upsample { scale: 2, ..Upsample::DEFAULT }, Upsample::infer, &[shape([4])], "expects rank 3, but its input is [4]");
    let huge = Upsample { scale: usize::MAX, ..Upsample::DEFAULT };
    let below = format!("has `scale: {}`, but it must be so small that each axis stays below 2^24", usize::MAX);
    refuses(huge, Upsample::infer, &x, &below);
}

#[test]
fn fields_as_large_as_possible_are_refused_without_overflow() {
    const HUGE: usize = usize::MAX;
    let x = [shape([2, 8])];
    let conv = Conv1d { out: 2, kernel: HUGE, dilation: HUGE, ..Conv1d::DEFAULT };
    refuses(conv, Conv1d::infer, &x, &format!("needs at least {HUGE} on axis 1, but its input is [2, 8]"));
    refuses(
        MaxPool1d { kernel: HUGE, ..MaxPool1d::DEFAULT },
        MaxPool1d::infer,
        &x,
        &format!("needs at least {HUGE} on axis 1, but its input is [2, 8]"),
    );
}

//! Transposed convolutions by `LayerTest`, every small geometry of them, and what they refuse.

#[allow(dead_code, reason = "shared with tests that use more of it")]
mod checked;

use checked::{Declared, settings};
use undertone_layers::{ConvTranspose1d, ConvTranspose2d};
use undertone_runtime::graph::{Init, trace};
use undertone_runtime::plan::Kind;
use undertone_runtime::{Layer, Plan, Settings};
use undertone_shape::{Infer, Shape, render};
use undertone_twin::layer_test;

/// A weight `[c, out / groups, kernel…]`, and a bias of so many channels.
fn both<const R: usize>(weight: [usize; R], out: usize, fan_in: usize) -> [Declared; 2] {
    let init = Init::Uniform { fan_in };
    [("weight", Shape::new(weight), init, true), ("bias", Shape::new([out]), init, true)]
}

#[test]
fn transposed_convolution_over_one_axis() {
    let doubled = layer_test!(ConvTranspose1d { out: 3, kernel: 4, stride: 2, padding: 1 }, [2, 5]);
    doubled.gives([3, 10]).declares(both([2, 3, 4], 3, 12)).settings(settings()).check();
    let odd = layer_test!(ConvTranspose1d { out: 4, kernel: 3, stride: 2, padding: 1, output_padding: 1, groups: 2 }, [4, 4]);
    odd.gives([4, 8]).declares(both([4, 2, 3], 4, 6)).settings(settings()).check();
    let dilated = layer_test!(ConvTranspose1d { out: 2, kernel: 3, stride: 2, padding: 1, dilation: 3, bias: false }, [3, 4]);
    dilated.gives([2, 11]).declares([both([3, 2, 3], 2, 6)[0]]).settings(settings()).check();
    let plain = layer_test!(ConvTranspose1d { out: 2, kernel: 3, padding: 2, dilation: 2 }, [3, 4]);
    plain.gives([2, 4]).declares(both([3, 2, 3], 2, 6)).settings(settings()).check();
    let spread = layer_test!(ConvTranspose1d { out: 2, kernel: 2, stride: 4, output_padding: 3 }, [1, 3]);
    spread.gives([2, 13]).declares(both([1, 2, 2], 2, 4)).settings(settings()).check();
}

#[test]
fn transposed_convolution_over_two_axes() {
    let doubled = layer_test!(ConvTranspose2d { out: 2, kernel: 2, stride: 2 }, [3, 2, 3]);
    doubled.gives([2, 4, 6]).declares(both([3, 2, 2, 2], 2, 8)).settings(settings()).check();
    let uneven = layer_test!(
        ConvTranspose2d { out: 4, kernels: &[3, 4], strides: &[2, 1], paddings: &[1, 0], output_paddings: &[1, 0], groups: 2 },
        [2, 3, 2]
    );
    uneven.gives([4, 6, 5]).declares(both([2, 2, 3, 4], 4, 24)).settings(settings()).check();
    let depthwise = layer_test!(ConvTranspose2d { out: 3, kernel: 3, stride: 2, padding: 1, groups: 3, bias: false }, [3, 3, 3]);
    depthwise.gives([3, 5, 5]).declares([both([3, 1, 3, 3], 3, 9)[0]]).settings(settings()).check();
}

/// The product is at the input's resolution, has a bias for every phase, and is the only thing that is opened; it is smaller than one over inserted zeros.
#[test]
fn no_zero_is_inserted() {
    let plan = |layer: ConvTranspose2d, [c, h, w]: [usize; 3]| {
        let graph = trace("Up", &[("x", Shape::new([c, h, w]))], |g, x| g.stage("up", layer.infer(&[x[0].shape()]), |g| layer.build(g, x)));
        let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
        plan.verify(1 << 24).unwrap();
        plan
    };
    let up = ConvTranspose2d { out: 16, ..ConvTranspose2d::DEFAULT };
    for (layer, work, inserted) in [
        // as many as PyTorch has
        (ConvTranspose2d { kernel: 2, stride: 2, ..up }, 28 * 28 * 4 * 32 * 16, 56 * 56 * 4 * 32 * 16),
        // and a border of one
        (ConvTranspose2d { kernel: 4, stride: 2, padding: 1, ..up }, 29 * 29 * 16 * 32 * 16, 56 * 56 * 16 * 32 * 16),
        // 9 of 16 taps are some of the kernel
        (ConvTranspose2d { kernel: 3, stride: 2, padding: 1, output_padding: 1, ..up }, 29 * 29 * 16 * 32 * 16, 56 * 56 * 9 * 32 * 16),
        (ConvTranspose2d { kernel: 3, padding: 1, ..up }, 28 * 28 * 9 * 32 * 16, 28 * 28 * 9 * 32 * 16),
    ] {
        let plan = plan(layer, [32, 28, 28]);
        let cost = plan.cost(1).total();
        assert_eq!(cost.multiply_adds, work, "{layer:?}");
        assert!(work <= inserted, "{layer:?}");
        let opened: Vec<usize> = plan.steps.iter().filter(|s| matches!(s.kind, Kind::Open(_))).map(|s| s.len).collect();
        assert_eq!(opened, [32 * 28 * 28], "{layer:?}");
        let moves = plan.steps.iter().filter(|s| matches!(&s.kind, Kind::Move(copies) if copies.len() > 1)).count();
        assert!(moves <= 1, "{layer:?}");
    }
}

/// Every small geometry against the sizes that come of adding positions up, and its trace against inference.
#[test]
fn every_small_geometry_of_a_transposed_convolution() {
    let mut accepted = 0;
    for at in 0..4 * 4 * 4 * 4 * 4 * 3 {
        let (mut rest, radix) = (at, [4, 4, 4, 4, 4, 3]);
        let [size, kernel, stride, padding, output_padding, dilation] = radix.map(|base| {
            let digit = rest % base;
            rest /= base;
            digit
        });
        let layer = ConvTranspose1d { out: 2, kernel, stride, padding, output_padding, dilation, groups: 1, bias: true };
        let x = Shape::new([3, size]);
        let possible = size > 0 && kernel > 0 && stride > 0 && dilation > 0 && (output_padding < stride || output_padding < dilation);
        // the last position that a tap reaches
        let reached = (0..size).flat_map(|i| (0..kernel).map(move |t| i * stride + t * dilation)).max();
        let expected =
            reached.filter(|_| possible).and_then(|last| (last + 1 + output_padding).checked_sub(2 * padding)).filter(|n| *n > 0);
        assert_eq!(layer.infer(&[x]).ok(), expected.map(|n| Shape::new([2, n])), "{layer:?} {x}");
        let traced = trace("M", &[("x", x)], |g, x| layer.build(g, x));
        assert_eq!(
            traced.as_ref().ok().map(undertone_runtime::graph::Graph::output_shape),
            expected.map(|n| Shape::new([2, n])),
            "{layer:?} {x}"
        );
        if let Ok(graph) = traced {
            Plan::new(&graph, &Settings::default()).unwrap().verify(1 << 20).unwrap();
            accepted += 1;
        }
    }
    assert!(accepted > 300, "{accepted}");
}

/// The text of a refusal at the stage `s`.
#[track_caller]
fn refuses(refusal: Infer, expected: &str) {
    assert_eq!(render("s", &refusal.expect_err("a refusal")).as_str(), format!("`s` {expected}"));
}

#[test]
fn what_a_transposed_convolution_refuses() {
    const DOUBLED: Infer = ConvTranspose2d { out: 2, kernel: 2, stride: 2, ..ConvTranspose2d::DEFAULT }.infer(&[Shape::new([4, 6, 6])]);
    let (row, picture) = ([Shape::new([4, 2])], [Shape::new([4, 6, 6])]);
    let (one, two) = (ConvTranspose1d { out: 2, ..ConvTranspose1d::DEFAULT }, ConvTranspose2d { out: 2, ..ConvTranspose2d::DEFAULT });
    refuses(ConvTranspose1d::DEFAULT.infer(&row), "needs the field `out`");
    refuses(one.infer(&[]), "takes 1 input, but is given 0");
    refuses(one.infer(&picture), "expects rank 2, but its input is [4, 6, 6]");
    refuses(one.infer(&[Shape::new([0, 6])]), "needs at least 1 on axis 0, but its input is [0, 6]");
    refuses(ConvTranspose1d { groups: 0, ..one }.infer(&row), "has `groups: 0`, but it must be at least 1");
    refuses(ConvTranspose1d { groups: 4, ..one }.infer(&row), "has `out: 2`, but it must be a multiple of `groups`");
    refuses(ConvTranspose1d { out: 3, groups: 3, ..one }.infer(&row), "needs axis 0 divisible by 3, but its input is [4, 2]");
    refuses(ConvTranspose1d { kernel: 0, ..one }.infer(&row), "has `kernel: 0`, but it must be at least 1");
    refuses(ConvTranspose1d { stride: 0, ..one }.infer(&row), "has `stride: 0`, but it must be at least 1");
    refuses(ConvTranspose1d { dilation: 0, ..one }.infer(&row), "has `dilation: 0`, but it must be at least 1");
    let more = "has `output_padding: 2`, but it must be below `stride` or below `dilation`";
    refuses(ConvTranspose1d { stride: 2, output_padding: 2, ..one }.infer(&row), more);
    assert!(ConvTranspose1d { stride: 2, dilation: 3, output_padding: 2, ..one }.infer(&row).is_ok());
    refuses(ConvTranspose1d { kernel: 3, padding: 4, stride: 2, ..one }.infer(&row), "needs at least 4 on axis 1, but its input is [4, 2]");
    assert_eq!(ConvTranspose1d { kernel: 3, padding: 4, stride: 2, ..one }.infer(&[Shape::new([4, 4])]), Ok(Shape::new([2, 1])));
    refuses(ConvTranspose2d { kernels: &[3], ..two }.infer(&picture), "has `kernels.len(): 1`, but it must be one for each spatial axis");
    refuses(ConvTranspose2d { strides: &[2, 0], ..two }.infer(&picture), "has `strides: 0`, but it must be at least 1");
    let lengths = "has `output_paddings.len(): 3`, but it must be one for each spatial axis";
    refuses(ConvTranspose2d { output_paddings: &[0; 3], ..two }.infer(&picture), lengths);
    let built = trace("M", &[("x", picture[0])], |g, x| ConvTranspose2d { kernel: 0, ..two }.build(g, x)).unwrap_err().to_string();
    assert!(built.contains("stage `conv_transpose2d`: `conv_transpose2d` has `kernel: 0`"), "{built}");
    assert_eq!(DOUBLED, Ok(Shape::new([2, 12, 12])));
}

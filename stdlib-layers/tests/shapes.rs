//! Shapes are inferred in const evaluation, and every small geometry of a window is right. `layers.rs` has the shapes that the other layers give.

use undertone_layers::{
    Add, AvgPool1d, AvgPool2d, BatchNorm, Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool1d, MaxPool2d, Permute,
    Relu, Reshape,
};
use undertone_runtime::graph::{Graph, trace};
use undertone_runtime::{Layer, Result};
use undertone_shape::{Infer, Shape, render};

/// Traces a layer alone as the stage `s`.
fn traced<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape]) -> Result<Graph> {
    let named: Vec<(&str, Shape)> = ["a", "b", "c", "d"].into_iter().zip(inputs.iter().copied()).collect();
    trace("M", &named, |g, x| g.stage("s", infer(&layer, inputs), |g| layer.build(g, x)))
}

fn shape<const R: usize>(dims: [usize; R]) -> Shape {
    Shape::new(dims)
}

#[test]
fn shapes_are_inferred_in_const_evaluation() {
    const IMAGE: Shape = Shape::new([1, 28, 28]);
    const CONV: Infer = Conv2d { out: 6, kernel: 5, padding: 2, ..Conv2d::DEFAULT }.infer(&[IMAGE]);
    const POOL: Infer = MaxPool2d::DEFAULT.infer(&[undertone_shape::or_empty(&CONV)]);
    const FLAT: Infer = Flatten::DEFAULT.infer(&[undertone_shape::or_empty(&POOL)]);
    const _: () = undertone_shape::check("M.flatten_1", &FLAT);
    const {
        assert!(BatchNorm::DEFAULT.infer(&[IMAGE]).is_ok() && Dropout::DEFAULT.infer(&[IMAGE]).is_ok());
        assert!(Add::DEFAULT.infer(&[IMAGE, IMAGE]).is_ok() && Concat::DEFAULT.infer(&[IMAGE, IMAGE]).is_ok());
        assert!(Permute { axes: &[1, 2, 0] }.infer(&[IMAGE]).is_ok() && Reshape { to: &[784] }.infer(&[IMAGE]).is_ok());
        assert!(GlobalAvgPool::DEFAULT.infer(&[IMAGE]).is_ok() && Relu::DEFAULT.infer(&[IMAGE]).is_ok());
        assert!(AvgPool2d::DEFAULT.infer(&[IMAGE]).is_ok() && Linear { out: 3, ..Linear::DEFAULT }.infer(&[IMAGE]).is_ok());
    }
    assert_eq!(FLAT, Ok(shape([6 * 14 * 14])));
}

#[test]
fn a_sum_of_four_is_three_additions() {
    let graph = traced(Add, Add::infer, &[shape([2]); 4]).unwrap();
    let sums = "  %4 = add %0 %1: [2]  # s\n  %5 = add %4 %2: [2]  # s\n  %6 = add %5 %3: [2]  # s\n  -> %6\n";
    assert!(graph.to_string().contains(sums), "{graph}");
}

/// Every small geometry: the number of windows is counted one by one, and what inference refuses the trace refuses too.
#[test]
fn every_small_geometry_of_a_convolution() {
    let mut accepted = 0;
    for at in 0..7 * 4 * 4 * 4 * 3 * 4 {
        let [size, kernel, stride, padding, dilation, groups] = digits(at, [7, 4, 4, 4, 3, 4]);
        let layer = Conv1d { out: 4, kernel, stride, padding, dilation, groups, bias: at % 2 == 0 };
        let x = shape([6, size]);
        let positions = windows(size, kernel, stride, padding, dilation).filter(|_| groups == 1 || groups == 2);
        assert_eq!(layer.infer(&[x]).ok(), positions.map(|n| shape([4, n])), "{layer:?} {x}");
        agrees(layer, layer.infer(&[x]), x);
        accepted += usize::from(positions.is_some());
        let square = Conv2d { out: 4, kernel, stride, padding, dilation, groups, bias: at % 2 == 0, ..Conv2d::DEFAULT };
        let x = shape([6, size, 5]);
        let both = positions.zip(windows(5, kernel, stride, padding, dilation));
        assert_eq!(square.infer(&[x]).ok(), both.map(|(h, w)| shape([4, h, w])), "{square:?} {x}");
        agrees(square, square.infer(&[x]), x);
    }
    assert!(accepted > 500, "{accepted}");
}

#[test]
fn every_small_geometry_of_a_pool() {
    let mut accepted = 0;
    for at in 0..7 * 5 * 4 * 4 {
        let [size, kernel, stride, padding] = digits(at, [7, 5, 4, 4]);
        let step = if stride == 0 { kernel } else { stride };
        let positions = windows(size, kernel, step, padding, 1).filter(|_| 2 * padding <= kernel);
        let (x, picture) = (shape([2, size]), shape([2, 4, size]));
        let both = windows(4, kernel, step, padding, 1).zip(positions);
        let max = MaxPool1d { kernel, stride, padding, ..MaxPool1d::DEFAULT };
        let avg = AvgPool1d { kernel, stride, padding, ..AvgPool1d::DEFAULT };
        assert_eq!(max.infer(&[x]).ok(), positions.map(|n| shape([2, n])), "{max:?} {x}");
        assert_eq!(avg.infer(&[x]), max.infer(&[x]), "{avg:?} {x}");
        agrees(max, max.infer(&[x]), x);
        agrees(avg, avg.infer(&[x]), x);
        let max = MaxPool2d { kernel, stride, padding, ..MaxPool2d::DEFAULT };
        let avg = AvgPool2d { kernel, stride, padding, ..AvgPool2d::DEFAULT };
        assert_eq!(max.infer(&[picture]).ok(), both.map(|(h, w)| shape([2, h, w])), "{max:?} {picture}");
        assert_eq!(avg.infer(&[picture]), max.infer(&[picture]), "{avg:?} {picture}");
        agrees(max, max.infer(&[picture]), picture);
        agrees(avg, avg.infer(&[picture]), picture);
        accepted += usize::from(positions.is_some());
    }
    assert!(accepted > 100, "{accepted}");
}

/// The trace accepts what inference accepts, with the same shape, and refuses the rest in the same words.
#[track_caller]
fn agrees<L: Layer + core::fmt::Debug>(layer: L, inferred: Infer, x: Shape) {
    match (trace("M", &[("x", x)], |g, x| layer.build(g, x)), inferred) {
        (Ok(graph), Ok(expected)) => assert_eq!(graph.output_shape(), expected, "{layer:?} {x}"),
        (Err(error), Err(expected)) => {
            let text = render("", &expected);
            let cause = text.as_str().trim_start_matches('`');
            assert!(error.to_string().ends_with(cause), "{layer:?} {x}: {error}, but inference says {cause}");
        }
        (found, expected) => panic!("{layer:?} {x}: traced {found:?}, inferred {expected:?}"),
    }
}

/// The number of positions of a window whose taps all lie inside the padded axis, counted one by one.
fn windows(size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Option<usize> {
    if size == 0 || kernel == 0 || stride == 0 || dilation == 0 {
        return None;
    }
    let fits = |start: &usize| (0..kernel).all(|tap| start + tap * dilation < size + 2 * padding);
    Some((0..).step_by(stride).take_while(fits).count()).filter(|n| *n > 0)
}

/// A number as mixed-radix digits.
fn digits<const R: usize>(mut number: usize, radix: [usize; R]) -> [usize; R] {
    radix.map(|base| {
        let digit = number % base;
        number /= base;
        digit
    })
}

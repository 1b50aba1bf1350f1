//! What `infer` says is what `build` traces, for every layer.

use undertone_layers::{
    Add, ArgMax, AvgPool1d, AvgPool2d, BatchNorm, Concat, Conv1d, Conv2d, Dropout, Flatten, GlobalAvgPool, Linear, MaxPool1d, MaxPool2d,
    Permute, Relu, Reshape,
};
use undertone_runtime::graph::{Graph, trace};
use undertone_runtime::{Layer, Result};
use undertone_shape::{Infer, Shape, render};

/// Traces a layer alone as the stage `s`.
fn traced<L: Layer>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape]) -> Result<Graph> {
    let named: Vec<(&str, Shape)> = ["a", "b", "c", "d"].into_iter().zip(inputs.iter().copied()).collect();
    trace("M", &named, |g, x| g.stage("s", infer(&layer, inputs), |g| layer.build(g, x)))
}

/// Checks that inference gives `expected`, and that the traced graph does too.
#[track_caller]
fn gives<L: Layer, const R: usize>(layer: L, infer: fn(&L, &[Shape]) -> Infer, inputs: &[Shape], expected: [usize; R]) {
    assert_eq!(infer(&layer, inputs), Ok(Shape::new(expected)));
    assert_eq!(traced(layer, infer, inputs).unwrap().output_shape(), Shape::new(expected));
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
fn convolutions() {
    gives(Conv1d { out: 8, kernel: 11, padding: 5, stride: 2, ..Conv1d::DEFAULT }, Conv1d::infer, &[shape([40, 101])], [8, 51]);
    gives(Conv1d { out: 29, ..Conv1d::DEFAULT }, Conv1d::infer, &[shape([8, 1])], [29, 1]);
    gives(Conv2d { out: 6, kernel: 5, padding: 2, ..Conv2d::DEFAULT }, Conv2d::infer, &[shape([1, 28, 28])], [6, 28, 28]);
    gives(Conv2d { out: 4, kernel: 3, dilation: 2, ..Conv2d::DEFAULT }, Conv2d::infer, &[shape([2, 5, 9])], [4, 1, 5]);
    gives(Conv2d { out: 4, kernel: 3, stride: 2, groups: 2, ..Conv2d::DEFAULT }, Conv2d::infer, &[shape([6, 7, 8])], [4, 3, 3]);
    gives(Conv2d { out: 6, kernel: 4, padding: 3, bias: false, ..Conv2d::DEFAULT }, Conv2d::infer, &[shape([2, 1, 2])], [6, 4, 5]);
}

#[test]
fn dense_and_elementwise() {
    gives(Linear { out: 10, ..Linear::DEFAULT }, Linear::infer, &[shape([84])], [10]);
    gives(Linear { out: 3, bias: false }, Linear::infer, &[shape([2, 4, 5])], [2, 4, 3]);
    gives(BatchNorm::DEFAULT, BatchNorm::infer, &[shape([7])], [7]);
    gives(BatchNorm { epsilon: 0.0, momentum: 1.0 }, BatchNorm::infer, &[shape([7, 2, 3])], [7, 2, 3]);
    gives(Relu, Relu::infer, &[shape([])], []);
    gives(Relu, Relu::infer, &[shape([2, 3, 4, 5])], [2, 3, 4, 5]);
    gives(Dropout::DEFAULT, Dropout::infer, &[shape([2, 3])], [2, 3]);
    gives(Dropout { rate: 0.0 }, Dropout::infer, &[shape([2, 3])], [2, 3]);
}

#[test]
fn pools() {
    gives(MaxPool1d::DEFAULT, MaxPool1d::infer, &[shape([3, 9])], [3, 4]);
    gives(MaxPool1d { kernel: 3, stride: 1, padding: 1 }, MaxPool1d::infer, &[shape([3, 9])], [3, 9]);
    gives(MaxPool2d { kernel: 3, stride: 2, padding: 1 }, MaxPool2d::infer, &[shape([2, 7, 8])], [2, 4, 4]);
    gives(MaxPool2d { kernel: 3, ..MaxPool2d::DEFAULT }, MaxPool2d::infer, &[shape([2, 7, 9])], [2, 2, 3]);
    gives(AvgPool1d { kernel: 5, ..AvgPool1d::DEFAULT }, AvgPool1d::infer, &[shape([3, 5])], [3, 1]);
    gives(AvgPool2d { kernel: 2, stride: 3, padding: 1 }, AvgPool2d::infer, &[shape([2, 1, 5])], [2, 1, 2]);
    gives(GlobalAvgPool, GlobalAvgPool::infer, &[shape([5, 9])], [5]);
    gives(GlobalAvgPool, GlobalAvgPool::infer, &[shape([5, 2, 3, 4, 2])], [5]);
}

#[test]
fn indices() {
    gives(ArgMax::DEFAULT, ArgMax::infer, &[shape([10])], []);
    gives(ArgMax::DEFAULT, ArgMax::infer, &[shape([29, 100])], [100]);
    gives(ArgMax { axis: 1 }, ArgMax::infer, &[shape([3, 9, 4])], [3, 4]);
    gives(ArgMax { axis: 3 }, ArgMax::infer, &[shape([2, 3, 4, 1])], [2, 3, 4]);
    const { assert!(ArgMax::DEFAULT.infer(&[Shape::new([1, 28, 28])]).is_ok() && ArgMax::INTEGER) }
}

#[test]
fn movements() {
    gives(Flatten, Flatten::infer, &[shape([16, 5, 5])], [400]);
    gives(Flatten, Flatten::infer, &[shape([])], [1]);
    gives(Reshape { to: &[4, 7] }, Reshape::infer, &[shape([2, 14])], [4, 7]);
    gives(Reshape { to: &[1, 1, 2, 1, 1, 3, 1, 1] }, Reshape::infer, &[shape([6])], [1, 1, 2, 1, 1, 3, 1, 1]);
    gives(Permute { axes: &[2, 0, 1] }, Permute::infer, &[shape([3, 4, 5])], [5, 3, 4]);
    gives(Add, Add::infer, &[shape([3, 4]); 2], [3, 4]);
    gives(Add, Add::infer, &[shape([3, 4]); 4], [3, 4]);
    gives(Concat::DEFAULT, Concat::infer, &[shape([3, 4]), shape([2, 4])], [5, 4]);
    gives(Concat { axis: 1 }, Concat::infer, &[shape([3, 4]), shape([3, 1]), shape([3, 2])], [3, 7]);
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
        let square = Conv2d { out: 4, kernel, stride, padding, dilation, groups, bias: at % 2 == 0 };
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
        let (max, avg) = (MaxPool1d { kernel, stride, padding }, AvgPool1d { kernel, stride, padding });
        assert_eq!(max.infer(&[x]).ok(), positions.map(|n| shape([2, n])), "{max:?} {x}");
        assert_eq!(avg.infer(&[x]), max.infer(&[x]), "{avg:?} {x}");
        agrees(max, max.infer(&[x]), x);
        agrees(avg, avg.infer(&[x]), x);
        let (max, avg) = (MaxPool2d { kernel, stride, padding }, AvgPool2d { kernel, stride, padding });
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

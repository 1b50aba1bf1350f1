//! Public affine maps and sums by `LayerTest`, and what they refuse. What each computes is compared with PyTorch's figures in `figures.rs` and `private.rs`.

mod refusal;

use refusal::refuses;
use undertone_layers::{Add, LeakyRelu, MatMul, Mul, PRelu, Polynomial, Scale, Square, Sub};
use undertone_runtime::Settings;
use undertone_runtime::graph::Init;
use undertone_shape::Shape;
use undertone_twin::layer_test;

/// Numbers of parties, and rings in words of 64 and of 32 bits.
fn settings() -> [Settings; 5] {
    let with = |ring, fraction, opened, parties| Settings { ring, fraction, opened, parties, ..Settings::default() };
    [Settings::default(), with(64, 12, 28, 2), with(64, 16, 34, 3), with(40, 12, 26, 2), with(32, 8, 24, 2)]
}

/// Without parameters.
const NONE: [(&str, Shape, Init, bool); 0] = [];

#[test]
fn sums_and_differences_broadcast() {
    layer_test!(Add, [3, 4, 5], [3, 1, 1]).gives([3, 4, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Add, [3, 1, 5], [4, 1], [5]).gives([3, 4, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Add, [1], [2, 3, 4]).gives([2, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Sub, [3, 4], [3, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    let difference = layer_test!(Sub, [1, 4], [3, 1]).gives([3, 4]).declares(NONE).settings(settings());
    difference.computes(|_, x| (0..12).map(|i| f64::from(x[0][i % 4]) - f64::from(x[1][i / 4])).collect()).check();
}

#[test]
fn public_numbers() {
    layer_test!(Scale, [2, 3]).gives([2, 3]).declares(NONE).settings(settings()).check();
    for (factor, offset) in
        [(0.37, -1.25), (-1.0, 0.0), (3.0, 2.0), (0.5, 0.0), (-1.0 / 3.0, 0.1), (1.0 / 255.0, -0.5), (12.7, 0.0), (0.0, 1.5)]
    {
        let scale = layer_test!(Scale { factor, offset }, [4, 5]).gives([4, 5]).declares(NONE).settings(settings());
        scale.computes(move |_, x| x[0].iter().map(|v| f64::from(*v) * factor + offset).collect()).check();
    }
    let scalar: [usize; 0] = [];
    layer_test!(Scale { factor: 0.7 }, scalar).gives(scalar).declares(NONE).settings(settings()).check();
}

#[test]
fn public_numbers_of_each_channel() {
    let both = layer_test!(Scale { factors: &[0.0171, -1.5, 0.25], offsets: &[-2.12, 0.5, 3.0] }, [3, 2, 4]);
    both.gives([3, 2, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Scale { factors: &[2.0, 1.0], offset: 0.3 }, [2, 5]).gives([2, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Scale { factor: 0.3, offsets: &[2.0, 1.0, 0.0, -1.0] }, [4]).gives([4]).declares(NONE).settings(settings()).check();
}

#[test]
fn rectifiers_with_a_slope() {
    for slope in [0.01, 0.2, 1.5, 1.0, 0.0, -0.5] {
        let leaky = layer_test!(LeakyRelu { slope }, [3, 4]).gives([3, 4]).declares(NONE).settings(settings());
        leaky.computes(move |_, x| x[0].iter().map(|v| f64::from(*v) * if *v > 0.0 { 1.0 } else { slope }).collect()).check();
    }
    layer_test!(LeakyRelu, [2, 3, 4, 2]).gives([2, 3, 4, 2]).declares(NONE).settings(settings()).check();
}

#[test]
fn rectifiers_with_a_learned_slope() {
    let weight = |slopes: usize| [("weight", Shape::new([slopes]), Init::Constant(0.25), true)];
    layer_test!(PRelu, [3, 4]).gives([3, 4]).declares(weight(1)).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(PRelu, scalar).gives(scalar).declares(weight(1)).settings(settings()).check();
    let channels = layer_test!(PRelu { per_channel: true }, [3, 4, 2]).gives([3, 4, 2]).declares(weight(3)).settings(settings());
    channels
        .computes(|weights, x| {
            let (_, slopes) = weights.get("weight").unwrap();
            x[0].iter().enumerate().map(|(i, v)| f64::from(*v) * if *v > 0.0 { 1.0 } else { f64::from(slopes[i / 8]) }).collect()
        })
        .check();
    layer_test!(PRelu { per_channel: true }, [5]).gives([5]).declares(weight(5)).settings(settings()).check();
}

#[test]
fn products_of_two_values() {
    layer_test!(Mul, [3, 4], [3, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Mul, [3, 4, 2], [3, 1, 1]).gives([3, 4, 2]).declares(NONE).settings(settings()).check();
    let outer = layer_test!(Mul, [1, 4], [3, 1]).gives([3, 4]).declares(NONE).settings(settings());
    outer.computes(|_, x| (0..12).map(|i| f64::from(x[0][i % 4]) * f64::from(x[1][i / 4])).collect()).check();
    layer_test!(MatMul, [3, 4], [4, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(MatMul, [2, 1, 3, 4], [5, 4, 2]).gives([2, 5, 3, 2]).declares(NONE).settings(settings()).check();
    let one = layer_test!(MatMul, [1, 6], [6, 1]).gives([1, 1]).declares(NONE).settings(settings());
    one.computes(|_, x| vec![x[0].iter().zip(x[1]).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()]).check();
}

#[test]
#[allow(clippy::items_after_statements, reason = "the coefficients stand where they are used")]
fn polynomials() {
    layer_test!(Square, [3, 4]).gives([3, 4]).declares(NONE).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(Square, scalar).gives(scalar).declares(NONE).settings(settings()).check();
    const ALL: [&[f64]; 8] = [
        &[0.5],
        &[1.0, -0.3],
        &[0.25, 0.5, 0.125],
        &[0.0, 0.7, -0.3, 0.0],
        &[0.5, 0.2, 0.0, -0.9],
        &[0.1, -0.5, 0.3, 0.05, -1.02],
        &[0.0, 1.0, 0.0, -0.5, 0.0, 1.5],
        &[0.5, -1.0, 2.0, -0.5, 0.25, 0.75, -1.5, 0.3, 1.1],
    ];
    for coefficients in ALL {
        let polynomial = layer_test!(Polynomial { coefficients }, [2, 3]).gives([2, 3]).declares(NONE).settings(settings());
        let at = |v: f32| coefficients.iter().rev().fold(0.0, |sum, a| sum * f64::from(v) + a);
        polynomial.computes(move |_, x| x[0].iter().map(|v| at(*v)).collect()).check();
    }
}

#[test]
fn products_that_do_not_fit_are_refused() {
    let (x, row, scalar) = (Shape::new([3, 4]), Shape::new([4]), Shape::new([]));
    refuses(Mul, Mul::infer, &[x], "takes 2 inputs, but is given 1");
    refuses(Mul, Mul::infer, &[x, Shape::new([3])], "needs inputs whose sizes are equal or 1 on each axis, but they are [3, 4] and [3]");
    refuses(MatMul, MatMul::infer, &[x; 3], "takes 2 inputs, but is given 3");
    refuses(MatMul, MatMul::infer, &[x, row], "expects rank 2, but its input is [4]");
    refuses(MatMul, MatMul::infer, &[row, x], "expects rank 2, but its input is [4]");
    refuses(MatMul, MatMul::infer, &[x, x], "expects 4 on axis 0, but its input is [3, 4]");
    let (a, b) = (Shape::new([2, 3, 4]), Shape::new([3, 4, 5]));
    refuses(MatMul, MatMul::infer, &[a, b], "needs inputs whose sizes are equal or 1 on each axis, but they are [2, 3, 4] and [3, 4, 5]");
    refuses(Square, Square::infer, &[x; 2], "takes 1 input, but is given 2");
    refuses(PRelu::DEFAULT, PRelu::infer, &[x; 2], "takes 1 input, but is given 2");
    refuses(PRelu { per_channel: true }, PRelu::infer, &[scalar], "expects rank 1, but its input is []");
    refuses(Polynomial::DEFAULT, Polynomial::infer, &[x], "needs the field `coefficients`");
    let long = Polynomial { coefficients: &[1.0; 10] };
    refuses(long, Polynomial::infer, &[x], "has `coefficients: 10`, but it must be 1 to 9 numbers");
    let bad = Polynomial { coefficients: &[1.0, f64::INFINITY] };
    refuses(bad, Polynomial::infer, &[x], "needs the field `coefficients: finite numbers`");
    refuses(Polynomial { coefficients: &[1.0] }, Polynomial::infer, &[], "takes 1 input, but is given 0");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (x, row, scalar) = (Shape::new([3, 4]), Shape::new([4]), Shape::new([]));
    refuses(Sub, Sub::infer, &[x], "takes 2 inputs, but is given 1");
    refuses(Sub, Sub::infer, &[x; 3], "takes 2 inputs, but is given 3");
    refuses(Sub, Sub::infer, &[x, Shape::new([3])], "needs inputs whose sizes are equal or 1 on each axis, but they are [3, 4] and [3]");
    refuses(
        Add,
        Add::infer,
        &[row, x, Shape::new([2, 4])],
        "needs inputs whose sizes are equal or 1 on each axis, but they are [3, 4] and [2, 4]",
    );
    refuses(Scale::DEFAULT, Scale::infer, &[x; 2], "takes 1 input, but is given 2");
    refuses(LeakyRelu::DEFAULT, LeakyRelu::infer, &[], "takes 1 input, but is given 0");
    refuses(LeakyRelu { slope: f64::NAN }, LeakyRelu::infer, &[x], "needs the field `slope: a finite number`");
    for bad in [f64::NAN, f64::INFINITY] {
        refuses(Scale { factor: bad, ..Scale::DEFAULT }, Scale::infer, &[x], "needs the field `factor: finite numbers`");
        refuses(Scale { offset: bad, ..Scale::DEFAULT }, Scale::infer, &[x], "needs the field `offset: finite numbers`");
    }
    refuses(Scale { factors: &[1.0, f64::NAN, 2.0], ..Scale::DEFAULT }, Scale::infer, &[x], "needs the field `factor: finite numbers`");
    let four = Scale { factors: &[1.0; 4], ..Scale::DEFAULT };
    refuses(four, Scale::infer, &[x], "has `factors: 4`, but it must be one number for each size of axis 0");
    refuses(four, Scale::infer, &[scalar], "has `factors: 4`, but it must be one number for each size of axis 0");
    let offsets = Scale { offsets: &[1.0; 2], ..Scale::DEFAULT };
    refuses(offsets, Scale::infer, &[x], "has `offsets: 2`, but it must be one number for each size of axis 0");
}

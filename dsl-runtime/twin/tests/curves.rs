//! Smooth functions, functions of whole rows, quotients and weights along axes: values against the functions in f64, gradients against slopes of these.

mod common;

use common::{close, network, random, rng};
use undertone_runtime::graph::op::{Approx, Normalize, Smooth, Softmax};
use undertone_runtime::graph::{Init, Scope, Value, trace};
use undertone_shape::Shape;

const ALL: [Smooth; 18] = [
    Smooth::Gelu,
    Smooth::GeluTanh,
    Smooth::Silu,
    Smooth::Mish,
    Smooth::Softplus,
    Smooth::LogSigmoid,
    Smooth::Elu { alpha: 0.7 },
    Smooth::Selu,
    Smooth::Sigmoid,
    Smooth::Tanh,
    Smooth::Erf,
    Smooth::Exp,
    Smooth::Sin,
    Smooth::Cos,
    Smooth::Reciprocal,
    Smooth::Sqrt,
    Smooth::InverseSqrt,
    Smooth::Log,
];

/// The output of `body` on a parameter `x` of this shape, and the gradient of its sum, weighed by `factors`, by `x`.
fn output_and_gradient(
    shape: Shape,
    x: &[f32],
    factors: &[f32],
    body: impl for<'g> Fn(&mut Scope<'g>, Value<'g>) -> Value<'g>,
) -> [Vec<f32>; 2] {
    let graph = trace("M", &[("zero", shape)], |g, zero| {
        let x = g.parameter("x", shape, Init::Constant(0.0));
        let sum = g.add(zero[0], x);
        body(g, sum)
    })
    .unwrap();
    let mut network = network(graph, &mut rng(1));
    let mut weights = network.weights().unwrap();
    weights.insert("x", shape, x.to_vec());
    network.load(&weights).unwrap();
    let zero = vec![0.0; x.len()];
    let output = network.forward_train(&[&zero], 1, None).unwrap();
    let values = network.forward(&[&zero], 1).unwrap();
    let factors = burn::tensor::Tensor::<1>::from_floats(factors, &output.device()).reshape([1, factors.len()]);
    let gradients = network.gradients(&(output * factors).sum()).unwrap();
    let gradient = network.by_name(&gradients).unwrap().into_iter().find(|(name, _)| name == "x").unwrap().1.unwrap();
    [values, gradient]
}

#[test]
fn smooth_functions_and_their_slopes() {
    let x: Vec<f32> = (0..41).map(|k| (k as f32 - 20.0) * 0.31 + 0.013).chain([-60.0, 60.0]).collect();
    for function in ALL {
        let x: Vec<f32> = if matches!(function, Smooth::Exp) { x.iter().map(|v| v.clamp(-9.0, 9.0)).collect() } else { x.clone() };
        let ones = vec![1.0; x.len()];
        let [values, gradient] = output_and_gradient(Shape::new([x.len()]), &x, &ones, |g, x| g.curve(x, function, Approx::Everywhere));
        let of = |f: &dyn Fn(f64) -> f64| x.iter().map(|v| f(f64::from(*v)) as f32).collect::<Vec<f32>>();
        close(&values, &of(&|v| function.held(v)), 2e-6, &format!("{function:?}"));
        let slope = |v: f64| (function.held(v + 1e-6) - function.held(v - 1e-6)) / 2e-6;
        close(&gradient, &of(&slope), 1e-4, &format!("the slope of {function:?}"));
    }
}

#[test]
fn what_is_below_the_domain_is_held_without_a_slope() {
    for function in [Smooth::Reciprocal, Smooth::InverseSqrt, Smooth::Log, Smooth::Sqrt] {
        let (least, x) = (function.least().unwrap(), [-3.0, -0.5, -1e-3]);
        let [values, gradient] = output_and_gradient(Shape::new([3]), &x, &[1.0; 3], |g, x| g.curve(x, function, Approx::Everywhere));
        close(&values, &[function.at(least) as f32; 3], 1e-6, &format!("{function:?}"));
        close(&gradient, &[0.0; 3], 0.0, &format!("the slope of {function:?}"));
    }
}

/// The gradient by differences of `f` in f64.
fn slopes(x: &[f32], factors: &[f32], f: &dyn Fn(&[f64]) -> Vec<f64>) -> [Vec<f32>; 2] {
    let x: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
    let sum = |x: &[f64]| f(x).iter().zip(factors).map(|(v, w)| v * f64::from(*w)).sum::<f64>();
    let slope = |i: usize| {
        let moved = |by: f64| x.iter().enumerate().map(|(k, v)| if k == i { v + by } else { *v }).collect::<Vec<f64>>();
        ((sum(&moved(1e-6)) - sum(&moved(-1e-6))) / 2e-6) as f32
    };
    [f(&x).iter().map(|v| *v as f32).collect(), (0..x.len()).map(slope).collect()]
}

/// Rows of `size` elements, each by itself.
fn each(size: usize, f: impl Fn(&[f64]) -> Vec<f64>) -> impl Fn(&[f64]) -> Vec<f64> {
    move |x| x.chunks(size).flat_map(&f).collect()
}

#[test]
fn rows_and_their_gradients() {
    let shape = Shape::new([3, 2, 4]);
    let (x, factors) = (random(&mut rng(5), 24), random(&mut rng(6), 24));
    let soft = |logarithm| {
        each(4, move |row| {
            let sum: f64 = row.iter().map(|v| v.exp()).sum();
            row.iter().map(|v| if logarithm { v - sum.ln() } else { v.exp() / sum }).collect()
        })
    };
    let normal = |size: usize, centred: bool| {
        each(size, move |row| {
            let mean = if centred { row.iter().sum::<f64>() / row.len() as f64 } else { 0.0 };
            let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / row.len() as f64;
            row.iter().map(|v| (v - mean) / (variance + 1e-3).sqrt()).collect()
        })
    };
    for logarithm in [false, true] {
        let [values, gradient] =
            output_and_gradient(shape, &x, &factors, |g, x| g.softmax(x, Softmax { axis: 2, logarithm, within: None }));
        let [wanted, slopes] = slopes(&x, &factors, &soft(logarithm));
        close(&values, &wanted, 1e-6, "softmax");
        close(&gradient, &slopes, 1e-4, "the gradient of a softmax");
    }
    for (axes, centred) in [(1, true), (2, true), (1, false)] {
        let [values, gradient] = output_and_gradient(shape, &x, &factors, |g, x| g.normalize(x, Normalize { axes, eps: 1e-3, centred }));
        let [wanted, slopes] = slopes(&x, &factors, &normal(if axes == 2 { 8 } else { 4 }, centred));
        close(&values, &wanted, 1e-5, "normalisation");
        close(&gradient, &slopes, 1e-3, "the gradient of a normalisation");
    }
}

#[test]
fn a_softmax_along_another_axis_and_of_large_values() {
    let x: Vec<f32> = vec![300.0, -300.0, 299.0, 0.0, 300.0, 1.0];
    let [values, _] =
        output_and_gradient(Shape::new([3, 2]), &x, &[1.0; 6], |g, x| g.softmax(x, Softmax { axis: 0, logarithm: false, within: None }));
    let (a, b) = (1.0 / (2.0 + (-1f32).exp()), (-1f32).exp() / (2.0 + (-1f32).exp()));
    let (c, d) = (1.0 / (1.0 + 1f32.exp()), 1.0 / (1.0 + (-1f32).exp()));
    close(&values, &[a, 0.0, b, c, a, d], 1e-6, "columns");
}

#[test]
fn quotients_and_their_gradients() {
    let x: Vec<f32> = vec![1.0, -2.0, 3.0, 0.5, 0.25, 2.0];
    let (shape, factors) = (Shape::new([3, 2]), random(&mut rng(7), 4));
    // the last row divides the others
    let [values, gradient] = output_and_gradient(shape, &x, &factors, |g, x| {
        let (above, below) = (g.gather(x, 0, [0, 1]), g.gather(x, 0, [2]));
        g.divide(above, below)
    });
    let [wanted, slopes] = slopes(&x, &factors, &|x| (0..4).map(|i| x[i] / x[4 + i % 2]).collect());
    close(&values, &wanted, 1e-6, "quotients");
    close(&gradient, &slopes, 1e-4, "the gradient of quotients");
    let [values, _] = output_and_gradient(Shape::new([2]), &[1.0, -4.0], &[1.0], |g, x| {
        let (above, below) = (g.gather(x, 0, [0]), g.gather(x, 0, [1]));
        g.divide(above, below)
    });
    close(&values, &[256.0], 0.0, "a divisor that is not positive");
}

#[test]
fn weights_along_some_axes() {
    let (shape, x) = (Shape::new([2, 3, 4]), random(&mut rng(8), 24));
    for (axis, own) in [(0, vec![2]), (1, vec![3]), (2, vec![4]), (1, vec![3, 4]), (0, vec![2, 3])] {
        let inner: usize = shape.dims()[axis + own.len()..].iter().product();
        let own = Shape::from_slice(&own);
        let graph = trace("M", &[("x", shape)], |g, x| {
            let [weight, bias, more] = ["weight", "bias", "more"].map(|name| g.parameter(name, own, Init::Constant(0.0)));
            let y = g.scaled(x[0], axis, weight, Some(bias));
            g.biased(y, axis, more)
        })
        .unwrap();
        let network = network(graph, &mut rng(9));
        let weights = network.weights().unwrap();
        let of = |name: &str, i: usize| weights.get(name).unwrap().1[i / inner % own.numel()];
        let wanted: Vec<f32> = x.iter().enumerate().map(|(i, v)| v * of("weight", i) + of("bias", i) + of("more", i)).collect();
        close(&network.forward(&[&x], 1).unwrap(), &wanted, 1e-6, &format!("a weight {own} from axis {axis} on"));
    }
}

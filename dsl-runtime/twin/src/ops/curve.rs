//! Smooth functions, the softmax and quotients.

use super::movement::{along, expand};
use burn::tensor::{Tensor, activation};
use undertone_runtime::graph::op::{Smooth, Softmax};
use undertone_shape::Shape;

/// The function of each element; of what is below its domain, that of the end of the domain.
pub(crate) fn apply(x: Tensor<2>, function: Smooth) -> Tensor<2> {
    let x = match function.least() {
        Some(least) => held(x, least),
        None => x,
    };
    match function {
        Smooth::Gelu => x.clone() * ((x * core::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
        Smooth::GeluTanh => {
            let cube = x.clone() * x.clone() * x.clone() * 0.044_715;
            let inner = (x.clone() + cube) * (2.0 / core::f64::consts::PI).sqrt();
            x * (inner.tanh() + 1.0) * 0.5
        }
        Smooth::Silu => x.clone() * activation::sigmoid(x),
        Smooth::Mish => x.clone() * softplus(x).tanh(),
        Smooth::Softplus => softplus(x),
        Smooth::LogSigmoid => activation::log_sigmoid(x),
        Smooth::Elu { alpha } => elu(x, alpha),
        Smooth::Selu => elu(x, Smooth::SELU_ALPHA) * Smooth::SELU_SCALE,
        Smooth::Sigmoid => activation::sigmoid(x),
        Smooth::Tanh => x.tanh(),
        Smooth::Erf => x.erf(),
        Smooth::Exp => x.exp(),
        Smooth::Sin => x.sin(),
        Smooth::Cos => x.cos(),
        Smooth::Reciprocal => x.recip(),
        Smooth::Sqrt => x.sqrt(),
        Smooth::InverseSqrt => x.sqrt().recip(),
        Smooth::Log => x.log(),
    }
}

/// The quotients, element by element, with broadcasting.
pub(crate) fn divide(operands: [(Tensor<2>, Shape); 2], shape: Shape) -> Tensor<2> {
    let [a, b] = operands.map(|(x, own)| expand(x, own, shape));
    a / held(b, Smooth::LEAST)
}

/// The softmax along an axis, or its logarithm.
pub(crate) fn softmax(x: Tensor<2>, shape: Shape, softmax: &Softmax) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let x = along(x, shape, softmax.axis);
    let y = if softmax.logarithm { activation::log_softmax(x, 1) } else { activation::softmax(x, 1) };
    y.reshape([rows, elements])
}

/// What is below `least` is that, without a gradient.
fn held(x: Tensor<2>, least: f64) -> Tensor<2> {
    let below = x.clone().lower_elem(least as f32);
    x.mask_fill(below, least)
}

fn softplus(x: Tensor<2>) -> Tensor<2> {
    -activation::log_sigmoid(-x)
}

fn elu(x: Tensor<2>, alpha: f64) -> Tensor<2> {
    let positive = x.clone().greater_elem(0.0);
    // what is positive would overflow
    let curved = (x.clone().mask_fill(positive.clone(), 0.0).exp() - 1.0) * alpha;
    curved.mask_where(positive, x)
}

//! Functions that are polynomials between public breaks.

use burn::tensor::{Int, Tensor, TensorData};
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};

/// The value of the piece that holds at each element. The gradient is the slope of that piece.
pub(crate) fn apply(x: Tensor<2>, function: &Piecewise) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let flat: Tensor<1> = x.flatten(0, 1);
    let begun = |b: &Break| match *b {
        Break::From(at) => flat.clone().greater_equal_elem(at as f32),
        Break::After(at) => flat.clone().greater_elem(at as f32),
    };
    let mut piece: Tensor<1, Int> = Tensor::zeros([rows * elements], &flat.device());
    for b in &function.breaks {
        piece = piece + begun(b).int();
    }
    let coefficient = |of: fn(&Polynomial) -> f64| {
        let all: Vec<f32> = function.pieces.iter().map(|p| of(p) as f32).collect();
        let count = all.len();
        Tensor::<1>::from_data(TensorData::new(all, [count]), &flat.device()).select(0, piece.clone())
    };
    let mut y = coefficient(|p| p.slope) * flat.clone() + coefficient(|p| p.offset);
    if function.pieces.iter().any(|p| p.square != 0.0) {
        y = y + coefficient(|p| p.square) * flat.clone() * flat.clone();
    }
    y.reshape([rows, elements])
}

/// 1 where an element is greater than `at`, otherwise 0. It has no gradient.
pub(crate) fn above(x: Tensor<2>, at: f64) -> Tensor<2> {
    x.greater_elem(at as f32).float()
}

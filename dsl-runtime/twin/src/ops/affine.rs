//! Public affine maps.

use burn::tensor::{Tensor, TensorData};
use undertone_runtime::graph::op::Affine;
use undertone_shape::Shape;

/// `x factor + offset`, with one number for all elements or one for each size of axis 0.
pub(crate) fn affine(x: Tensor<2>, shape: Shape, affine: &Affine) -> Tensor<2> {
    let x = match *affine.factors {
        [factor] => x * factor,
        ref all => {
            let factors = channels(&x, shape, all);
            x * factors
        }
    };
    match *affine.offsets {
        [offset] => x + offset,
        ref all => {
            let offsets = channels(&x, shape, all);
            x + offsets
        }
    }
}

/// One number a channel, as often as the channel has elements.
fn channels(x: &Tensor<2>, shape: Shape, numbers: &[f64]) -> Tensor<2> {
    let each = shape.numel() / numbers.len().max(1);
    let all: Vec<f32> = numbers.iter().flat_map(|v| core::iter::repeat_n(*v as f32, each)).collect();
    let len = all.len();
    Tensor::from_data(TensorData::new(all, [1, len]), &x.device())
}

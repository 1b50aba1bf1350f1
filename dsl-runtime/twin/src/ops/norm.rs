//! Batch normalisation over the first axis of a sample.

use burn::tensor::module::batch_norm_train;
use burn::tensor::{Tensor, TensorData};
use undertone_runtime::graph::op::BatchNorm;
use undertone_shape::Shape;

/// The statistics of a batch, for each channel, outside of any tape.
pub(crate) struct Statistics {
    pub(crate) mean: Tensor<1>,
    /// The unbiased variance.
    pub(crate) variance: Tensor<1>,
}

/// With running statistics.
pub(crate) fn evaluate(x: Tensor<2>, shape: Shape, [gamma, beta, mean, variance]: [Tensor<1>; 4], norm: &BatchNorm) -> Tensor<2> {
    let (c, rest) = split(shape);
    let [rows, _] = x.dims();
    let scale = gamma / (variance + norm.epsilon).sqrt();
    let shift = beta - mean * scale.clone();
    (x.reshape([rows, c, rest]) * scale.reshape([1, c, 1]) + shift.reshape([1, c, 1])).flatten(1, 2)
}

/// With the statistics of the batch. `valid` is the share of each sample's last axis that takes part in them.
pub(crate) fn train(
    x: Tensor<2>,
    shape: Shape,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    norm: &BatchNorm,
    valid: Option<&[f32]>,
) -> Result<(Tensor<2>, Statistics), String> {
    let (c, rest) = split(shape);
    let [rows, _] = x.dims();
    if let (Some(valid), true) = (valid, shape.rank() > 1) {
        return masked(x, shape, gamma, beta, norm, valid);
    }
    let count = enough(rows * rest)?;
    let result = batch_norm_train(x.reshape([rows, c, rest]), gamma, beta, norm.epsilon);
    let statistics = Statistics { mean: result.mean.inner(), variance: result.variance.inner() * (count / (count - 1.0)) };
    Ok((result.output.flatten(1, 2), statistics))
}

/// As [`train`], where only the first positions of each sample's last axis count.
fn masked(
    x: Tensor<2>,
    shape: Shape,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    norm: &BatchNorm,
    valid: &[f32],
) -> Result<(Tensor<2>, Statistics), String> {
    let [rows, elements] = x.dims();
    let (c, time) = (shape.dim(0), shape.dim(shape.rank() - 1));
    let middle = elements / (c * time);
    let lengths: Vec<usize> = valid.iter().map(|share| ((share * time as f32).ceil() as usize).min(time)).collect();
    let mask: Vec<f32> = lengths.iter().flat_map(|n| (0..time).map(move |t| f32::from(u8::from(t < *n)))).collect();
    let mask = Tensor::<4>::from_data(TensorData::new(mask, [rows, 1, 1, time]), &x.device());
    let count = enough(lengths.iter().sum::<usize>() * middle)?;
    let x = x.reshape([rows, c, middle, time]);
    let over = |t: Tensor<4>| t.sum_dim(0).sum_dim(2).sum_dim(3);
    let mean = over(x.clone() * mask.clone()) / count;
    let centred = x - mean.clone();
    let variance = over(centred.clone() * centred.clone() * mask) / count;
    let y = centred * (gamma.reshape([1, c, 1, 1]) / (variance.clone() + norm.epsilon).sqrt()) + beta.reshape([1, c, 1, 1]);
    let statistics = Statistics { mean: mean.inner().reshape([c]), variance: variance.inner().reshape([c]) * (count / (count - 1.0)) };
    Ok((y.flatten(1, 3), statistics))
}

fn split(shape: Shape) -> (usize, usize) {
    (shape.dim(0), shape.numel() / shape.dim(0))
}

/// The number of values of a channel, of which training needs two.
fn enough(count: usize) -> Result<f64, String> {
    if count > 1 { Ok(count as f64) } else { Err("batch normalisation trains on more than one value a channel: use a larger batch".into()) }
}

//! Normalisation over the first axis of a sample, by running statistics or by those of a batch.

use burn::tensor::module::batch_norm_train;
use burn::tensor::{Tensor, TensorData};
use undertone_runtime::graph::op::{BatchNorm, Normalize, Over};
use undertone_shape::Shape;

/// The statistics of a batch, for each channel or group of channels, outside of any tape.
pub(crate) struct Statistics {
    pub(crate) mean: Tensor<1>,
    /// The unbiased variance.
    pub(crate) variance: Tensor<1>,
}

/// Gamma and beta, one of each a channel.
type Affine = Option<[Tensor<1>; 2]>;

/// With running statistics, one of each for every group of channels.
pub(crate) fn evaluate(x: Tensor<2>, shape: Shape, affine: Affine, [mean, variance]: [Tensor<1>; 2], norm: &BatchNorm) -> Tensor<2> {
    let [rows, _] = x.dims();
    let [groups] = mean.dims();
    let (c, rest) = split(shape);
    let each = |t: Tensor<1>| t.reshape([groups, 1]).expand([groups, c / groups]).reshape([c]);
    let (mean, scale) = (each(mean), each((variance + norm.epsilon).sqrt().recip()));
    let (scale, beta) = match affine {
        Some([gamma, beta]) => (gamma * scale, Some(beta)),
        None => (scale, None),
    };
    let shift = beta.map_or_else(|| -(mean.clone() * scale.clone()), |beta| beta - mean.clone() * scale.clone());
    (x.reshape([rows, c, rest]) * scale.reshape([1, c, 1]) + shift.reshape([1, c, 1])).flatten(1, 2)
}

/// With the statistics of the batch, or of each sample, for so many groups of channels. `valid` is the share of each sample's last axis that takes part in them.
pub(crate) fn train(
    x: Tensor<2>,
    shape: Shape,
    affine: Affine,
    groups: usize,
    norm: &BatchNorm,
    valid: Option<&[f32]>,
) -> Result<(Tensor<2>, Statistics), String> {
    let valid = valid.filter(|_| shape.rank() > 1);
    match (affine, valid) {
        (Some([gamma, beta]), None) if groups == shape.dim(0) && norm.over == Over::Batch => plain(x, shape, gamma, beta, norm),
        (affine, valid) => grouped(x, shape, affine, groups, norm, valid),
    }
}

/// Batch normalisation of whole samples, which burn has.
fn plain(x: Tensor<2>, shape: Shape, gamma: Tensor<1>, beta: Tensor<1>, norm: &BatchNorm) -> Result<(Tensor<2>, Statistics), String> {
    let (c, rest) = split(shape);
    let [rows, _] = x.dims();
    let count = enough(rows * rest)?;
    let result = batch_norm_train(x.reshape([rows, c, rest]), gamma, beta, norm.epsilon);
    let statistics = Statistics { mean: result.mean.inner(), variance: result.variance.inner() * (count / (count - 1.0)) };
    Ok((result.output.flatten(1, 2), statistics))
}

/// As [`train`], for groups of channels, for each sample by itself, or where only the first positions of each sample's last axis count.
fn grouped(
    x: Tensor<2>,
    shape: Shape,
    affine: Affine,
    groups: usize,
    norm: &BatchNorm,
    valid: Option<&[f32]>,
) -> Result<(Tensor<2>, Statistics), String> {
    let [rows, elements] = x.dims();
    let c = shape.dim(0);
    let time = if shape.rank() > 1 { shape.dim(shape.rank() - 1) } else { 1 };
    let middle = elements / (groups * time);
    let length = |share: &f32| ((share * time as f32).ceil() as usize).min(time);
    let lengths: Vec<usize> = valid.map_or_else(|| vec![time; rows], |valid| valid.iter().map(length).collect());
    let mask: Vec<f32> = lengths.iter().flat_map(|n| (0..time).map(move |t| f32::from(u8::from(t < *n)))).collect();
    let mask = Tensor::<4>::from_data(TensorData::new(mask, [rows, 1, 1, time]), &x.device());
    // how many values each mean is taken over
    let counts: Vec<f64> = match norm.over {
        Over::Batch => vec![enough(lengths.iter().sum::<usize>() * middle)?],
        Over::Sample => lengths.iter().map(|n| enough(n * middle)).collect::<Result<_, _>>()?,
    };
    let sets = counts.len();
    let by = |of: &dyn Fn(f64) -> f64| {
        let values: Vec<f32> = counts.iter().map(|n| of(*n) as f32).collect();
        Tensor::<4>::from_data(TensorData::new(values, [sets, 1, 1, 1]), &x.device())
    };
    let (share, unbiased) = (by(&|n| 1.0 / n), by(&|n| n / (n - 1.0)));
    let over = |t: Tensor<4>| {
        let of_samples = t.sum_dim(2).sum_dim(3);
        let sums = if norm.over == Over::Batch { of_samples.sum_dim(0) } else { of_samples };
        sums * share.clone()
    };
    let x = x.reshape([rows, groups, middle, time]);
    let mean = over(x.clone() * mask.clone());
    let centred = x - mean.clone();
    let variance = over(centred.clone() * centred.clone() * mask);
    let y = (centred / (variance.clone() + norm.epsilon).sqrt()).reshape([rows, c, elements / c]);
    let y = match affine {
        Some([gamma, beta]) => y * gamma.reshape([1, c, 1]) + beta.reshape([1, c, 1]),
        None => y,
    };
    // samples move the running statistics by the mean of theirs
    let of = |t: Tensor<4>| t.inner().mean_dim(0).reshape([groups]);
    let statistics = Statistics { mean: of(mean), variance: of(variance * unbiased) };
    Ok((y.flatten(1, 2), statistics))
}

/// The last axes by their own statistics.
pub(crate) fn rows(x: Tensor<2>, shape: Shape, norm: &Normalize) -> Tensor<2> {
    let [rows, elements] = x.dims();
    let size = norm.row(shape);
    let x: Tensor<2> = x.reshape([rows * elements / size, size]);
    let x = if norm.centred { x.clone() - x.mean_dim(1) } else { x };
    let variance = (x.clone() * x.clone()).mean_dim(1);
    (x / (variance + norm.eps).sqrt()).reshape([rows, elements])
}

/// Channels, and elements of each.
fn split(shape: Shape) -> (usize, usize) {
    (shape.dim(0), shape.numel() / shape.dim(0))
}

/// The number of values of a mean, of which training needs two.
fn enough(count: usize) -> Result<f64, String> {
    if count > 1 {
        Ok(count as f64)
    } else {
        Err("normalisation trains on more than one value a mean: use a larger batch for batch normalisation, and larger samples for others"
            .into())
    }
}

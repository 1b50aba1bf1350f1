//! Normalisation with statistics that are weights.

use undertone_shape::{Infer, Shape, ShapeError};

/// Normalisation over the first axis: `(x - mean) / sqrt(variance + epsilon) * weight + bias`, with one mean and one variance for each channel, or for each group of
/// channels that are neighbours. In training the twin uses the statistics of what it trains on and moves the running ones towards them by `momentum`, as PyTorch does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// How far one training batch moves the running statistics.
    pub momentum: f64,
    /// What statistics are taken over in training.
    pub over: Over,
}

/// What the statistics of a normalisation are taken over in training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// All samples of a batch together.
    #[default]
    Batch,
    /// Each sample by itself; the running statistics move towards the mean of those of the samples.
    Sample,
}

impl BatchNorm {
    /// PyTorch's numbers.
    pub const PLAIN: Self = Self { epsilon: 1e-5, momentum: 0.1, over: Over::Batch };

    /// The shape of the result: that of the first input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let (x, affine, [mean, variance]) = match *x {
            [x, mean, variance] => (x, None, [mean, variance]),
            [x, weight, bias, mean, variance] => (x, Some([weight, bias]), [mean, variance]),
            _ => return Err(ShapeError::arity(5, x.len())),
        };
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        if let Some(affine) = affine {
            let mut i = 0;
            while i < 2 {
                if affine[i].rank() != 1 || affine[i].dim(0) != x.dim(0) {
                    return Err(ShapeError::dim(0, x.dim(0), affine[i]));
                }
                i += 1;
            }
        }
        if mean.rank() != 1 || !x.dim(0).is_multiple_of(mean.dim(0)) {
            return Err(ShapeError::dim(0, x.dim(0), mean));
        }
        if !variance.same(&mean) {
            return Err(ShapeError::dim(0, mean.dim(0), variance));
        }
        Ok(x)
    }
}

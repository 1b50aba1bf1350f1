//! Normalisation with statistics that are weights.

use undertone_shape::{Infer, Shape, ShapeError};

/// Batch normalisation over the first axis: `(x - mean) / sqrt(variance + epsilon) * weight + bias`. In training the twin uses
/// the statistics of the batch and moves the running ones towards them by `momentum`, as PyTorch does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// How far one training batch moves the running statistics.
    pub momentum: f64,
}

impl BatchNorm {
    /// The shape of the result: that of the first input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x, weight, bias, mean, variance] = *x else { return Err(ShapeError::arity(5, x.len())) };
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        let all = [weight, bias, mean, variance];
        let mut i = 0;
        while i < 4 {
            if all[i].rank() != 1 || all[i].dim(0) != x.dim(0) {
                return Err(ShapeError::dim(0, x.dim(0), all[i]));
            }
            i += 1;
        }
        Ok(x)
    }
}

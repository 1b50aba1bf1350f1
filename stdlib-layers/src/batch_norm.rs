//! Batch normalisation.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// Batch normalisation over the channels: `[c, …]` to `[c, …]`. PyTorch: `nn.BatchNorm1d` and `nn.BatchNorm2d`.
///
/// ```text
/// y[i, …] = (x[i, …] - running_mean[i]) / sqrt(running_var[i] + epsilon) * weight[i] + bias[i]
/// ```
/// So in a prediction; while the twin trains, mean and variance are those of the batch, and the running ones move towards
/// them by `momentum`.
///
/// **Parameters.** `weight: [c]` starts at 1 and `bias: [c]` at 0; the buffers `running_mean: [c]` start at 0 and `running_var: [c]` at 1.
/// PyTorch's counter `num_batches_tracked` is not one of them.
///
/// **Cost.** None after a convolution or linear layer: the owner of the weights folds it into them, in the clear. Elsewhere one
/// opening of `x`: 1 round, 64 bits per element.
///
/// **Errors.** Other than one input; a scalar; an `epsilon` that is negative or not finite; a `momentum` outside of 0 to 1.
///
/// ```
/// use undertone_layers::BatchNorm;
/// use undertone_shape::Shape;
/// assert_eq!(BatchNorm::DEFAULT.infer(&[Shape::new([16, 8, 8])]), Ok(Shape::new([16, 8, 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// How far one training batch moves the running statistics, from 0 to 1.
    pub momentum: f64,
}

impl BatchNorm {
    /// PyTorch's numbers.
    pub const DEFAULT: Self = Self { epsilon: 1e-5, momentum: 0.1 };

    /// `[c, …]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(ShapeError::required("epsilon: 0 or more"));
        }
        if !(self.momentum >= 0.0 && self.momentum <= 1.0) {
            return Err(ShapeError::required("momentum: 0 to 1"));
        }
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        Ok(x)
    }
}

impl Layer for BatchNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "batch_norm", e, x);
        }
        let channels = [x[0].shape().dim(0)];
        let weight = g.parameter("weight", channels, Init::Constant(1.0));
        let bias = g.parameter("bias", channels, Init::Constant(0.0));
        let mean = g.buffer("running_mean", channels, Init::Constant(0.0));
        let variance = g.buffer("running_var", channels, Init::Constant(1.0));
        g.batch_norm(x[0], [weight, bias, mean, variance], op::BatchNorm { epsilon: self.epsilon, momentum: self.momentum })
    }
}

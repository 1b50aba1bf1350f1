//! Batch normalisation.

use crate::support::Normalisation;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Over;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Batch normalisation over the channels: `[c, …]` to `[c, …]`. PyTorch: `nn.BatchNorm1d`, `nn.BatchNorm2d` and
/// `nn.BatchNorm3d`.
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
/// **Cost.** None after a convolution or, on a vector, a linear layer, whose result nobody else reads: the owner of the weights folds it
/// into them, in the clear. Elsewhere, such as after a ReLU, it is a depthwise product of one tap: one opening of `x`, 1 round and 64 bits
/// per element.
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
        self.general().infer(x)
    }

    const fn general(&self) -> Normalisation {
        let Self { epsilon, momentum } = *self;
        Normalisation { rank: 1, groups: None, epsilon, momentum, affine: true, over: Over::Batch, live: false }
    }
}

impl Layer for BatchNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "batch_norm", x)
    }
}

//! Instance normalisation with running statistics.

use crate::support::Normalisation;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Over;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Instance normalisation by running statistics: `[c, …]` to `[c, …]`. PyTorch: `nn.InstanceNorm1d`, `nn.InstanceNorm2d` and
/// `nn.InstanceNorm3d` with `track_running_stats=True`.
///
/// ```text
/// y[i, …] = (x[i, …] - running_mean[i]) / sqrt(running_var[i] + epsilon) * weight[i] + bias[i]
/// ```
/// So in a prediction; while the twin trains, mean and variance are those of each channel of each sample, and the running ones move
/// towards the mean of those of a batch by `momentum`. The last factor and the bias are there with `affine: true` alone.
///
/// Statistics of the very sample that is predicted, which are PyTorch's default, are not there yet: they depend on secret data.
///
/// **Parameters.** With `affine: true`, `weight: [c]` starts at 1 and `bias: [c]` at 0; the buffers `running_mean: [c]` start at 0 and
/// `running_var: [c]` at 1. PyTorch's counter `num_batches_tracked` is not one of them.
///
/// **Cost.** None after a convolution: the owner of the weights folds it into them, in the clear. Elsewhere one opening of `x`: 1 round,
/// 64 bits per element.
///
/// **Errors.** Other than one input; a rank below 2; an `epsilon` that is negative or not finite; a `momentum` outside of 0 to 1.
///
/// ```
/// use undertone_layers::InstanceNorm;
/// use undertone_shape::Shape;
/// assert_eq!(InstanceNorm::DEFAULT.infer(&[Shape::new([16, 8, 8])]), Ok(Shape::new([16, 8, 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceNorm {
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// How far one training batch moves the running statistics, from 0 to 1.
    pub momentum: f64,
    /// Whether there are a weight and a bias for each channel.
    pub affine: bool,
}

impl InstanceNorm {
    /// PyTorch's numbers, and as there no weight and no bias.
    pub const DEFAULT: Self = Self { epsilon: 1e-5, momentum: 0.1, affine: false };

    /// `[c, …]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Normalisation {
        let Self { epsilon, momentum, affine } = *self;
        Normalisation { rank: 2, groups: None, epsilon, momentum, affine, over: Over::Sample }
    }
}

impl Layer for InstanceNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "instance_norm", x)
    }
}

//! Instance normalisation.

use crate::support::Normalisation;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Over;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Instance normalisation: `[c, …]` to `[c, …]`. PyTorch: `nn.InstanceNorm1d`, `nn.InstanceNorm2d` and `nn.InstanceNorm3d`, with `track_running_stats=True`
/// unless `live: true`.
///
/// ```text
/// y[i, …] = (x[i, …] - running_mean[i]) / sqrt(running_var[i] + epsilon) * weight[i] + bias[i]
/// ```
/// So in a prediction; while the twin trains, mean and variance are those of each channel of each sample, and the running ones move
/// towards the mean of those of a batch by `momentum`. The last factor and the bias are there with `affine: true` alone.
///
/// With `live: true` the statistics are those of the very sample that is predicted, which is PyTorch's default, at the cost of a root for each channel.
///
/// **Parameters.** With `affine: true`, `weight: [c]` starts at 1 and `bias: [c]` at 0; unless `live: true`, the buffers `running_mean: [c]` start at 0 and
/// `running_var: [c]` at 1. PyTorch's counter `num_batches_tracked` is not one of them.
///
/// **Cost.** None after a convolution: the owner of the weights folds it into them, in the clear. Elsewhere one opening of `x`: 1 round,
/// 64 bits per element. With `live: true` that of [`LayerNorm`](crate::LayerNorm), a channel being a row.
///
/// **Errors.** Other than one input; a rank below 2; an `epsilon` that is negative or not finite, or 0 with `live: true`; a `momentum` outside of 0 to 1.
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
    /// Whether the statistics are those of the sample, and none are kept.
    pub live: bool,
}

impl InstanceNorm {
    /// PyTorch's numbers, and as there no weight and no bias.
    pub const DEFAULT: Self = Self { epsilon: 1e-5, momentum: 0.1, affine: false, live: false };

    /// `[c, …]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Normalisation {
        let Self { epsilon, momentum, affine, live } = *self;
        Normalisation { rank: 2, groups: None, epsilon, momentum, affine, over: Over::Sample, live }
    }
}

impl Layer for InstanceNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "instance_norm", x)
    }
}

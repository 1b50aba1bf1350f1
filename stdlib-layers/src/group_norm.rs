//! Group normalisation.

use crate::support::Normalisation;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Over;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Group normalisation: `[c, …]` to `[c, …]`. With `live: true` PyTorch's `nn.GroupNorm`, by the statistics of each sample; otherwise what it computes with fixed
/// statistics in their place.
///
/// ```text
/// y[i, …] = (x[i, …] - running_mean[g]) / sqrt(running_var[g] + epsilon) * weight[i] + bias[i],   g = floor(i groups / c)
/// ```
/// So in a prediction; while the twin trains, mean and variance are those of each group of channels of each sample, as PyTorch has them,
/// and the running ones move towards the mean of those of a batch by `momentum`, as PyTorch's instance normalisation moves its own.
/// Weight and bias are there unless `affine: false`.
///
/// **PyTorch's `nn.GroupNorm` has no running statistics**: it takes those of the very sample that is predicted. So does `live: true`, at the cost of a root for each
/// group. Without it a model from there needs `running_mean` and `running_var`, measured on samples that may be known,
/// and computes something else by as much as the statistics of a sample differ from these. Look at the accuracy of the twin before a
/// private run.
///
/// **Parameters.** Unless `affine: false`, `weight: [c]` starts at 1 and `bias: [c]` at 0; unless `live: true`, the buffers `running_mean: [groups]` start at 0
/// and `running_var: [groups]` at 1.
///
/// **Cost.** None after a convolution or, on a vector, a linear layer: the owner of the weights folds it into them, in the clear. Elsewhere
/// one opening of `x`: 1 round, 64 bits per element. With `live: true` that of [`LayerNorm`](crate::LayerNorm), a group being a row.
///
/// **Errors.** Other than one input; a scalar; `groups` missing; a number of channels that is 0 or no multiple of `groups`; an `epsilon`
/// that is negative or not finite, or 0 with `live: true`; a `momentum` outside of 0 to 1.
///
/// ```
/// use undertone_layers::GroupNorm;
/// use undertone_shape::Shape;
/// let layer = GroupNorm { groups: 4, ..GroupNorm::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([16, 8, 8])]), Ok(Shape::new([16, 8, 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupNorm {
    /// The number of groups into which the channels are split; required.
    pub groups: usize,
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// How far one training batch moves the running statistics, from 0 to 1.
    pub momentum: f64,
    /// Whether there are a weight and a bias for each channel.
    pub affine: bool,
    /// Whether the statistics are those of the sample, as PyTorch's are, and none are kept.
    pub live: bool,
}

impl GroupNorm {
    /// PyTorch's numbers, with weight and bias; `groups` is missing.
    pub const DEFAULT: Self = Self { groups: 0, epsilon: 1e-5, momentum: 0.1, affine: true, live: false };

    /// `[c, …]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Normalisation {
        let Self { groups, epsilon, momentum, affine, live } = *self;
        Normalisation { rank: 1, groups: Some(groups), epsilon, momentum, affine, over: Over::Sample, live }
    }
}

impl Layer for GroupNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "group_norm", x)
    }
}

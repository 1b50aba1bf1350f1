//! Normalisation of channels, with running statistics or those of the sample: the common part of `BatchNorm`, `InstanceNorm` and `GroupNorm`.

use super::{one, refused, shapes};
use undertone_runtime::graph::{Init, Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of the layer.
pub(crate) struct Normalisation {
    /// The fewest axes of an input.
    pub(crate) rank: usize,
    /// Groups of channels that have their statistics together; `None` where each channel has its own.
    pub(crate) groups: Option<usize>,
    pub(crate) epsilon: f64,
    pub(crate) momentum: f64,
    /// Whether there are a weight and a bias for each channel.
    pub(crate) affine: bool,
    pub(crate) over: op::Over,
    /// Whether the statistics of the sample are taken, and none are kept.
    pub(crate) live: bool,
}

impl Normalisation {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if let Some(0) = self.groups {
            return Err(ShapeError::required("groups"));
        }
        if !(self.epsilon >= 0.0 && self.epsilon.is_finite()) {
            return Err(ShapeError::required("epsilon: 0 or more"));
        }
        if !(self.momentum >= 0.0 && self.momentum <= 1.0) {
            return Err(ShapeError::required("momentum: 0 to 1"));
        }
        if x.rank() < self.rank {
            return Err(ShapeError::rank(self.rank, x));
        }
        if self.live && (self.epsilon <= 0.0 || x.numel() == 0) {
            return Err(ShapeError::required("epsilon: a positive number, and elements"));
        }
        if let Some(groups) = self.groups {
            if x.dim(0) == 0 {
                return Err(ShapeError::too_small(0, 1, x));
            }
            if !x.dim(0).is_multiple_of(groups) {
                return Err(ShapeError::divisible(0, groups, x));
            }
        }
        Ok(x)
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, layer, e, x);
        }
        let channels = x[0].shape().dim(0);
        let groups = self.groups.unwrap_or(channels);
        if self.live {
            return super::live::groups(g, x[0], groups, self.epsilon, self.affine);
        }
        let affine = self
            .affine
            .then(|| [g.parameter("weight", [channels], Init::Constant(1.0)), g.parameter("bias", [channels], Init::Constant(0.0))]);
        let mean = g.buffer("running_mean", [groups], Init::Constant(0.0));
        let variance = g.buffer("running_var", [groups], Init::Constant(1.0));
        let norm = op::BatchNorm { epsilon: self.epsilon, momentum: self.momentum, over: self.over };
        g.normalise(x[0], affine, [mean, variance], norm)
    }
}

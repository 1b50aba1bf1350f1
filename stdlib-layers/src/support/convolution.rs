//! Convolution over one to three spatial axes: the common part of `Conv1d`, `Conv2d`, `Conv3d` and of the depthwise layers.

use super::{Axes, one, refused, shapes, windows};
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of a convolutional layer, with the number of spatial axes.
pub(crate) struct Convolution {
    pub(crate) spatial: usize,
    pub(crate) channels: Channels,
    pub(crate) kernel: Axes,
    pub(crate) stride: Axes,
    pub(crate) padding: Axes,
    pub(crate) dilation: Axes,
    pub(crate) bias: bool,
}

/// How a layer says how many channels there are.
pub(crate) enum Channels {
    /// So many, in groups.
    Mixed { out: usize, groups: usize },
    /// So many for each channel of the input.
    Each { multiplier: usize },
}

impl Channels {
    /// Channels of the output, and groups, for an input of `c` channels.
    const fn of(&self, c: usize) -> Result<(usize, usize), ShapeError> {
        match *self {
            Self::Mixed { out: 0, .. } => Err(ShapeError::required("out")),
            Self::Mixed { groups: 0, .. } => Err(ShapeError::field("groups", 0, "at least 1")),
            Self::Mixed { out, groups } if !out.is_multiple_of(groups) => Err(ShapeError::field("out", out, "a multiple of `groups`")),
            Self::Mixed { out, groups } => Ok((out, groups)),
            Self::Each { multiplier: 0 } => Err(ShapeError::field("multiplier", 0, "at least 1")),
            Self::Each { multiplier } => Ok((c.saturating_mul(multiplier), c)),
        }
    }
}

impl Convolution {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        let (out, groups) = match self.channels.of(x.dim(0)) {
            Ok(channels) => channels,
            Err(e) => return Err(e),
        };
        if x.rank() != self.spatial + 1 {
            return Err(ShapeError::rank(self.spatial + 1, x));
        }
        if x.dim(0) == 0 {
            return Err(ShapeError::too_small(0, 1, x));
        }
        if !x.dim(0).is_multiple_of(groups) {
            return Err(ShapeError::divisible(0, groups, x));
        }
        let fields = [(&self.kernel, 1), (&self.stride, 1), (&self.dilation, 1), (&self.padding, 0)];
        let mut field = 0;
        while field < fields.len() {
            if let Err(e) = fields[field].0.check(self.spatial, fields[field].1) {
                return Err(e);
            }
            field += 1;
        }
        let mut result = x.with_dim(0, out);
        let mut i = 0;
        while i < self.spatial {
            match windows(x, i + 1, self.kernel.at(i), self.stride.at(i), self.padding.at(i), self.dilation.at(i)) {
                Ok(size) => result = result.with_dim(i + 1, size),
                Err(e) => return Err(e),
            }
            i += 1;
        }
        Ok(result)
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>]) -> Value<'g> {
        let shapes = shapes(x);
        let (out, groups) = match self.infer(&shapes).and_then(|_| self.channels.of(shapes[0].dim(0))) {
            Ok(channels) => channels,
            Err(e) => return refused(g, layer, e, x),
        };
        let taps = self.kernel.all(self.spatial, 1);
        let dims = [&[out, shapes[0].dim(0) / groups], &taps[..self.spatial]].concat();
        let init = Init::Uniform { fan_in: dims[1..].iter().product() };
        let weight = g.parameter("weight", Shape::from_slice(&dims), init);
        let bias = self.bias.then(|| g.parameter("bias", [out], init));
        let geometry = Conv {
            stride: self.stride.all(self.spatial, 1),
            padding: self.padding.all(self.spatial, 0),
            dilation: self.dilation.all(self.spatial, 1),
            groups,
        };
        g.conv(x[0], weight, bias, geometry)
    }
}

//! Convolution over `spatial` axes with a kernel of one size on each: the common part of `Conv1d` and `Conv2d`.

use super::{axes, one, refused, shapes, windows};
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of a convolutional layer, with the number of spatial axes.
pub(crate) struct Convolution {
    pub(crate) spatial: usize,
    pub(crate) out: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) dilation: usize,
    pub(crate) groups: usize,
    pub(crate) bias: bool,
}

impl Convolution {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.out == 0 {
            return Err(ShapeError::required("out"));
        }
        if self.groups == 0 {
            return Err(ShapeError::field("groups", 0, "at least 1"));
        }
        if !self.out.is_multiple_of(self.groups) {
            return Err(ShapeError::field("out", self.out, "a multiple of `groups`"));
        }
        if x.rank() != self.spatial + 1 {
            return Err(ShapeError::rank(self.spatial + 1, x));
        }
        if x.dim(0) == 0 {
            return Err(ShapeError::too_small(0, 1, x));
        }
        if !x.dim(0).is_multiple_of(self.groups) {
            return Err(ShapeError::divisible(0, self.groups, x));
        }
        let mut out = x.with_dim(0, self.out);
        let mut axis = 1;
        while axis <= self.spatial {
            match windows(x, axis, self.kernel, self.stride, self.padding, self.dilation) {
                Ok(size) => out = out.with_dim(axis, size),
                Err(e) => return Err(e),
            }
            axis += 1;
        }
        Ok(out)
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, layer, e, x);
        }
        let channels = x[0].shape().dim(0) / self.groups;
        let mut dims = vec![self.out, channels];
        dims.resize(2 + self.spatial, self.kernel);
        let init = Init::Uniform { fan_in: dims[1..].iter().product() };
        let weight = g.parameter("weight", Shape::from_slice(&dims), init);
        let bias = self.bias.then(|| g.parameter("bias", [self.out], init));
        let geometry = Conv {
            stride: axes(self.spatial, self.stride, 1),
            padding: axes(self.spatial, self.padding, 0),
            dilation: axes(self.spatial, self.dilation, 1),
            groups: self.groups,
        };
        g.conv(x[0], weight, bias, geometry)
    }
}

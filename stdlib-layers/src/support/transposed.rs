//! Transposed convolution over one or two spatial axes: the common part of `ConvTranspose1d` and `ConvTranspose2d`.

use super::{Axes, one, refused, shapes};
use undertone_runtime::graph::op::ConvTranspose;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of the layer, with the number of spatial axes.
pub(crate) struct Transposed {
    pub(crate) spatial: usize,
    pub(crate) out: usize,
    pub(crate) kernel: Axes,
    pub(crate) stride: Axes,
    pub(crate) padding: Axes,
    pub(crate) output_padding: Axes,
    pub(crate) dilation: Axes,
    pub(crate) groups: usize,
    pub(crate) bias: bool,
}

impl Transposed {
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
        let fields = [(&self.kernel, 1), (&self.stride, 1), (&self.dilation, 1), (&self.padding, 0), (&self.output_padding, 0)];
        let mut field = 0;
        while field < fields.len() {
            if let Err(e) = fields[field].0.check(self.spatial, fields[field].1) {
                return Err(e);
            }
            field += 1;
        }
        let operation = self.operation();
        let mut result = x.with_dim(0, self.out);
        let mut i = 0;
        while i < self.spatial {
            match operation.size(x, i, self.kernel.at(i)) {
                Ok(size) => result = result.with_dim(i + 1, size),
                Err(e) => return Err(e),
            }
            i += 1;
        }
        Ok(result)
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, layer, e, x);
        }
        let taps = self.kernel.all(self.spatial, 1);
        let dims = [&[x[0].shape().dim(0), self.out / self.groups], &taps[..self.spatial]].concat();
        // PyTorch counts what a channel of the input is spread over
        let init = Init::Uniform { fan_in: dims[1..].iter().product() };
        let weight = g.parameter("weight", Shape::from_slice(&dims), init);
        let bias = self.bias.then(|| g.parameter("bias", [self.out], init));
        g.conv_transpose(x[0], weight, bias, self.operation())
    }

    const fn operation(&self) -> ConvTranspose {
        ConvTranspose {
            stride: self.stride.all(self.spatial, 1),
            padding: self.padding.all(self.spatial, 0),
            output_padding: self.output_padding.all(self.spatial, 0),
            dilation: self.dilation.all(self.spatial, 1),
            groups: self.groups,
        }
    }
}

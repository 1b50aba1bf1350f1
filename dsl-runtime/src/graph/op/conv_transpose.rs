//! Transposed convolution: what a convolution does to gradients.

use undertone_shape::{Infer, Shape, ShapeError};

/// The geometry of a transposed convolution over one to three spatial axes; entries beyond the number of spatial axes are ignored.
///
/// Position `i` of the input adds `x[i] * weight[t]` to position `i * stride - padding + t * dilation` of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConvTranspose {
    /// How far apart in the result neighbours of the input are, on each spatial axis.
    pub stride: [usize; 3],
    /// Positions that are taken off both ends of each spatial axis of the result.
    pub padding: [usize; 3],
    /// Positions that are added at the far end of each spatial axis of the result.
    pub output_padding: [usize; 3],
    /// The distance between the taps of the kernel on each spatial axis.
    pub dilation: [usize; 3],
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
}

impl ConvTranspose {
    /// Stride 1, no padding, no dilation, one group.
    pub const PLAIN: Self = Self { stride: [1; 3], padding: [0; 3], output_padding: [0; 3], dilation: [1; 3], groups: 1 };

    /// The shape of the result, from the shapes of input, weight `[c, out / groups, kernel…]` and, where there is one, bias.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let (x, w, bias) = match *x {
            [x, w] => (x, w, None),
            [x, w, b] => (x, w, Some(b)),
            _ => return Err(ShapeError::arity(2, x.len())),
        };
        if x.rank() < 2 || x.rank() > 4 {
            return Err(ShapeError::rank(w.rank() - 1, x));
        }
        if w.rank() != x.rank() + 1 {
            return Err(ShapeError::rank(x.rank() + 1, w));
        }
        if self.groups == 0 {
            return Err(ShapeError::field("groups", 0, "at least 1"));
        }
        if x.dim(0) == 0 || !x.dim(0).is_multiple_of(self.groups) {
            return Err(ShapeError::divisible(0, self.groups, x));
        }
        if w.dim(0) != x.dim(0) {
            return Err(ShapeError::dim(0, w.dim(0), x));
        }
        let channels = w.dim(1) * self.groups;
        if let Some(b) = bias
            && !(b.rank() == 1 && b.dim(0) == channels)
        {
            return Err(ShapeError::dim(0, channels, b));
        }
        let mut out = x.with_dim(0, channels);
        let mut i = 0;
        while i < x.rank() - 1 {
            match self.size(x, i, w.dim(i + 2)) {
                Ok(size) => out = out.with_dim(i + 1, size),
                Err(e) => return Err(e),
            }
            i += 1;
        }
        Ok(out)
    }

    /// The size of the result on spatial axis `i` of `x: [c, spatial…]`: `(size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1`.
    ///
    /// # Errors
    /// When kernel, stride or dilation is 0, `output_padding` is not below the larger one of stride and dilation, the axis is empty, or nothing is left.
    pub const fn size(&self, x: Shape, i: usize, kernel: usize) -> Result<usize, ShapeError> {
        let (stride, dilation) = (self.stride[i], self.dilation[i]);
        if kernel == 0 {
            return Err(ShapeError::field("kernel", 0, "at least 1"));
        }
        if stride == 0 {
            return Err(ShapeError::field("stride", 0, "at least 1"));
        }
        if dilation == 0 {
            return Err(ShapeError::field("dilation", 0, "at least 1"));
        }
        if self.output_padding[i] >= stride && self.output_padding[i] >= dilation {
            return Err(ShapeError::field("output_padding", self.output_padding[i], "below `stride` or below `dilation`"));
        }
        let (both, more) = (self.padding[i].saturating_mul(2), self.output_padding[i]);
        let one = dilation.saturating_mul(kernel - 1).saturating_add(more).saturating_add(1);
        let size = x.dim(i + 1);
        if size == 0 || (size - 1).saturating_mul(stride).saturating_add(one) <= both {
            // as many more as it takes to leave one position
            let missing = both.saturating_add(1).saturating_sub(one).div_ceil(stride);
            return Err(ShapeError::too_small(i + 1, missing + 1, x));
        }
        Ok((size - 1).saturating_mul(stride).saturating_add(one) - both)
    }
}

//! Convolution and matrix product.

use undertone_shape::{Infer, Shape, ShapeError};

/// The geometry of a convolution over one to three spatial axes; entries beyond the number of spatial axes are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// The step of the window on each spatial axis.
    pub stride: [usize; 3],
    /// Zeros added at both ends of each spatial axis.
    pub padding: [usize; 3],
    /// The distance between the taps of the kernel on each spatial axis.
    pub dilation: [usize; 3],
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
}

impl Conv {
    /// Stride 1, no padding, no dilation, one group.
    pub const PLAIN: Self = Self { stride: [1; 3], padding: [0; 3], dilation: [1; 3], groups: 1 };

    /// The shape of the result, from the shapes of input, weight and, where there is one, bias.
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
        if !x.dim(0).is_multiple_of(self.groups) {
            return Err(ShapeError::divisible(0, self.groups, x));
        }
        if !w.dim(0).is_multiple_of(self.groups) {
            return Err(ShapeError::field("out", w.dim(0), "a multiple of `groups`"));
        }
        if w.dim(1) * self.groups != x.dim(0) {
            return Err(ShapeError::dim(0, w.dim(1) * self.groups, x));
        }
        if let Some(b) = bias
            && !(b.rank() == 1 && b.dim(0) == w.dim(0))
        {
            return Err(ShapeError::dim(0, w.dim(0), b));
        }
        let mut out = x.with_dim(0, w.dim(0));
        let mut i = 0;
        while i < x.rank() - 1 {
            match window(x, i, w.dim(i + 2), self.stride[i], self.padding[i], self.dilation[i]) {
                Ok(size) => out = out.with_dim(i + 1, size),
                Err(e) => return Err(e),
            }
            i += 1;
        }
        Ok(out)
    }
}

/// The number of windows on spatial axis `i` of `x: [c, spatial…]`.
pub(super) const fn window(x: Shape, i: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> Result<usize, ShapeError> {
    if kernel == 0 {
        return Err(ShapeError::field("kernel", 0, "at least 1"));
    }
    if stride == 0 {
        return Err(ShapeError::field("stride", 0, "at least 1"));
    }
    if dilation == 0 {
        return Err(ShapeError::field("dilation", 0, "at least 1"));
    }
    let reach = dilation * (kernel - 1) + 1;
    if x.dim(i + 1) + 2 * padding < reach {
        return Err(ShapeError::too_small(i + 1, reach - 2 * padding, x));
    }
    Ok((x.dim(i + 1) + 2 * padding - reach) / stride + 1)
}

/// `[.., in]` and `[out, in]` give `[.., out]`.
pub(super) const fn infer_linear(x: &[Shape]) -> Infer {
    let (x, w, bias) = match *x {
        [x, w] => (x, w, None),
        [x, w, b] => (x, w, Some(b)),
        _ => return Err(ShapeError::arity(2, x.len())),
    };
    if w.rank() != 2 {
        return Err(ShapeError::rank(2, w));
    }
    if x.rank() == 0 {
        return Err(ShapeError::rank(1, x));
    }
    let last = x.rank() - 1;
    if x.dim(last) != w.dim(1) {
        return Err(ShapeError::dim(last, w.dim(1), x));
    }
    if let Some(b) = bias
        && !(b.rank() == 1 && b.dim(0) == w.dim(0))
    {
        return Err(ShapeError::dim(0, w.dim(0), b));
    }
    Ok(x.with_dim(last, w.dim(0)))
}

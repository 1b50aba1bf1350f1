//! Windows over `spatial` axes, of one size on each: the common part of the pools.

use super::{axes, one, windows};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of a pool, with the number of spatial axes.
pub(crate) struct Pooling {
    pub(crate) spatial: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

impl Pooling {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.kernel == 0 {
            return Err(ShapeError::field("kernel", 0, "at least 1"));
        }
        if self.padding > self.kernel / 2 {
            return Err(ShapeError::field("padding", self.padding, "at most half of `kernel`"));
        }
        if x.rank() != self.spatial + 1 {
            return Err(ShapeError::rank(self.spatial + 1, x));
        }
        let mut out = x;
        let mut axis = 1;
        while axis <= self.spatial {
            match windows(x, axis, self.kernel, self.step(), self.padding, 1) {
                Ok(size) => out = out.with_dim(axis, size),
                Err(e) => return Err(e),
            }
            axis += 1;
        }
        Ok(out)
    }

    /// Kernel, stride and padding for each axis of the operation.
    pub(crate) const fn axes(&self) -> [[usize; 3]; 3] {
        [axes(self.spatial, self.kernel, 1), axes(self.spatial, self.step(), 1), axes(self.spatial, self.padding, 0)]
    }

    /// The stride; 0 stands for that of windows that touch.
    const fn step(&self) -> usize {
        if self.stride == 0 { self.kernel } else { self.stride }
    }
}

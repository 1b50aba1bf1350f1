//! Windows that follow from the size of the result: the common part of the adaptive pools.

use super::{Axes, one};
use undertone_shape::{Infer, Shape, ShapeError};

/// The fields of an adaptive pool, with the number of spatial axes.
pub(crate) struct Adaptive {
    pub(crate) spatial: usize,
    pub(crate) out: Axes,
}

impl Adaptive {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.out.value == 0 && self.out.values.is_empty() {
            return Err(ShapeError::required("out"));
        }
        if x.rank() != self.spatial + 1 {
            return Err(ShapeError::rank(self.spatial + 1, x));
        }
        if let Err(e) = self.out.check(self.spatial, 1) {
            return Err(e);
        }
        let mut out = x;
        let mut axis = 0;
        while axis < self.spatial {
            if x.dim(axis + 1) == 0 {
                return Err(ShapeError::too_small(axis + 1, 1, x));
            }
            if self.out.at(axis) >= super::LARGEST_AXIS {
                return Err(ShapeError::field(self.out.name(), self.out.at(axis), "less than 2^24"));
            }
            out = out.with_dim(axis + 1, self.out.at(axis));
            axis += 1;
        }
        Ok(out)
    }

    /// The size of the windows of each axis, where all are equal and touch: so that one operation over all axes has them.
    pub(crate) fn even(&self, x: Shape) -> Option<[usize; 3]> {
        let divides = (0..self.spatial).all(|axis| x.dim(axis + 1).is_multiple_of(self.out.at(axis)));
        divides.then(|| core::array::from_fn(|axis| if axis < self.spatial { x.dim(axis + 1) / self.out.at(axis) } else { 1 }))
    }

    /// For each window along a spatial axis, the positions that it covers.
    pub(crate) fn windows(&self, x: Shape, axis: usize) -> Vec<Vec<usize>> {
        let (size, out) = (x.dim(axis + 1), self.out.at(axis));
        (0..out).map(|k| (k * size / out..((k + 1) * size).div_ceil(out)).collect()).collect()
    }
}

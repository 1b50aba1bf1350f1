//! The index of the largest value along an axis.

use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

/// The index of the largest value along an axis, the lowest one on a tie: an integer, which later operations may move but not compute with. The axis is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArgMax {
    /// The axis that is searched.
    pub axis: usize,
}

impl ArgMax {
    /// The shape of the result: that of the input without the axis.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if x.dim(self.axis) == 0 {
            return Err(ShapeError::too_small(self.axis, 1, x));
        }
        let (mut dims, mut i) = ([0; MAX_RANK], 0);
        while i + 1 < x.rank() {
            dims[i] = x.dim(if i < self.axis { i } else { i + 1 });
            i += 1;
        }
        Ok(Shape::from_slice(dims.split_at(x.rank() - 1).0))
    }
}

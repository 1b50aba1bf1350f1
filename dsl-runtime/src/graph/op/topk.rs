//! The largest values along an axis, or their indices.

use undertone_shape::{Infer, Shape, ShapeError};

/// The `k` largest values along an axis, or their indices: the largest first, the lowest index first of equal ones. The axis keeps its place and has the size `k`.
/// Indices are integers, which later operations may move but not compute with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TopK {
    /// The axis that is searched.
    pub axis: usize,
    /// How many are found.
    pub k: usize,
    /// Whether values are wanted; otherwise indices.
    pub values: bool,
}

impl TopK {
    /// The longest axis of which more than [`MOST`](Self::MOST) may be found: all of it is one group.
    pub const GROUP: usize = 64;

    /// The largest `k` on longer axes.
    pub const MOST: usize = 32;

    /// The shape of the result: that of the input with `k` in the place of the axis.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if self.k == 0 {
            return Err(ShapeError::field("k", 0, "at least 1"));
        }
        let size = x.dim(self.axis);
        if size < self.k {
            return Err(ShapeError::too_small(self.axis, self.k, x));
        }
        if self.k > Self::MOST && size > Self::GROUP {
            return Err(ShapeError::field("k", self.k, "at most 32 on an axis of more than 64"));
        }
        Ok(x.with_dim(self.axis, self.k))
    }
}

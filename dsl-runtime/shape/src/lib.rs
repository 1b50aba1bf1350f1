//! Tensor shapes as compile-time *values*: the const evaluator of rustc computes with them, so that a wrong shape is a
//! compile error at the stage that caused it.
//!
//! [`Shape`] holds up to [`MAX_RANK`] dimensions. A layer answers [`Infer`]: the shape of its output, or a [`ShapeError`] that
//! says what it needs. Only [`check`] renders such an error, for generated code.
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod message;

pub use error::{POISONED, ShapeError, check, or_empty, render, returns, within};
pub use message::Message;

/// The largest number of dimensions of a [`Shape`].
pub const MAX_RANK: usize = 8;

/// The dimensions of one sample's tensor; there is no batch dimension.
///
/// ```
/// use undertone_shape::Shape;
/// const IMAGE: Shape = Shape::new([3, 32, 32]);
/// assert_eq!(IMAGE.numel(), 3072);
/// assert_eq!(IMAGE.dims(), [3, 32, 32]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    rank: usize,
    dims: [usize; MAX_RANK],
}

/// What a layer's `infer` returns: the shape of its output, or why it refuses its inputs.
pub type Infer = Result<Shape, ShapeError>;

impl Shape {
    /// The shape with these dimensions, outermost first.
    ///
    /// # Panics
    /// With more than [`MAX_RANK`] dimensions; in const evaluation that is a compile error.
    pub const fn new<const R: usize>(dims: [usize; R]) -> Self {
        Self::from_slice(&dims)
    }

    /// The shape with these dimensions, outermost first.
    ///
    /// # Panics
    /// With more than [`MAX_RANK`] dimensions.
    pub const fn from_slice(dims: &[usize]) -> Self {
        assert!(dims.len() <= MAX_RANK, "shapes have at most 8 dimensions");
        let mut shape = Self { rank: dims.len(), dims: [0; MAX_RANK] };
        let mut i = 0;
        while i < dims.len() {
            shape.dims[i] = dims[i];
            i += 1;
        }
        shape
    }

    /// The number of dimensions.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The size of one axis; 0 beyond the rank.
    pub const fn dim(&self, axis: usize) -> usize {
        if axis < MAX_RANK { self.dims[axis] } else { 0 }
    }

    /// The dimensions, outermost first.
    pub const fn dims(&self) -> &[usize] {
        self.dims.split_at(self.rank).0
    }

    /// The number of elements; 1 for a scalar.
    pub const fn numel(&self) -> usize {
        let (mut n, mut i) = (1, 0);
        while i < self.rank {
            n *= self.dims[i];
            i += 1;
        }
        n
    }

    /// The same shape with another size of one axis; unchanged beyond the rank.
    pub const fn with_dim(mut self, axis: usize, size: usize) -> Self {
        if axis < self.rank {
            self.dims[axis] = size;
        }
        self
    }

    /// The shape that two values have together where axes of size 1, and axes that one of them lacks at the front, are stretched: PyTorch's broadcasting of one sample.
    ///
    /// # Errors
    /// When the sizes of an axis differ and neither is 1.
    ///
    /// ```
    /// use undertone_shape::Shape;
    /// let gate = Shape::new([8, 1, 1]);
    /// assert_eq!(Shape::new([8, 5, 4]).broadcast(&gate), Ok(Shape::new([8, 5, 4])));
    /// assert_eq!(gate.broadcast(&Shape::new([5, 1])), Ok(Shape::new([8, 5, 1])));
    /// assert!(gate.broadcast(&Shape::new([3, 1, 1])).is_err());
    /// ```
    pub const fn broadcast(&self, other: &Self) -> Infer {
        let (long, short) = if self.rank >= other.rank { (self, other) } else { (other, self) };
        let mut out = *long;
        let mut i = 0;
        while i < short.rank {
            let axis = long.rank - short.rank + i;
            let (a, b) = (long.dims[axis], short.dims[i]);
            if a != b && a != 1 && b != 1 {
                return Err(ShapeError::stretch(*self, *other));
            }
            out.dims[axis] = if a == 1 { b } else { a };
            i += 1;
        }
        Ok(out)
    }

    /// Whether both shapes have the same dimensions (`==` for const evaluation).
    pub const fn same(&self, other: &Self) -> bool {
        if self.rank != other.rank {
            return false;
        }
        let mut i = 0;
        while i < self.rank {
            if self.dims[i] != other.dims[i] {
                return false;
            }
            i += 1;
        }
        true
    }
}

impl core::fmt::Debug for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.dims()).finish()
    }
}

impl core::fmt::Display for Shape {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Debug::fmt(self, f)
    }
}

impl<const R: usize> From<[usize; R]> for Shape {
    fn from(dims: [usize; R]) -> Self {
        Self::new(dims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_kept_in_order() {
        let s = Shape::new([3, 32, 16]);
        assert_eq!((s.rank(), s.dim(0), s.dim(2), s.dim(3), s.dim(99)), (3, 3, 16, 0, 0));
        assert_eq!(s.numel(), 1536);
        assert_eq!(Shape::new([]).numel(), 1);
    }

    #[test]
    fn equality_looks_at_rank_and_every_axis() {
        assert!(Shape::new([2, 3]).same(&Shape::new([2, 3])));
        assert!(!Shape::new([2, 3]).same(&Shape::new([2, 4])));
        assert!(!Shape::new([2, 3]).same(&Shape::new([2, 3, 1])));
        assert_eq!(Shape::new([2, 3]).with_dim(1, 4), Shape::new([2, 4]));
        assert_eq!(Shape::new([2, 3]).with_dim(2, 4), Shape::new([2, 3]));
    }

    #[test]
    #[should_panic(expected = "at most 8 dimensions")]
    fn nine_dimensions_are_refused() {
        let _ = Shape::from_slice(&[1; 9]);
    }
}

//! How the axes of a value lie in memory. Convolutions want channels innermost, matrix products the natural order; a permutation of axes costs nothing until
//! somebody needs another order.

use super::step::Copy;
use serde::{Deserialize, Serialize};
use undertone_shape::Shape;

/// The axes of a value, outermost in memory first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Layout(pub Vec<u8>);

impl Layout {
    /// Row-major: axis 0 outermost.
    pub fn natural(rank: usize) -> Self {
        Self((0..rank as u8).collect())
    }

    /// Axis 0, the channels, innermost.
    pub fn channels_last(rank: usize) -> Self {
        Self((1..rank as u8).chain((rank > 0).then_some(0)).collect())
    }

    /// Whether a value of this shape lies the same way in both: axes of size 1 do not matter.
    pub fn same(&self, other: &Self, shape: &Shape) -> bool {
        let seen = |l: &Self| l.0.iter().copied().filter(|a| shape.dim(usize::from(*a)) != 1).collect::<Vec<_>>();
        seen(self) == seen(other)
    }

    /// The distance in memory of neighbours on each axis.
    pub fn strides(&self, shape: &Shape) -> Vec<usize> {
        let mut strides = vec![0; shape.rank()];
        let mut step = 1;
        for axis in self.0.iter().rev() {
            strides[usize::from(*axis)] = step;
            step *= shape.dim(usize::from(*axis));
        }
        strides
    }

    /// The layout of what is left when the axis at `place` in memory is gone.
    pub fn without(&self, place: usize) -> Self {
        let gone = self.0[place];
        Self(self.0.iter().filter(|a| **a != gone).map(|a| a - u8::from(*a > gone)).collect())
    }

    /// The copy that takes a value from this layout to another.
    pub fn to(&self, other: &Self, shape: &Shape) -> Copy {
        let (from, to) = (self.strides(shape), other.strides(shape));
        Copy::new(&other.0, shape, &from, &to, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_last_moves_axis_0_inside() {
        let shape = Shape::new([2, 3, 4]);
        let cl = Layout::channels_last(3);
        assert_eq!(cl.strides(&shape), [1, 8, 2]);
        assert_eq!(Layout::natural(3).strides(&shape), [12, 4, 1]);
        let mut out = vec![0u64; 24];
        let x: Vec<u64> = (0..24).collect();
        Layout::natural(3).to(&cl, &shape).run(&x, &mut out);
        assert_eq!(out[..4], [0, 12, 1, 13]);
        let mut back = vec![0u64; 24];
        cl.to(&Layout::natural(3), &shape).run(&out, &mut back);
        assert_eq!(back, x);
    }

    #[test]
    fn the_axes_that_are_left_keep_their_order() {
        assert_eq!(Layout(vec![2, 0, 3, 1]).without(1), Layout(vec![1, 2, 0]));
        assert_eq!(Layout::channels_last(3).without(2), Layout::natural(2));
        assert_eq!(Layout::natural(1).without(0), Layout::natural(0));
    }

    #[test]
    fn axes_of_size_one_do_not_matter() {
        assert!(Layout::natural(3).same(&Layout::channels_last(3), &Shape::new([5, 1, 1])));
        assert!(Layout::natural(3).same(&Layout::channels_last(3), &Shape::new([1, 5, 3])));
        assert!(!Layout::natural(2).same(&Layout::channels_last(2), &Shape::new([5, 3])));
    }
}

//! The primitive operations in burn, on values `[rows, elements]`; one file a family.

pub(crate) mod affine;
pub(crate) mod curve;
pub(crate) mod loss;
pub(crate) mod movement;
pub(crate) mod norm;
pub(crate) mod piecewise;
pub(crate) mod product;
pub(crate) mod topk;
pub(crate) mod window;

use undertone_shape::Shape;

/// The dimensions of `rows` samples of a shape of rank `D - 1`.
fn dims<const D: usize>(rows: usize, shape: Shape) -> [usize; D] {
    core::array::from_fn(|i| if i == 0 { rows } else { shape.dim(i - 1) })
}

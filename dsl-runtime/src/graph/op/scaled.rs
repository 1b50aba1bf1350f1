//! Products with a weight along some axes, and sums.

use undertone_shape::{Infer, Shape, ShapeError};

/// `x weight + bias`: weight and bias have one shape, whose axes are those of `x` from `axis` on; all other axes repeat them. A gamma and a beta for each channel have axis 0, those of the
/// last axes begin where these do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The first axis that weights differ along.
    pub axis: usize,
}

/// `x + weight`: the axes of the weight are those of `x` from `axis` on; all other axes repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Biased {
    /// The first axis of the weight.
    pub axis: usize,
}

impl Biased {
    /// The shape of the result: that of the first input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        match *x {
            [x, weight] => along(self.axis, x, weight),
            _ => Err(ShapeError::arity(2, x.len())),
        }
    }
}

impl Scaled {
    /// The shape of the result: that of the first input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let (x, weight) = match *x {
            [x, weight] => (x, weight),
            [x, weight, bias] => {
                if !bias.same(&weight) {
                    return Err(ShapeError::same(weight, bias));
                }
                (x, weight)
            }
            _ => return Err(ShapeError::arity(3, x.len())),
        };
        along(self.axis, x, weight)
    }
}

/// The shape of `x`, whose axes from `axis` on a weight has.
const fn along(axis: usize, x: Shape, weight: Shape) -> Infer {
    let Some(end) = axis.checked_add(weight.rank()) else { return Err(ShapeError::field("axis", axis, "below the rank of the input")) };
    if weight.rank() == 0 || end > x.rank() {
        return Err(ShapeError::rank(end, x));
    }
    let mut i = 0;
    while i < weight.rank() {
        if x.dim(axis + i) != weight.dim(i) || weight.dim(i) == 0 {
            return Err(ShapeError::dim(axis + i, weight.dim(i), x));
        }
        i += 1;
    }
    Ok(x)
}

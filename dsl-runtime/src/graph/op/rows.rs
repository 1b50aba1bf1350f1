//! Functions of whole rows: softmax, and normalisation by a row's own statistics.

use undertone_shape::{Infer, Shape, ShapeError};

/// The softmax along an axis, `e^x / sum of e^x`, or its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax {
    /// The axis whose elements sum up to 1.
    pub axis: usize,
    /// Whether the logarithm is wanted.
    pub logarithm: bool,
    /// The largest magnitude of a value, where the description promises one: no maximum is sought then. Beyond it the result of a private run is any number.
    pub within: Option<f64>,
}

/// Normalisation by the statistics of each row: `(x - mean) / sqrt(variance + eps)` over the last axes, with the biased variance; or, where it is not centred, `x / sqrt(mean of x^2 + eps)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize {
    /// How many axes, the last ones, make a row.
    pub axes: usize,
    /// Added to the variance before the root.
    pub eps: f64,
    /// Whether the mean is subtracted.
    pub centred: bool,
}

impl Softmax {
    /// The shape of the result: that of the input.
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
        if let Some(most) = self.within
            && !(most > 0.0 && most.is_finite())
        {
            return Err(ShapeError::required("within: a positive number"));
        }
        Ok(x)
    }
}

impl Normalize {
    /// The shape of the result: that of the input.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if !(self.eps > 0.0 && self.eps.is_finite()) {
            return Err(ShapeError::required("eps: a positive number"));
        }
        if self.axes == 0 {
            return Err(ShapeError::field("axes", 0, "at least 1"));
        }
        if x.rank() < self.axes {
            return Err(ShapeError::rank(self.axes, x));
        }
        let mut axis = x.rank() - self.axes;
        while axis < x.rank() {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            axis += 1;
        }
        Ok(x)
    }

    /// The number of elements of a row.
    pub fn row(&self, x: Shape) -> usize {
        x.dims()[x.rank().saturating_sub(self.axes)..].iter().product()
    }
}

//! Products of two values, and polynomials of one.

use undertone_shape::{Infer, Shape, ShapeError};

/// A polynomial with public coefficients, element by element: `coefficients[0] + coefficients[1] x + …`.
#[derive(Clone, Debug, PartialEq)]
pub struct Coefficients {
    /// The constant first; at most nine.
    pub coefficients: Vec<f64>,
}

impl Coefficients {
    /// The largest degree.
    pub const DEGREE: usize = 8;

    /// The value at `x`.
    pub fn at(&self, x: f64) -> f64 {
        self.coefficients.iter().rev().fold(0.0, |sum, a| sum * x + a)
    }

    /// The shape of the result: that of the input.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if self.coefficients.is_empty() || self.coefficients.len() > Self::DEGREE + 1 {
            return Err(ShapeError::field("coefficients", self.coefficients.len(), "1 to 9 numbers"));
        }
        if self.coefficients.iter().any(|a| !a.is_finite()) {
            return Err(ShapeError::required("coefficients: finite numbers"));
        }
        Ok(x)
    }
}

pub(super) fn infer_mul(x: &[Shape]) -> Infer {
    match *x {
        [a, b] => a.broadcast(&b),
        _ => Err(ShapeError::arity(2, x.len())),
    }
}

/// `[.., a, b]` by `[.., b, c]`, all other axes broadcast.
pub(super) fn infer_matmul(x: &[Shape]) -> Infer {
    let [a, b] = *x else { return Err(ShapeError::arity(2, x.len())) };
    for shape in [a, b] {
        if shape.rank() < 2 {
            return Err(ShapeError::rank(2, shape));
        }
    }
    let inner = a.dim(a.rank() - 1);
    if b.dim(b.rank() - 2) != inner {
        return Err(ShapeError::dim(b.rank() - 2, inner, b));
    }
    let outer = |s: Shape| Shape::from_slice(&s.dims()[..s.rank() - 2]);
    let dims = match outer(a).broadcast(&outer(b)) {
        Ok(outer) => outer.dims().iter().copied().chain([a.dim(a.rank() - 2), b.dim(b.rank() - 1)]).collect::<Vec<usize>>(),
        Err(_) => return Err(ShapeError::stretch(a, b)),
    };
    Ok(Shape::from_slice(&dims))
}

//! Polynomial with public coefficients.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// `coefficients[0] + coefficients[1] x + coefficients[2] x^2 + …`, element by element; any shape, up to degree 8. Networks that were trained with polynomials in the place of
/// ReLUs are described so. PyTorch: `sum(c * x ** k for k, c in enumerate(coefficients))`.
///
/// **Parameters.** None: the coefficients stand in the description.
///
/// **Cost.** Degree 0 and 1 are a [`Scale`](crate::Scale). Degree d is one opening, 1 round and 64 bits an element, and 64 (d - 1) correction bits offline, if its exact value has
/// room in the ring: at the default numbers up to degree 2, in a ring of 64 bits with 12 fraction and 28 opened bits up to degree 3. Otherwise it is a polynomial in x^2 whose
/// coefficients are linear in x: 3 rounds for x^2, and for every two degrees more 2 rounds and 65 bits an element.
///
/// **Numbers.** Coefficients are rounded to at least 10 significant bits or 16 fraction bits, whichever is less; after one opening nothing else is rounded. In the longer form x^2
/// and each sum are, by a unit of 2^-16, which the powers of x that still come multiply. x^2 and the polynomial have to stay below 2^16, and in the longer form so do the sums on
/// the way; outside of that, results are garbage as everywhere.
///
/// **Errors.** Other than one input; no coefficients or more than nine; one that is not finite. A plan refuses coefficients beyond its limit, 2^16.
///
/// ```
/// use undertone_layers::Polynomial;
/// use undertone_shape::Shape;
/// let smooth = Polynomial { coefficients: &[0.25, 0.5, 0.125] };
/// assert_eq!(smooth.infer(&[Shape::new([8, 4, 4])]), Ok(Shape::new([8, 4, 4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    /// The constant first.
    pub coefficients: &'static [f64],
}

impl Polynomial {
    /// Without coefficients, which have to be given.
    pub const DEFAULT: Self = Self { coefficients: &[] };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if self.coefficients.is_empty() {
            return Err(ShapeError::required("coefficients"));
        }
        if self.coefficients.len() > op::Coefficients::DEGREE + 1 {
            return Err(ShapeError::field("coefficients", self.coefficients.len(), "1 to 9 numbers"));
        }
        let mut i = 0;
        while i < self.coefficients.len() {
            if !self.coefficients[i].is_finite() {
                return Err(ShapeError::required("coefficients: finite numbers"));
            }
            i += 1;
        }
        one(x)
    }
}

impl Layer for Polynomial {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "polynomial", e, x);
        }
        g.polynomial(x[0], self.coefficients)
    }
}

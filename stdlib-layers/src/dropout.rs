//! Dropout.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Drops elements at random while the twin trains, and divides the others by `1 - rate`; the identity in every prediction. Any shape.
/// PyTorch: `nn.Dropout`.
///
/// **Parameters.** None.
///
/// **Cost.** None.
///
/// **Errors.** Other than one input; a `rate` that is not at least 0 and below 1.
///
/// ```
/// use undertone_layers::Dropout;
/// use undertone_shape::Shape;
/// assert_eq!(Dropout { rate: 0.2 }.infer(&[Shape::new([128])]), Ok(Shape::new([128])));
/// assert!(Dropout { rate: 1.0 }.infer(&[Shape::new([128])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// The share of elements that is set to zero.
    pub rate: f64,
}

impl Dropout {
    /// Half of the elements.
    pub const DEFAULT: Self = Self { rate: 0.5 };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !(self.rate >= 0.0 && self.rate < 1.0) {
            return Err(ShapeError::required("rate: 0 or more, below 1"));
        }
        one(x)
    }
}

impl Layer for Dropout {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "dropout", e, x);
        }
        g.dropout(x[0], self.rate)
    }
}

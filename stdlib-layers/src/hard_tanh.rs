//! Values between two limits.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Piecewise;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `min(max(x, min), max)`, element by element; any shape. PyTorch: `nn.Hardtanh(min, max)`, `torch.clamp(x, min, max)`.
///
/// **Parameters.** None.
///
/// **Cost.** As [`Relu6`](crate::Relu6): 4 rounds, 72 bits an element, 471 bits of corrections. Exact, but for the limits, which are rounded to the fraction bits.
///
/// **Errors.** Other than one input; limits that are not finite; `min` not below `max`.
///
/// ```
/// use undertone_layers::HardTanh;
/// use undertone_shape::Shape;
/// assert_eq!(HardTanh { min: -2.0, max: 2.0 }.infer(&[Shape::new([128])]), Ok(Shape::new([128])));
/// assert!(HardTanh { min: 2.0, max: 2.0 }.infer(&[Shape::new([128])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardTanh {
    /// The smallest result.
    pub min: f64,
    /// The largest result.
    pub max: f64,
}

impl HardTanh {
    /// Between -1 and 1.
    pub const DEFAULT: Self = Self { min: -1.0, max: 1.0 };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !(self.min.is_finite() && self.max.is_finite() && self.min < self.max) {
            return Err(ShapeError::required("max: a finite number above `min`, which is finite too"));
        }
        one(x)
    }
}

impl Layer for HardTanh {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "hard_tanh", e, x);
        }
        g.piecewise(x[0], Piecewise::clamp(self.min, self.max))
    }
}

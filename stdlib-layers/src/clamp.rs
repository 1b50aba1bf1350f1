//! Values between two limits.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `min(max(x, min), max)`, element by element; any shape. PyTorch: `torch.clamp(x, min, max)`, where a limit that is left out is infinite here.
///
/// **Parameters.** None.
///
/// **Cost.** Per element two thresholds of one opening: 4 rounds and 72 bits; with one limit one, 53 bits. Exact, but for the limits, which are rounded to the
/// fraction bits.
///
/// **Errors.** Other than one input; no limit at all, a limit that is not a number, or `min` not below `max`.
///
/// ```
/// use undertone_layers::Clamp;
/// use undertone_shape::Shape;
/// assert_eq!(Clamp { min: 0.0, ..Clamp::DEFAULT }.infer(&[Shape::new([9])]), Ok(Shape::new([9])));
/// assert!(Clamp::DEFAULT.infer(&[Shape::new([9])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clamp {
    /// What no value is below; minus infinity for no such limit.
    pub min: f64,
    /// What no value is above; infinity for no such limit.
    pub max: f64,
}

impl Clamp {
    /// No limits; at least one is required.
    pub const DEFAULT: Self = Self { min: f64::NEG_INFINITY, max: f64::INFINITY };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !self.min.is_finite() && !self.max.is_finite() {
            return Err(ShapeError::required("min: a finite number, or `max`"));
        }
        // a limit that is no number is below nothing
        if !(self.min < self.max && self.min < f64::INFINITY && self.max > f64::NEG_INFINITY) {
            return Err(ShapeError::required("min: a number below `max`"));
        }
        one(x)
    }
}

impl Layer for Clamp {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "clamp", e, x);
        }
        let (mut breaks, mut pieces) = (vec![], vec![]);
        if self.min.is_finite() {
            breaks.push(Break::After(self.min));
            pieces.push(Polynomial::constant(self.min));
        }
        pieces.push(Polynomial::line(1.0, 0.0));
        if self.max.is_finite() {
            breaks.push(Break::From(self.max));
            pieces.push(Polynomial::constant(self.max));
        }
        g.piecewise(x[0], Piecewise { breaks, pieces })
    }
}

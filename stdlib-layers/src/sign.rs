//! The sign.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// 1 where x is positive, -1 where it is negative, and 0 for 0, element by element; any shape. PyTorch: `torch.sign`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element two thresholds of one opening: 4 rounds and 72 bits. Exact, but that a value which rounds to 0 at the scale of the plan is 0.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Sign;
/// use undertone_shape::Shape;
/// assert_eq!(Sign.infer(&[Shape::new([9])]), Ok(Shape::new([9])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign;

impl Sign {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for Sign {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "sign", e, x);
        }
        let pieces = vec![Polynomial::constant(-1.0), Polynomial::constant(0.0), Polynomial::constant(1.0)];
        g.piecewise(x[0], Piecewise { breaks: vec![Break::From(0.0), Break::After(0.0)], pieces })
    }
}

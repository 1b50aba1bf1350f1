//! The magnitude.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `|x|`, element by element; any shape. PyTorch: `torch.abs`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element one threshold of one opening: 4 rounds and 51 bits. Exact, but that a value which rounds to 0 at the scale of the plan is 0.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Abs;
/// use undertone_shape::Shape;
/// assert_eq!(Abs.infer(&[Shape::new([9])]), Ok(Shape::new([9])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Abs;

impl Abs {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for Abs {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "abs", e, x);
        }
        let pieces = vec![Polynomial::line(-1.0, 0.0), Polynomial::line(1.0, 0.0)];
        g.piecewise(x[0], Piecewise { breaks: vec![Break::From(0.0)], pieces })
    }
}

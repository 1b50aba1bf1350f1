//! The sigmoid of three straight lines.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `relu6(x + 3) / 6`, element by element; any shape. PyTorch: `nn.Hardsigmoid`.
///
/// **Parameters.** None.
///
/// **Cost.** As [`Relu6`](crate::Relu6): 4 rounds, 72 bits an element, 471 bits of corrections. Exact: the sixth stays with the value as a public factor, as the division of
/// an average pool does.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::HardSigmoid;
/// use undertone_shape::Shape;
/// assert_eq!(HardSigmoid.infer(&[Shape::new([16])]), Ok(Shape::new([16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardSigmoid;

impl HardSigmoid {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for HardSigmoid {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "hard_sigmoid", e, x);
        }
        let pieces = vec![Polynomial::constant(0.0), Polynomial::line(1.0 / 6.0, 0.5), Polynomial::constant(1.0)];
        g.piecewise(x[0], Piecewise { breaks: vec![Break::From(-3.0), Break::From(3.0)], pieces })
    }
}

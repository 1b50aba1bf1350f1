//! A value times its hard sigmoid.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `x relu6(x + 3) / 6`, element by element; any shape. PyTorch: `nn.Hardswish`.
///
/// ```text
/// 0 below -3,   (x^2 + 3 x) / 6 from -3 to 3,   x from 3 on
/// ```
/// **Parameters.** None.
///
/// **Cost.** Per element two thresholds and a parabola of one opening: 4 rounds and 72 bits, 821 bits of corrections. The square comes out of the opening that finds the
/// thresholds, from the dealt square of its mask; a product of x with its hard sigmoid would open both once more, 128 bits and a round. The result has the scale of a
/// product, and the sixth stays with it as a public factor, so it is exact until it is truncated for what follows.
///
/// **Errors.** Other than one input. A plan is refused where x carries the factor of a mean over more than 26 values (the result would have it twice).
///
/// ```
/// use undertone_layers::HardSwish;
/// use undertone_shape::Shape;
/// assert_eq!(HardSwish.infer(&[Shape::new([16, 7, 7])]), Ok(Shape::new([16, 7, 7])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HardSwish;

impl HardSwish {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for HardSwish {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "hard_swish", e, x);
        }
        let pieces = vec![Polynomial::constant(0.0), Polynomial { square: 1.0 / 6.0, slope: 0.5, offset: 0.0 }, Polynomial::line(1.0, 0.0)];
        g.piecewise(x[0], Piecewise { breaks: vec![Break::From(-3.0), Break::From(3.0)], pieces })
    }
}

//! The hyperbolic tangent.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `tanh(x)`, element by element; any shape. PyTorch: `nn.Tanh`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 94 bits, 1557 bits of corrections; `Within(4.0)` 2 rounds, 40 bits and 1122. The largest error measured at the default
/// numbers is 2^-12.0 (2^-13.0 within 4). [`Approx`] trades rounds against corrections, and with `Within` leaves comparisons out, for promises of up to 8.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Tanh;
/// use undertone_shape::Shape;
/// assert_eq!(Tanh::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tanh {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Tanh {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Tanh, self.approx, x)
    }
}

impl Layer for Tanh {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "tanh", (Smooth::Tanh, self.approx), x)
    }
}

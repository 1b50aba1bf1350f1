//! The Gaussian error linear unit.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `x / 2 (1 + erf(x / sqrt(2)))`, or with `tanh: true` `x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`, element by element; any shape. PyTorch:
/// `nn.GELU(approximate="none")` and `nn.GELU(approximate="tanh")`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 95 bits, 1239 bits of corrections; `Quick` 3 rounds, 70 bits and 2121; `Within(4.0)` 2 rounds, 41 bits and 647. The
/// largest error measured at the default numbers is 2^-13.0 (2^-13.4 with `tanh: true`, 2^-13.7 within 4). [`Approx`] trades rounds against corrections, and
/// with `Within` leaves comparisons out, for promises of up to 16. `Quick` is right for values up to half of the largest that the plan can hold, which is 2^15 at the default
/// numbers.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Gelu;
/// use undertone_shape::Shape;
/// assert_eq!(Gelu::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gelu {
    /// Whether the form with the hyperbolic tangent is meant.
    pub tanh: bool,
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Gelu {
    /// The exact one, right everywhere.
    pub const DEFAULT: Self = Self { tanh: false, approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(self.function(), self.approx, x)
    }

    const fn function(&self) -> Smooth {
        if self.tanh { Smooth::GeluTanh } else { Smooth::Gelu }
    }
}

impl Layer for Gelu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "gelu", (self.function(), self.approx), x)
    }
}

//! The error function.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to x, element by element; any shape. PyTorch: `torch.erf`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 94 bits, 1147 bits of corrections. The largest error measured at the default numbers is 2^-13.3. [`Approx`] trades rounds
/// against corrections, and with `Within` leaves comparisons out, for promises of up to 8.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Erf;
/// use undertone_shape::Shape;
/// assert_eq!(Erf::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erf {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Erf {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Erf, self.approx, x)
    }
}

impl Layer for Erf {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "erf", (Smooth::Erf, self.approx), x)
    }
}

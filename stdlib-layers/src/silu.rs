//! The sigmoid linear unit.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `x / (1 + e^-x)`, element by element; any shape. PyTorch: `nn.SiLU`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 96 bits, 1848 bits of corrections. The largest error measured at the default numbers is 2^-12.4. [`Approx`] trades rounds
/// against corrections, and with `Within` leaves comparisons out, for promises of up to 16.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Silu;
/// use undertone_shape::Shape;
/// assert_eq!(Silu::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Silu {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Silu {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Silu, self.approx, x)
    }
}

impl Layer for Silu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "silu", (Smooth::Silu, self.approx), x)
    }
}

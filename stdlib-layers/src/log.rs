//! The natural logarithm.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `ln(x)`, element by element; any shape. PyTorch: `torch.log`.
///
/// x is positive: what is below 2^-8 acts as 2^-8, in the twin as well.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 484 bits, 12,181 bits of corrections; `Quick` 3 rounds, 349 bits and 12,962; `Compact` 6 rounds, 312 bits and 1920. The
/// largest error measured at the default numbers is 2^-12.7, compact 2^-13.7. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and compares for the others all the
/// same.
///
/// **Errors.** Other than one input; an `approx` within what is no positive number.
///
/// ```
/// use undertone_layers::Log;
/// use undertone_shape::Shape;
/// assert_eq!(Log::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Log {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Log {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Log, self.approx, x)
    }
}

impl Layer for Log {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "log", (Smooth::Log, self.approx), x)
    }
}

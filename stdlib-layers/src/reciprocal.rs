//! One divided by a value.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `1 / x`, element by element; any shape. PyTorch: `torch.reciprocal`.
///
/// x is positive: what is below 2^-8 acts as 2^-8, in the twin as well.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 476 bits, 9944 bits of corrections; `Quick` 3 rounds, 328 bits and 10,714; `Compact` 7 rounds, 442 bits and 2468. The
/// largest error measured at the default numbers is 2^-12.7 of the larger of 1 and the result, compact 2^-11.5. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and
/// compares for the others all the same.
///
/// **Errors.** Other than one input; an `approx` within what is no positive number.
///
/// ```
/// use undertone_layers::Reciprocal;
/// use undertone_shape::Shape;
/// assert_eq!(Reciprocal::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reciprocal {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Reciprocal {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Reciprocal, self.approx, x)
    }
}

impl Layer for Reciprocal {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "reciprocal", (Smooth::Reciprocal, self.approx), x)
    }
}

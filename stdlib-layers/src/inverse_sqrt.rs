//! One divided by the square root.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `1 / sqrt(x)`, element by element; any shape. PyTorch: `torch.rsqrt`.
///
/// x is positive: what is below 2^-8 acts as 2^-8, in the twin as well.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 450 bits, 9888 bits of corrections; `Compact` 7 rounds, 430 bits and 2416. The largest error measured at the default
/// numbers is 2^-12.7 of the larger of 1 and the result, compact 2^-13.5. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and compares for the others all the same.
///
/// **Errors.** Other than one input; an `approx` within what is no positive number.
///
/// ```
/// use undertone_layers::InverseSqrt;
/// use undertone_shape::Shape;
/// assert_eq!(InverseSqrt::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseSqrt {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl InverseSqrt {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::InverseSqrt, self.approx, x)
    }
}

impl Layer for InverseSqrt {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "inverse_sqrt", (Smooth::InverseSqrt, self.approx), x)
    }
}

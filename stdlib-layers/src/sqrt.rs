//! The square root.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `sqrt(x)`, element by element; any shape. PyTorch: `torch.sqrt`.
///
/// What is negative acts as 0, in the twin as well.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 563 bits, 9916 bits of corrections; `Compact` 7 rounds, 507 bits and 2463. The largest error measured at the default
/// numbers is 2^-12.7 of the larger of 1 and the result, compact 2^-12.8. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and compares for the others all the same.
///
/// **Errors.** Other than one input; an `approx` within what is no positive number.
///
/// ```
/// use undertone_layers::Sqrt;
/// use undertone_shape::Shape;
/// assert_eq!(Sqrt::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sqrt {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Sqrt {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Sqrt, self.approx, x)
    }
}

impl Layer for Sqrt {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "sqrt", (Smooth::Sqrt, self.approx), x)
    }
}

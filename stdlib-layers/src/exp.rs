//! The exponential function.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `e^x`, element by element; any shape. PyTorch: `torch.exp`.
///
/// A result that the plan cannot hold, from x = 10.39 on at the default numbers, is held at its largest.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 108 bits, 736 bits of corrections; `Within(8.0)` 2 rounds, 52 bits and 307. The largest error measured at the default
/// numbers is 2^-15.7 of the larger of 1 and the result, for x below 9. [`Approx`] trades rounds against corrections, and with `Within` leaves comparisons out,
/// for promises of up to 8.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Exp;
/// use undertone_shape::Shape;
/// assert_eq!(Exp::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exp {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Exp {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Exp, self.approx, x)
    }
}

impl Layer for Exp {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "exp", (Smooth::Exp, self.approx), x)
    }
}

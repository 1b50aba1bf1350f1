//! The logarithm of the logistic function.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `-ln(1 + e^-x)`, element by element; any shape. PyTorch: `nn.LogSigmoid`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 96 bits, 1487 bits of corrections. The largest error measured at the default numbers is 2^-12.8. [`Approx`] trades rounds
/// against corrections, and with `Within` leaves comparisons out, for promises of up to 16.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::LogSigmoid;
/// use undertone_shape::Shape;
/// assert_eq!(LogSigmoid::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSigmoid {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl LogSigmoid {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::LogSigmoid, self.approx, x)
    }
}

impl Layer for LogSigmoid {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "log_sigmoid", (Smooth::LogSigmoid, self.approx), x)
    }
}

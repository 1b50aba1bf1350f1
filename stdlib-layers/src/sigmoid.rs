//! The logistic function.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `1 / (1 + e^-x)`, element by element; any shape. PyTorch: `nn.Sigmoid`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 93 bits, 1452 bits of corrections; `Quick` 3 rounds, 68 bits and 2334. The largest error measured at the default numbers
/// is 2^-13.0. [`Approx`] trades rounds against corrections, and with `Within` leaves comparisons out, for promises of up to 16.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Sigmoid;
/// use undertone_shape::Shape;
/// assert_eq!(Sigmoid::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sigmoid {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Sigmoid {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Sigmoid, self.approx, x)
    }
}

impl Layer for Sigmoid {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "sigmoid", (Smooth::Sigmoid, self.approx), x)
    }
}

//! The scaled exponential linear unit.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `1.0507 x` where x is positive, otherwise `1.7581 (e^x - 1)`, element by element; any shape. PyTorch: `nn.SELU`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 93 bits, 806 bits of corrections. The largest error measured at the default numbers is 2^-14.6 of the larger of 1 and the
/// result. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and compares for the others all the same.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Selu;
/// use undertone_shape::Shape;
/// assert_eq!(Selu::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Selu {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Selu {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Selu, self.approx, x)
    }
}

impl Layer for Selu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "selu", (Smooth::Selu, self.approx), x)
    }
}

//! The exponential linear unit.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// x where it is positive, otherwise `alpha (e^x - 1)`, element by element; any shape. PyTorch: `nn.ELU`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 4 rounds and 93 bits, 806 bits of corrections. The largest error measured at the default numbers is 2^-15.4 with an `alpha` of 1; a
/// larger one makes it larger in proportion. [`Approx`] trades rounds against corrections; `Within` leaves out pieces that no value reaches, and compares for
/// the others all the same.
///
/// **Errors.** Other than one input; an `alpha` that is not finite; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Elu;
/// use undertone_shape::Shape;
/// assert_eq!(Elu::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Elu {
    /// What the function tends to on the left, negated.
    pub alpha: f64,
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Elu {
    /// PyTorch's number, right everywhere.
    pub const DEFAULT: Self = Self { alpha: 1.0, approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Elu { alpha: self.alpha }, self.approx, x)
    }
}

impl Layer for Elu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "elu", (Smooth::Elu { alpha: self.alpha }, self.approx), x)
    }
}

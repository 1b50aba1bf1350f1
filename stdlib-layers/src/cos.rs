//! The cosine.

use crate::support::curve;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `cos(x)` of an angle in radians, element by element; any shape. PyTorch: `torch.cos`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 2 rounds and 39 bits, 167 bits of corrections, whatever `approx` says: one opening gives sine and cosine of any angle, and nothing is
/// compared. The largest error measured at the default numbers is 2^-15.3.
///
/// **Errors.** Other than one input; an `approx` that is `Compact`, or within what is no positive number.
///
/// ```
/// use undertone_layers::Cos;
/// use undertone_shape::Shape;
/// assert_eq!(Cos::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cos {
    /// Where and how a private run computes it.
    pub approx: Approx,
}

impl Cos {
    /// Right everywhere.
    pub const DEFAULT: Self = Self { approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        curve::infer(Smooth::Cos, self.approx, x)
    }
}

impl Layer for Cos {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        curve::build(g, "cos", (Smooth::Cos, self.approx), x)
    }
}

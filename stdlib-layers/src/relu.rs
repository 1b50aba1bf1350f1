//! Rectifier.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `max(x, 0)`, element by element; any shape. PyTorch: `nn.ReLU`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element one comparison by masked digits: 4 rounds and 51 bits (34 for the opening of the truncated value, 16 to
/// look up and join its digits, 1 for the sign under its mask), 367 correction bits offline. The truncation of the product before
/// it is part of that opening. The opening that the next convolution or linear layer needs is a fifth round and 64 bits more.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Relu;
/// use undertone_shape::Shape;
/// assert_eq!(Relu.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 28, 28])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relu;

impl Relu {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for Relu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "relu", e, x);
        }
        g.relu(x[0])
    }
}

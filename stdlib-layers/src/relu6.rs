//! Rectifier with a ceiling.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Piecewise;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `min(max(x, 0), 6)`, element by element; any shape. PyTorch: `nn.ReLU6`.
///
/// **Parameters.** None.
///
/// **Cost.** Per element two thresholds of one opening: 4 rounds and 72 bits (34 for the opening of the truncated value, 18 to look up and join its digits for each
/// threshold, 1 for each of the bits that choose), 471 bits of corrections. The truncation of the product before it is part of that opening. Exact.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Relu6;
/// use undertone_shape::Shape;
/// assert_eq!(Relu6.infer(&[Shape::new([32, 14, 14])]), Ok(Shape::new([32, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relu6;

impl Relu6 {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for Relu6 {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "relu6", e, x);
        }
        g.piecewise(x[0], Piecewise::clamp(0.0, 6.0))
    }
}

//! Product of two values.

use crate::support::{refused, shapes, together};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The product of two values, element by element, such as features and a gate for each channel: `(features, gate) -> Mul`. Shapes broadcast as in PyTorch: aligned at the last
/// axis, axes of size 1 are stretched. PyTorch: `a * b`.
///
/// **Parameters.** None.
///
/// **Cost.** Each operand is opened: 1 round and 64 bits an element, of the operand as it is before it is stretched, and once for all layers that read it. The product itself is
/// local, 64 correction bits an element offline. What one party has both of is neither opened nor dealt. As after any product, the next ReLU or a truncation divides.
///
/// **Errors.** Other than two inputs; inputs whose sizes on an axis differ where neither is 1.
///
/// ```
/// use undertone_layers::Mul;
/// use undertone_shape::Shape;
/// assert_eq!(Mul.infer(&[Shape::new([16, 8, 8]), Shape::new([16, 1, 1])]), Ok(Shape::new([16, 8, 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mul;

impl Mul {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that both inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if x.len() != 2 {
            return Err(ShapeError::arity(2, x.len()));
        }
        together(x)
    }
}

impl Layer for Mul {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "mul", e, x);
        }
        g.mul(x[0], x[1])
    }
}

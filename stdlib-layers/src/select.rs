//! One of two values, by a condition.

use crate::support::{difference, refused, shapes, together};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `b + condition (a - b)`: a where the condition is 1 and b where it is 0, element by element; inputs condition, a and b, whose shapes broadcast. PyTorch:
/// `torch.where(condition, a, b)`.
///
/// The condition is a fraction, 1 or 0, as [`Greater`](crate::Greater) and its likes make it. Any other number mixes the two.
///
/// **Parameters.** None.
///
/// **Cost.** A product: the openings of condition and difference, 1 round and 64 bits an element each.
///
/// **Errors.** Other than three inputs; sizes of an axis that differ where neither is 1.
///
/// ```
/// use undertone_layers::Where;
/// use undertone_shape::Shape;
/// assert_eq!(Where.infer(&[Shape::new([8, 1]), Shape::new([8, 5]), Shape::new([])]), Ok(Shape::new([8, 5])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Where;

impl Where {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that all inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if x.len() != 3 {
            return Err(ShapeError::arity(3, x.len()));
        }
        together(x)
    }
}

impl Layer for Where {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "where", e, x),
        };
        let [_, b, difference] = difference::stretched(g, &x[1..], shape);
        let chosen = g.mul(difference, x[0]);
        g.add(b, chosen)
    }
}

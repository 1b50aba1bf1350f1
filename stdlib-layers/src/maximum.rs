//! The larger of two values.

use crate::support::{difference, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// The larger of two values, element by element; shapes broadcast: `b + relu(a - b)`. PyTorch: `torch.maximum`.
///
/// **Parameters.** None.
///
/// **Cost.** A ReLU of the difference: per element 4 rounds and 51 bits.
///
/// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
///
/// ```
/// use undertone_layers::Maximum;
/// use undertone_shape::Shape;
/// assert_eq!(Maximum.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Maximum;

impl Maximum {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that both inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        difference::infer(x)
    }
}

impl Layer for Maximum {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "maximum", e, x),
        };
        let [_, b, difference] = difference::stretched(g, x, shape);
        let y = g.relu(difference);
        g.add(b, y)
    }
}

//! The smaller of two values.

use crate::support::{difference, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// The smaller of two values, element by element; shapes broadcast: `a - relu(a - b)`. PyTorch: `torch.minimum`.
///
/// **Parameters.** None.
///
/// **Cost.** A ReLU of the difference: per element 4 rounds and 51 bits.
///
/// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
///
/// ```
/// use undertone_layers::Minimum;
/// use undertone_shape::Shape;
/// assert_eq!(Minimum.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum;

impl Minimum {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that both inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        difference::infer(x)
    }
}

impl Layer for Minimum {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "minimum", e, x),
        };
        let [a, _, difference] = difference::stretched(g, x, shape);
        let y = g.relu(difference);
        let minus = g.scale(y, -1.0, 0.0);
        g.add(a, minus)
    }
}

//! Difference of two values.

use crate::support::{refused, shapes, together};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The first value minus the second: `(a, b) -> Sub`. Shapes broadcast as in PyTorch: aligned at the last axis, axes of size 1 are stretched. PyTorch: `a - b`.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are subtracted locally.
///
/// **Errors.** Other than two inputs; inputs whose sizes on an axis differ where neither is 1.
///
/// ```
/// use undertone_layers::Sub;
/// use undertone_shape::Shape;
/// let x = Shape::new([16, 8, 8]);
/// assert_eq!(Sub.infer(&[x, Shape::new([8])]), Ok(x));
/// assert!(Sub.infer(&[x, x, x]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sub;

impl Sub {
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

impl Layer for Sub {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "sub", e, x),
        };
        let minus = g.scale(x[1], -1.0, 0.0);
        let (a, b) = (g.expand(x[0], shape), g.expand(minus, shape));
        g.add(a, b)
    }
}

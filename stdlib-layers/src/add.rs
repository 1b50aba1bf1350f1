//! Sum of several values.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The sum of two or more values of one shape, such as a residual and its shortcut: `(a, b) -> Add`. PyTorch: `a + b`.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are added locally. A shortcut is shifted to the scale of the product that it is added to, also locally.
///
/// **Errors.** Fewer than two inputs; inputs of different shapes: nothing is broadcast.
///
/// ```
/// use undertone_layers::Add;
/// use undertone_shape::Shape;
/// let x = Shape::new([16, 8, 8]);
/// assert_eq!(Add.infer(&[x, x]), Ok(x));
/// assert!(Add.infer(&[x, Shape::new([16])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

impl Add {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Inputs of one shape give that shape.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if x.len() < 2 {
            return Err(ShapeError::arity(2, x.len()));
        }
        let mut i = 1;
        while i < x.len() {
            if !x[0].same(&x[i]) {
                return Err(ShapeError::same(x[0], x[i]));
            }
            i += 1;
        }
        Ok(x[0])
    }
}

impl Layer for Add {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "add", e, x);
        }
        x[1..].iter().fold(x[0], |sum, next| g.add(sum, *next))
    }
}

//! Sum of several values.

use crate::support::{refused, shapes, together};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// The sum of two or more values, such as a residual and its shortcut: `(a, b) -> Add`. Shapes broadcast as in PyTorch: aligned at the last axis, axes of size 1 are
/// stretched. PyTorch: `a + b`.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are added locally. A shortcut is shifted to the scale of the product that it is added to, also locally.
///
/// **Errors.** Fewer than two inputs; inputs whose sizes on an axis differ where neither is 1.
///
/// ```
/// use undertone_layers::Add;
/// use undertone_shape::Shape;
/// let x = Shape::new([16, 8, 8]);
/// assert_eq!(Add.infer(&[x, x]), Ok(x));
/// assert_eq!(Add.infer(&[x, Shape::new([16, 1, 1])]), Ok(x));
/// assert!(Add.infer(&[x, Shape::new([16])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

impl Add {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that all inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        together(x)
    }
}

impl Layer for Add {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "add", e, x),
        };
        let first = g.expand(x[0], shape);
        x[1..].iter().fold(first, |sum, next| {
            let next = g.expand(*next, shape);
            g.add(sum, next)
        })
    }
}

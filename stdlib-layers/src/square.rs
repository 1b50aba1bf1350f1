//! Square.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `x^2`, element by element; any shape. PyTorch: `x ** 2`.
///
/// **Parameters.** None.
///
/// **Cost.** One opening, 1 round and 64 bits an element, which serves every layer that reads `x`; 64 correction bits an element offline. Where `x` comes from a product it is truncated
/// before, and the square before what follows unless that is a ReLU: 1 round and 1 bit an element each.
///
/// **Numbers.** Exact at 32 fraction bits. Values from 256 on have squares beyond what the default numbers hold.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Square;
/// use undertone_shape::Shape;
/// assert_eq!(Square.infer(&[Shape::new([5, 13, 13])]), Ok(Shape::new([5, 13, 13])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Square;

impl Square {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        one(x)
    }
}

impl Layer for Square {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "square", e, x);
        }
        g.polynomial(x[0], &[0.0, 0.0, 1.0])
    }
}

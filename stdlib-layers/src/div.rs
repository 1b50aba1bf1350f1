//! The quotient of two values.

use crate::support::{difference, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// `a / b`, element by element; shapes broadcast: `[8, 5]` and `[8, 1]` to `[8, 5]`. PyTorch: `torch.div`, for divisors that are positive.
///
/// A divisor below 2^-8, so a negative one too, acts as 2^-8, in the twin as well; a quotient must be one that the plan can hold. Division by a public number is [`Scale`](crate::Scale).
///
/// **Parameters.** None.
///
/// **Cost.** Per element 6 rounds and 902 bits, 16,464 bits of corrections: the reciprocal with more bits than a value has, and a product. A result is off by
/// up to 2^-11 of the larger of 1 and the result, at the default numbers.
///
/// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
///
/// ```
/// use undertone_layers::Div;
/// use undertone_shape::Shape;
/// assert_eq!(Div.infer(&[Shape::new([8, 5]), Shape::new([8, 1])]), Ok(Shape::new([8, 5])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Div;

impl Div {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// The shape that both inputs broadcast to.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        difference::infer(x)
    }
}

impl Layer for Div {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "div", e, x);
        }
        g.divide(x[0], x[1])
    }
}

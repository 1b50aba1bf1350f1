//! Mean absolute error, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The mean of the sizes of the differences of two values of one shape: `(output, target) -> L1` in a `loss` clause. PyTorch: `nn.L1Loss`.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast.
///
/// ```
/// use undertone_layers::L1;
/// use undertone_shape::Shape;
/// let mask = Shape::new([1, 64, 64]);
/// assert_eq!(L1.infer(&[mask, mask]), Ok(Shape::new([])));
/// assert!(L1.infer(&[mask, Shape::new([64, 64])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L1;

impl L1 {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::L1.infer(x)
    }
}

impl Layer for L1 {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "l1", e, x);
        }
        g.l1(x[0], x[1])
    }
}

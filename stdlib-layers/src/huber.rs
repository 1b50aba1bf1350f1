//! Huber loss, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// Half the squared difference of two values of one shape, but growing along a line beyond `delta`, so that outliers pull less:
/// `(output, target) -> Huber` in a `loss` clause. PyTorch: `nn.HuberLoss`.
///
/// ```text
/// loss = mean over the elements of  d^2 / 2 where |d| <= delta,  delta (|d| - delta / 2) elsewhere;  d = output - target
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast; a `delta` that is not above 0.
///
/// ```
/// use undertone_layers::Huber;
/// use undertone_shape::Shape;
/// let mask = Shape::new([1, 64, 64]);
/// assert_eq!(Huber::DEFAULT.infer(&[mask, mask]), Ok(Shape::new([])));
/// assert!(Huber { delta: 0.0 }.infer(&[mask, mask]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    /// The size of a difference from which on the loss is a line.
    pub delta: f64,
}

impl Huber {
    /// PyTorch's number.
    pub const DEFAULT: Self = Self { delta: 1.0 };

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::Huber { delta: self.delta }.infer(x)
    }
}

impl Layer for Huber {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "huber", e, x);
        }
        g.huber(x[0], x[1], self.delta)
    }
}

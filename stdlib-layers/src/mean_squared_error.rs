//! Mean squared error, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The mean of the squared differences of two values of one shape: `(output, target) -> MeanSquaredError` in a `loss` clause. PyTorch:
/// `nn.MSELoss`.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast.
///
/// ```
/// use undertone_layers::MeanSquaredError;
/// use undertone_shape::Shape;
/// let image = Shape::new([1, 28, 28]);
/// assert_eq!(MeanSquaredError.infer(&[image, image]), Ok(Shape::new([])));
/// assert!(MeanSquaredError.infer(&[image, Shape::new([784])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanSquaredError;

impl MeanSquaredError {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::MeanSquaredError.infer(x)
    }
}

impl Layer for MeanSquaredError {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "mean_squared_error", e, x);
        }
        g.mean_squared_error(x[0], x[1])
    }
}

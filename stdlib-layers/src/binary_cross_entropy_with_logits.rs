//! Binary cross-entropy of scores, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// How surprised scores are by yes or no: `(output, answer) -> BinaryCrossEntropyWithLogits` in a `loss` clause. PyTorch: `nn.BCEWithLogitsLoss`.
///
/// ```text
/// p = 1 / (1 + exp(-output))
/// loss = mean over the elements of  -answer ln(p) - (1 - answer) ln(1 - p)
/// ```
/// Both have one shape; answers are from 0 to 1, and of an image each pixel is one. A positive score means yes. The result is a number, in nats,
/// and exact for scores of any size.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast. While training: an answer that is not from 0 to 1.
///
/// ```
/// use undertone_layers::BinaryCrossEntropyWithLogits;
/// use undertone_shape::Shape;
/// let mask = Shape::new([1, 64, 64]);
/// assert_eq!(BinaryCrossEntropyWithLogits.infer(&[mask, mask]), Ok(Shape::new([])));
/// assert!(BinaryCrossEntropyWithLogits.infer(&[mask, Shape::new([64, 64])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryCrossEntropyWithLogits;

impl BinaryCrossEntropyWithLogits {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::BinaryCrossEntropyWithLogits.infer(x)
    }
}

impl Layer for BinaryCrossEntropyWithLogits {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "binary_cross_entropy_with_logits", e, x);
        }
        g.binary_cross_entropy_with_logits(x[0], x[1])
    }
}

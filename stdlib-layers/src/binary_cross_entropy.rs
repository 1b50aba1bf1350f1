//! Binary cross-entropy of probabilities, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// How surprised probabilities of yes are by yes or no: `(output, answer) -> BinaryCrossEntropy` in a `loss` clause. PyTorch: `nn.BCELoss`.
///
/// ```text
/// loss = mean over the elements of  -answer ln(output) - (1 - answer) ln(1 - output)
/// ```
/// Both have one shape and values from 0 to 1; of an image each pixel is an answer. No logarithm counts as less than -100, as in PyTorch. The
/// result is a number, in nats. For scores without bounds there is [`BinaryCrossEntropyWithLogits`](crate::BinaryCrossEntropyWithLogits).
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast. While training: an output or an answer that is not from 0 to 1.
///
/// ```
/// use undertone_layers::BinaryCrossEntropy;
/// use undertone_shape::Shape;
/// let mask = Shape::new([1, 64, 64]);
/// assert_eq!(BinaryCrossEntropy.infer(&[mask, mask]), Ok(Shape::new([])));
/// assert!(BinaryCrossEntropy.infer(&[mask, Shape::new([64, 64])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BinaryCrossEntropy;

impl BinaryCrossEntropy {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::BinaryCrossEntropy.infer(x)
    }
}

impl Layer for BinaryCrossEntropy {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "binary_cross_entropy", e, x);
        }
        g.binary_cross_entropy(x[0], x[1])
    }
}

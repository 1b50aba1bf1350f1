//! Cross-entropy, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// How surprised scores are by a class: `(output, label) -> CrossEntropy` in a `loss` clause. PyTorch: `nn.CrossEntropyLoss`.
///
/// ```text
/// loss = -ln softmax(scores)[label]        or  -sum over c of label[c] ln softmax(scores)[c]
/// ```
/// Scores `[classes, …]` come first. The label holds classes, counted from 0, `[…]`, or a probability for each class, `[classes, …]`. The
/// result is a number, in nats: the mean over the places `…`, and then over the batch.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; scores of rank 0; a label of neither shape. While training: a label that is no class.
///
/// ```
/// use undertone_layers::CrossEntropy;
/// use undertone_shape::Shape;
/// let scores = Shape::new([10]);
/// assert_eq!(CrossEntropy.infer(&[scores, Shape::new([])]), Ok(Shape::new([])));
/// assert_eq!(CrossEntropy.infer(&[scores, scores]), Ok(Shape::new([])));
/// assert!(CrossEntropy.infer(&[scores, Shape::new([9])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy;

impl CrossEntropy {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::CrossEntropy.infer(x)
    }
}

impl Layer for CrossEntropy {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "cross_entropy", e, x);
        }
        g.cross_entropy(x[0], x[1])
    }
}

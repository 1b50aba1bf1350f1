//! Dice loss, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// How little two masks overlap: `(output, mask) -> Dice` in a `loss` clause. PyTorch has none; this is `DiceLoss` of
/// `segmentation_models_pytorch` for one class, of each sample by itself (Milletari et al., "V-Net", 2016, there with squares below).
///
/// ```text
/// p = 1 / (1 + exp(-output))        or, with from_logits: false,  p = output
/// loss = 1 - (2 sum of p mask + smooth) / (sum of p + sum of mask + smooth)
/// ```
/// Both have one shape, over all of which the sums go; the mask has values from 0 to 1. The result is a number from 0 to 1. A mask of few pixels
/// counts as much as one of many, which a mean over pixels does not do.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; inputs of different shapes: nothing is broadcast; a `smooth` that is not above 0. While training: a mask, or an output with `from_logits: false`, that is not from 0 to 1.
///
/// ```
/// use undertone_layers::Dice;
/// use undertone_shape::Shape;
/// let mask = Shape::new([1, 64, 64]);
/// assert_eq!(Dice::DEFAULT.infer(&[mask, mask]), Ok(Shape::new([])));
/// assert!(Dice::DEFAULT.infer(&[mask, Shape::new([64, 64])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dice {
    /// What is added above and below: two empty masks overlap.
    pub smooth: f64,
    /// Whether the output has scores; otherwise it is a mask from 0 to 1.
    pub from_logits: bool,
}

impl Dice {
    /// Of scores, with 1 added.
    pub const DEFAULT: Self = Self { smooth: 1.0, from_logits: true };

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::Dice { smooth: self.smooth, from_logits: self.from_logits }.infer(x)
    }
}

impl Layer for Dice {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "dice", e, x);
        }
        g.dice(x[0], x[1], self.smooth, self.from_logits)
    }
}

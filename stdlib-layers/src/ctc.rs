//! Connectionist temporal classification, a loss.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// Connectionist temporal classification (Graves et al., 2006): sequences without an alignment, as in speech. `(output, letters) -> Ctc` in
/// a `loss` clause. PyTorch: `nn.CTCLoss(blank, reduction="mean")` on the log-softmax of the scores.
///
/// Scores `[classes, time]` come first, then the target `[longest]`: classes, and behind the last one blanks up to the end. The result is
/// a number: minus the logarithm of the probability of all alignments, divided by the length of the target.
///
/// **Parameters.** None.
///
/// **Cost.** None in private: the plain twin alone computes losses, and elsewhere than in a `loss` clause it is an error.
///
/// **Errors.** Other than two inputs; scores of another rank than 2, or of fewer than 2 classes; a target of another rank than 1, empty, or
/// longer than the time; a `blank` that is no class. While training: a target without classes, with a class that does not exist, with a class
/// behind a blank, or with more classes than its time allows (two equal ones in a row need a blank between them).
///
/// ```
/// use undertone_layers::Ctc;
/// use undertone_shape::Shape;
/// assert_eq!(Ctc::DEFAULT.infer(&[Shape::new([29, 100]), Shape::new([40])]), Ok(Shape::new([])));
/// assert!(Ctc { blank: 29 }.infer(&[Shape::new([29, 100]), Shape::new([40])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ctc {
    /// The class that stands for no symbol.
    pub blank: usize,
}

impl Ctc {
    /// The first class is the blank, as in PyTorch.
    pub const DEFAULT: Self = Self { blank: 0 };

    /// It stands in a `loss` clause alone.
    pub const LOSS: bool = true;

    /// A number.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Loss::Ctc { blank: self.blank }.infer(x)
    }
}

impl Layer for Ctc {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "ctc", e, x);
        }
        g.ctc(x[0], x[1], self.blank)
    }
}

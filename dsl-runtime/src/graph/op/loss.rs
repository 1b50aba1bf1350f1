//! Losses: how far an output is from what it should be. The plain twin alone computes them, while it trains.

use undertone_shape::{Infer, Shape, ShapeError};

/// A number for one sample; over a batch its mean counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Of scores `[classes, …]`. The target holds classes, `[…]`, or a probability for each, `[classes, …]`; the mean over the places `…`.
    CrossEntropy,
    /// Of probabilities of yes, against the right ones; the mean over all elements of one shape.
    BinaryCrossEntropy,
    /// The same of scores, whose logistic function is the probability.
    BinaryCrossEntropyWithLogits,
    /// The mean of the squares of the differences of two values of one shape.
    MeanSquaredError,
    /// The mean of the sizes of the differences of two values of one shape.
    L1,
    /// The mean over the differences of two values of one shape: half the square of small ones, straight lines beyond.
    Huber {
        /// Where the lines begin.
        delta: f64,
    },
    /// One minus the overlap of two masks of one shape.
    Dice {
        /// What is added above and below, so that two empty masks overlap.
        smooth: f64,
        /// Whether the output has scores, whose logistic function is the mask.
        from_logits: bool,
    },
    /// Connectionist temporal classification of scores `[classes, time]`; the target, `[longest]`, ends at the first blank.
    Ctc {
        /// The class that stands for no symbol.
        blank: usize,
    },
}

impl Loss {
    /// The shape of a number, or why output and target do not fit.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [output, target] = *x else { return Err(ShapeError::arity(2, x.len())) };
        match *self {
            Loss::Huber { delta } if !(delta > 0.0 && delta < f64::INFINITY) => Err(ShapeError::required("delta: above 0")),
            Loss::Dice { smooth, .. } if !(smooth > 0.0 && smooth < f64::INFINITY) => Err(ShapeError::required("smooth: above 0")),
            Loss::CrossEntropy if output.rank() == 0 => Err(ShapeError::rank(1, output)),
            Loss::CrossEntropy if output.same(&target) || places(output, target) => Ok(Shape::new([])),
            Loss::CrossEntropy => Err(ShapeError::same(output, target)),
            Loss::BinaryCrossEntropy
            | Loss::BinaryCrossEntropyWithLogits
            | Loss::MeanSquaredError
            | Loss::L1
            | Loss::Huber { .. }
            | Loss::Dice { .. } => {
                if output.same(&target) {
                    Ok(Shape::new([]))
                } else {
                    Err(ShapeError::same(output, target))
                }
            }
            Loss::Ctc { .. } if output.rank() != 2 => Err(ShapeError::rank(2, output)),
            Loss::Ctc { .. } if target.rank() != 1 => Err(ShapeError::rank(1, target)),
            Loss::Ctc { blank } if blank >= output.dim(0) => Err(ShapeError::field("blank", blank, "one of the classes")),
            Loss::Ctc { .. } if output.dim(0) < 2 => Err(ShapeError::too_small(0, 2, output)),
            Loss::Ctc { .. } if target.dim(0) == 0 => Err(ShapeError::too_small(0, 1, target)),
            Loss::Ctc { .. } if target.dim(0) > output.dim(1) => Err(ShapeError::too_small(1, target.dim(0), output)),
            Loss::Ctc { .. } => Ok(Shape::new([])),
        }
    }

    /// Its name, for listings and errors.
    pub const fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy => "cross_entropy",
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::BinaryCrossEntropyWithLogits => "binary_cross_entropy_with_logits",
            Loss::MeanSquaredError => "mean_squared_error",
            Loss::L1 => "l1",
            Loss::Huber { .. } => "huber",
            Loss::Dice { .. } => "dice",
            Loss::Ctc { .. } => "ctc",
        }
    }

    /// For a loss of yes or no: the output above which it is a yes.
    pub const fn threshold(&self) -> Option<f32> {
        match self {
            Loss::BinaryCrossEntropyWithLogits | Loss::Dice { from_logits: true, .. } => Some(0.0),
            Loss::BinaryCrossEntropy | Loss::Dice { from_logits: false, .. } => Some(0.5),
            _ => None,
        }
    }
}

/// Whether the target has a value for each place of the output, so its shape but for the classes.
const fn places(output: Shape, target: Shape) -> bool {
    if target.rank() + 1 != output.rank() {
        return false;
    }
    let mut axis = 0;
    while axis < target.rank() {
        if target.dim(axis) != output.dim(axis + 1) {
            return false;
        }
        axis += 1;
    }
    true
}

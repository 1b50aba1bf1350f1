//! What training and evaluation report.

use core::fmt;

/// How well a model does on samples with known classes, or other known targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// The number of samples.
    pub samples: usize,
    /// How many of them got their class, where there are classes.
    pub correct: Option<usize>,
    /// The mean of the description's loss; without one the cross-entropy, in nats.
    pub loss: f64,
}

impl Evaluation {
    /// The share of samples that got their class, where there are classes.
    pub fn accuracy(&self) -> Option<f64> {
        self.correct.map(|correct| correct as f64 / self.samples.max(1) as f64)
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(correct), Some(share)) = (self.correct, self.accuracy()) {
            write!(f, "accuracy {:.2} % ({correct} of {}), ", 100.0 * share, self.samples)?;
        }
        write!(f, "loss {:.4}", self.loss)
    }
}

/// One pass over the training samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Counted from 1.
    pub number: usize,
    /// The training samples as the network saw them: dropout at work, weights on the move.
    pub training: Evaluation,
    /// The last learning rate.
    pub learning_rate: f64,
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {}: {}, learning rate {:.2e}", self.number, self.training, self.learning_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_read_well() {
        let training = Evaluation { samples: 400, correct: Some(390), loss: 0.123_45 };
        assert_eq!(training.to_string(), "accuracy 97.50 % (390 of 400), loss 0.1235");
        assert_eq!(Evaluation { correct: None, ..training }.to_string(), "loss 0.1235");
        assert_eq!(
            Epoch { number: 3, training, learning_rate: 1e-3 }.to_string(),
            "epoch 3: accuracy 97.50 % (390 of 400), loss 0.1235, learning rate 1.00e-3"
        );
    }
}

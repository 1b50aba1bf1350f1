//! Connectionist temporal classification (Graves et al., 2006): sequences without an alignment, as in speech.
//!
//! PyTorch: `nn.CTCLoss(blank, reduction="mean")` on the log-softmax of the scores.

use burn::nn::loss::CTCLossConfig;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use undertone_runtime::{Error, Result};

/// Connectionist temporal classification of scores `[classes, time]`, of which one class is the blank, for training by hand where samples
/// have padding. The layer `Ctc` in the `loss` clause of a description is the same without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaddedCtc {
    /// The number of classes, the blank among them.
    pub classes: usize,
    /// The class that stands for no symbol.
    pub blank: usize,
}

impl PaddedCtc {
    /// The mean over the batch of the loss of each sample divided by the length of its target. `scores` is `[batch, classes * time]`,
    /// as [`Network::forward_train`](crate::Network::forward_train) gives it for an output of shape `[classes, time]`; of each
    /// sample the first `lengths[i]` time steps count.
    ///
    /// # Errors
    /// When numbers do not fit, a target holds the blank or a class that does not exist, is empty, or is longer than its
    /// time steps allow (two equal symbols in a row need a blank between them).
    pub fn loss(&self, scores: Tensor<2>, lengths: &[usize], targets: &[Vec<usize>]) -> Result<Tensor<1>> {
        Ok(self.each(scores, lengths, targets)?.mean())
    }

    /// The loss of each sample, divided by the length of its target.
    pub(crate) fn each(&self, scores: Tensor<2>, lengths: &[usize], targets: &[Vec<usize>]) -> Result<Tensor<1>> {
        let [batch, elements] = scores.dims();
        let refuse = |message: String| Err(Error::Input { name: "targets".into(), message });
        if self.classes == 0 || self.blank >= self.classes || !elements.is_multiple_of(self.classes) {
            return refuse(format!(
                "{elements} scores a sample are no whole number of time steps of {} classes with blank {}",
                self.classes, self.blank
            ));
        }
        let time = elements / self.classes;
        if targets.len() != batch || lengths.len() != batch {
            return refuse(format!("{} targets and {} lengths for {batch} samples", targets.len(), lengths.len()));
        }
        for (i, (target, length)) in targets.iter().zip(lengths).enumerate() {
            let needed = target.len() + target.windows(2).filter(|pair| pair[0] == pair[1]).count();
            if let Some(bad) = target.iter().find(|c| **c == self.blank || **c >= self.classes) {
                return refuse(format!("sample {i} has class {bad}; classes are below {} and not the blank {}", self.classes, self.blank));
            }
            if target.is_empty() || needed > *length || *length > time {
                return refuse(format!(
                    "sample {i}: a target of {} symbols needs {} time steps, {length} of {time} are given",
                    target.len(),
                    needed.max(1)
                ));
            }
        }
        let device = scores.device();
        let longest = targets.iter().map(Vec::len).max().unwrap_or(1);
        let ints = |values: Vec<i64>| TensorData::new(values, [batch]);
        let padded: Vec<i64> = targets.iter().flat_map(|t| (0..longest).map(|k| t.get(k).map_or(self.filler(), |c| *c as i64))).collect();
        let targets_tensor = Tensor::<2, Int>::from_data(TensorData::new(padded, [batch, longest]), &device);
        let input_lengths = Tensor::<1, Int>::from_data(ints(lengths.iter().map(|n| *n as i64).collect()), &device);
        let target_lengths = Tensor::<1, Int>::from_data(ints(targets.iter().map(|t| t.len() as i64).collect()), &device);
        let divisor = targets.iter().map(|t| t.len() as f32).collect::<Vec<_>>();
        let divisor = Tensor::<1>::from_data(TensorData::new(divisor, [batch]), &device);
        let log_probabilities = log_softmax(scores.reshape([batch, self.classes, time]).permute([2, 0, 1]), 2);
        let loss = CTCLossConfig::new().with_blank(self.blank).init();
        Ok(loss.forward(log_probabilities, targets_tensor, input_lengths, target_lengths) / divisor)
    }

    /// The best path: the class of each of the first `length` time steps, repetitions and blanks taken out. `scores` is one
    /// sample, `[classes, time]`.
    pub fn greedy(&self, scores: &[f32], length: usize) -> Vec<usize> {
        let time = scores.len() / self.classes.max(1);
        let best = |t: usize| (0..self.classes).fold(0, |best, c| if scores[c * time + t] > scores[best * time + t] { c } else { best });
        let mut path: Vec<usize> = (0..length.min(time)).map(best).collect();
        path.dedup();
        path.retain(|c| *c != self.blank);
        path
    }

    /// A class for the unused end of short targets.
    fn filler(&self) -> i64 {
        i64::from(self.blank == 0 && self.classes > 1)
    }
}

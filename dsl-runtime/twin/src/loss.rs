//! The loss of a description: what training makes small.

use crate::Network;
use crate::input::Inputs;
use crate::interpret::{Keep, Mode, run};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use undertone_runtime::graph::{Graph, Op};
use undertone_runtime::{Error, Result};

/// What outputs are compared with, for all samples.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The class of each sample.
    Classes(&'a [usize]),
    /// The values of each input of the loss but the first, sample after sample.
    Values(&'a [&'a [f32]]),
}

impl Network {
    /// Trains by this loss from now on: a graph from the output, and what it is compared with, to a number. Without one it is the
    /// cross-entropy of classes.
    ///
    /// # Errors
    /// When its first input has not the shape of the output, it has weights, or it is no number.
    pub fn set_loss(&mut self, loss: Option<Graph>) -> Result<()> {
        if let Some(loss) = &loss {
            loss.verify()?;
            let refuse = |message: String| Err(Error::Graph { model: loss.name.clone(), stage: String::new(), message });
            let (takes, output) = (loss.inputs.first().map(|i| i.shape), self.graph.output_shape());
            if takes != Some(output) {
                return refuse(format!("its first input has to be the output of `{}`, {output}", self.graph.name));
            }
            if !loss.parameters.is_empty() || loss.output_shape().rank() != 0 {
                return refuse("a loss is a number and has no weights".into());
            }
        }
        self.loss = loss;
        Ok(())
    }

    /// The loss of outputs, `[batch, elements]`, as [`forward_train`](Self::forward_train) gives them: its mean over the batch. `targets` has
    /// one slice for each input of the description's `loss`, sample after sample.
    ///
    /// # Errors
    /// When the description has no loss, or targets do not fit it.
    pub fn loss(&self, output: Tensor<2>, targets: &[&[f32]]) -> Result<Tensor<1>> {
        let Some(loss) = &self.loss else {
            let message = format!("`{}` has no loss to compare them by: its description needs a `loss` clause", self.graph.name);
            return Err(Error::Input { name: "targets".into(), message });
        };
        let batch = output.dims()[0];
        // what is on a tape is compared with what is on one
        let tape = output.is_autodiff();
        let on_tape = |target| if tape { Tensor::from_inner(target) } else { target };
        let targets = targets_of(loss, targets, batch)?.tensors(&self.device);
        let inputs: Vec<Tensor<2>> = [output].into_iter().chain(targets.into_iter().map(on_tape)).collect();
        let values = run(loss, &inputs, &[], Keep::Output, &mut Mode::Evaluate)?;
        Ok(values[loss.output.0].each(batch).mean())
    }

    /// The loss of the samples with these numbers, whose scores these are.
    pub(crate) fn loss_of(&self, scores: Tensor<2>, wanted: Wanted, chosen: &[usize]) -> Result<Tensor<1>> {
        match wanted {
            Wanted::Classes(labels) => {
                let labels: Vec<usize> = chosen.iter().map(|i| labels[*i]).collect();
                let Some(loss) = &self.loss else { return Ok(cross_entropy(scores, &labels)) };
                let values = values_of_classes(loss, &labels)?;
                self.loss(scores, &[&values])
            }
            Wanted::Values(targets) => {
                let sizes = self.loss.iter().flat_map(|loss| &loss.inputs[1..]).map(|input| input.shape.numel());
                let gathered: Vec<Vec<f32>> = targets
                    .iter()
                    .zip(sizes)
                    .map(|(values, n)| chosen.iter().flat_map(|i| &values[i * n..(i + 1) * n]).copied().collect())
                    .collect();
                self.loss(scores, &gathered.iter().map(Vec::as_slice).collect::<Vec<_>>())
            }
        }
    }

    /// For a single output with a loss of yes or no: above what it is class 1, and class 0 otherwise.
    pub(crate) fn yes_above(&self) -> Option<f32> {
        self.loss.as_ref().filter(|_| self.graph.output_shape().numel() == 1).and_then(threshold)
    }

    /// How many samples have their class: that of the largest output, the first one on a tie.
    pub(crate) fn right(&self, scores: &[f32], labels: &[usize]) -> usize {
        let elements = scores.len() / labels.len().max(1);
        let yes_above = self.yes_above();
        let class = |s: &[f32]| match yes_above {
            Some(threshold) => usize::from(s[0] > threshold),
            None => (0..elements).fold(0, |best, c| if s[c] > s[best] { c } else { best }),
        };
        scores.chunks(elements.max(1)).zip(labels).filter(|(s, label)| class(s) == **label).count()
    }

    /// Checks that there is something to compare each of `samples` outputs with.
    pub(crate) fn check_wanted(&self, wanted: Wanted, samples: usize) -> Result<()> {
        let refuse = |name: &str, message: String| Err(Error::Input { name: name.into(), message });
        match (wanted, &self.loss) {
            (Wanted::Classes(labels), loss) => {
                if labels.len() != samples {
                    return refuse("labels", format!("{} labels for {samples} samples", labels.len()));
                }
                let outputs = self.graph.output_shape().numel();
                let classes = if self.yes_above().is_some() { 2 } else { outputs };
                if let Some(i) = labels.iter().position(|label| *label >= classes) {
                    let has = if classes == outputs { format!("{outputs} outputs") } else { "one output, for the classes 0 and 1".into() };
                    return refuse("labels", format!("sample {i} has class {}, but `{}` has {has}", labels[i], self.graph.name));
                }
                loss.as_ref().map_or(Ok(()), |loss| values_of_classes(loss, &[]).map(|_| ()))
            }
            (Wanted::Values(targets), Some(loss)) => targets_of(loss, targets, samples).map(|_| ()),
            (Wanted::Values(_), None) => {
                refuse("targets", format!("`{}` has no loss to compare them by: its description needs a `loss` clause", self.graph.name))
            }
        }
    }
}

/// The targets of a batch, checked.
fn targets_of<'a>(loss: &Graph, targets: &[&'a [f32]], batch: usize) -> Result<Inputs<'a>> {
    Inputs::of(&loss.name, &loss.inputs[1..], targets, batch)
}

/// Above what an output is a yes, for a loss of yes or no.
fn threshold(loss: &Graph) -> Option<f32> {
    match &loss.node(loss.output).op {
        Op::Loss(last) => last.threshold(),
        _ => None,
    }
}

/// What a loss compares the output with, for samples of these classes: the class, or one probability of 1.
fn values_of_classes(loss: &Graph, labels: &[usize]) -> Result<Vec<f32>> {
    let (output, inputs) = (loss.inputs[0].shape, &loss.inputs[1..]);
    match inputs {
        [label] if label.shape.rank() == 0 || (label.shape == output && output.numel() == 1 && threshold(loss).is_some()) => {
            Ok(labels.iter().map(|label| *label as f32).collect())
        }
        [label] if label.shape == output && output.rank() == 1 => {
            let n = output.numel();
            Ok(labels.iter().flat_map(|label| (0..n).map(move |c| f32::from(u8::from(c == *label)))).collect())
        }
        _ => {
            let wants: Vec<String> = inputs.iter().map(|i| format!("`{}` {}", i.name, i.shape)).collect();
            let message =
                format!("`{}` compares with {}, not with classes: use `train_on` and `evaluate_on`", loss.name, wants.join(" and "));
            Err(Error::Input { name: "labels".into(), message })
        }
    }
}

/// The mean cross-entropy of scores `[batch, classes]`, in nats. PyTorch: `nn.CrossEntropyLoss`.
fn cross_entropy(scores: Tensor<2>, labels: &[usize]) -> Tensor<1> {
    let indices = labels.iter().map(|label| *label as i64).collect::<Vec<_>>();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [labels.len(), 1]), &scores.device());
    -log_softmax(scores, 1).gather(1, indices).mean()
}

//! Training a classifier: cross-entropy, `AdamW`, shuffled batches, a progress bar, checkpoints.

use crate::input::Inputs;
use crate::{Average, Epoch, Evaluation, Network, Schedule};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::SliceRandom;
use std::path::PathBuf;
use undertone_runtime::weights::Precision;
use undertone_runtime::{Error, Result};

/// How to train a classifier. [`Default`] is five epochs of batches of 64 at a learning rate of 0.001.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainConfig {
    /// How often every sample is seen.
    pub epochs: usize,
    /// The number of samples of a step.
    pub batch: usize,
    /// The highest learning rate; it rises over `warm_up` and then falls to nothing along half a cosine.
    pub learning_rate: f64,
    /// The share of all steps over which the learning rate rises.
    pub warm_up: f64,
    /// How fast weights decay, as a share of the learning rate; biases and normalisations do not.
    pub weight_decay: f32,
    /// The largest norm of a step's gradients; larger ones are scaled down.
    pub clip: Option<f32>,
    /// Makes shuffling and dropout repeatable; without it they are not.
    pub seed: Option<u64>,
    /// A safetensors file that gets the weights after each epoch.
    pub checkpoint: Option<PathBuf>,
    /// Ends with an average of the weights over the steps, of this decay; see [`Average`]. Costs a read of all weights a step.
    pub average: Option<f64>,
    /// Whether a progress bar is shown, on standard error.
    pub progress: bool,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 5,
            batch: 64,
            learning_rate: 1e-3,
            warm_up: 0.1,
            weight_decay: 1e-2,
            clip: None,
            seed: None,
            checkpoint: None,
            average: None,
            progress: true,
        }
    }
}

impl Network {
    /// Trains the network to give the largest of its outputs to each sample's class; one report an epoch.
    ///
    /// # Errors
    /// When inputs or labels do not fit the graph, the batch is 0, the loss stops being finite, or a checkpoint cannot be written.
    pub fn train(&mut self, inputs: &[&[f32]], labels: &[usize], config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.check_labels(inputs, labels)?;
        let refuse = |message: &str| Err(Error::Input { name: "config".into(), message: message.into() });
        if config.batch == 0 {
            return refuse("a batch of 0 samples trains nothing");
        }
        if labels.is_empty() {
            return refuse("there are no samples to train on");
        }
        if let Some(seed) = config.seed {
            self.seed(seed);
        }
        // A last batch of one sample would have no variance for batch normalisation.
        let lonely = config.batch > 1 && labels.len() > 1 && labels.len() % config.batch == 1;
        let per_epoch = labels.len().div_ceil(config.batch) - usize::from(lonely);
        let steps = per_epoch * config.epochs;
        let schedule = Schedule { peak: config.learning_rate, warm_up: (steps as f64 * config.warm_up) as usize, steps };
        let bar = bar(steps, config.progress);
        let mut optimizer = self.adam_w(config.weight_decay);
        let mut average = config.average.map(Average::new);
        let mut order: Vec<usize> = (0..labels.len()).collect();
        let mut epochs = Vec::with_capacity(config.epochs);
        for number in 1..=config.epochs {
            order.shuffle(&mut self.rng);
            let mut sum = Sum::default();
            for (k, chosen) in order.chunks(config.batch).take(per_epoch).enumerate() {
                let samples = self.gather(inputs, chosen);
                let samples: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
                let wanted: Vec<usize> = chosen.iter().map(|i| labels[*i]).collect();
                let scores = self.forward_train(&samples, chosen.len(), None)?;
                sum.correct += right(&self.read(&scores.clone().inner())?, &wanted);
                let gradients = self.gradients(&cross_entropy(scores, &wanted))?;
                let gradients = if let Some(largest) = config.clip { gradients.clip(largest) } else { gradients };
                sum.loss += f64::from(gradients.loss()) * chosen.len() as f64;
                sum.samples += chosen.len();
                self.apply(&mut optimizer, gradients, schedule.at((number - 1) * per_epoch + k));
                if let Some(average) = &mut average {
                    average.follow(self)?;
                }
                bar.inc(1);
            }
            let epoch = Epoch { number, training: sum.evaluation(), learning_rate: schedule.at(number * per_epoch - 1) };
            bar.set_message(epoch.to_string());
            epochs.push(epoch);
            if let Some(path) = &config.checkpoint {
                average.as_ref().map_or_else(|| self.weights(), |average| Ok(average.weights()))?.save(path, Precision::Single)?;
            }
        }
        bar.finish();
        if let Some(average) = average.filter(|_| steps > 0) {
            self.load(&average.weights())?;
        }
        Ok(epochs)
    }

    /// How well the network does on samples with known classes.
    ///
    /// # Errors
    /// When inputs or labels do not fit the graph.
    pub fn evaluate(&self, inputs: &[&[f32]], labels: &[usize]) -> Result<Evaluation> {
        self.check_labels(inputs, labels)?;
        let scores = self.forward(inputs, labels.len())?;
        let classes = self.graph.output_shape().numel();
        let loss = scores.chunks(classes).zip(labels).map(|(scores, label)| {
            let largest = scores.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
            let sum: f64 = scores.iter().map(|s| f64::from(s - largest).exp()).sum();
            sum.ln() - f64::from(scores[*label] - largest)
        });
        let sum = Sum { samples: labels.len(), correct: right(&scores, labels), loss: loss.sum() };
        Ok(sum.evaluation())
    }

    fn check_labels(&self, inputs: &[&[f32]], labels: &[usize]) -> Result<()> {
        Inputs::new(&self.graph, inputs, labels.len())?;
        let classes = self.graph.output_shape().numel();
        match labels.iter().position(|label| *label >= classes) {
            Some(i) => {
                let message = format!("sample {i} has class {}, but `{}` has {classes} outputs", labels[i], self.graph.name);
                Err(Error::Input { name: "labels".into(), message })
            }
            None => Ok(()),
        }
    }

    /// The samples with these numbers, for each input.
    fn gather(&self, inputs: &[&[f32]], chosen: &[usize]) -> Vec<Vec<f32>> {
        let sizes = self.graph.inputs.iter().map(|input| input.shape.numel());
        inputs.iter().zip(sizes).map(|(values, n)| chosen.iter().flat_map(|i| &values[i * n..(i + 1) * n]).copied().collect()).collect()
    }
}

/// The mean cross-entropy of scores `[batch, classes]`, in nats. PyTorch: `nn.CrossEntropyLoss`.
fn cross_entropy(scores: Tensor<2>, labels: &[usize]) -> Tensor<1> {
    let indices = labels.iter().map(|label| *label as i64).collect::<Vec<_>>();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(indices, [labels.len(), 1]), &scores.device());
    -log_softmax(scores, 1).gather(1, indices).mean()
}

/// How many samples have their largest score at their label; the first one on a tie.
fn right(scores: &[f32], labels: &[usize]) -> usize {
    let classes = scores.len() / labels.len().max(1);
    let best = |s: &[f32]| (0..classes).fold(0, |best, c| if s[c] > s[best] { c } else { best });
    scores.chunks(classes.max(1)).zip(labels).filter(|(s, label)| best(s) == **label).count()
}

/// Sums over samples on the way to an [`Evaluation`].
#[derive(Default)]
struct Sum {
    samples: usize,
    correct: usize,
    loss: f64,
}

impl Sum {
    fn evaluation(&self) -> Evaluation {
        Evaluation { samples: self.samples, correct: self.correct, loss: self.loss / self.samples.max(1) as f64 }
    }
}

fn bar(steps: usize, shown: bool) -> ProgressBar {
    let bar = if shown { ProgressBar::new(steps as u64) } else { ProgressBar::hidden() };
    match ProgressStyle::with_template("training {wide_bar} {pos}/{len} steps, {eta} left  {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

//! Training: `AdamW`, shuffled batches, a progress bar, checkpoints.

use crate::input::Inputs;
use crate::loss::Wanted;
use crate::network::CHUNK;
use crate::{Average, Epoch, Evaluation, Network, Schedule};
use burn::tensor::{Tensor, TensorData};
use indicatif::{ProgressBar, ProgressStyle};
use rand::seq::SliceRandom;
use std::path::PathBuf;
use undertone_runtime::weights::Precision;
use undertone_runtime::{Error, Result};

/// How to train. [`Default`] is five epochs of batches of 64 at a learning rate of 0.001.
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
    /// Trains the network to give the largest of its outputs to each sample's class, by the description's loss, or without one by
    /// cross-entropy; one report an epoch.
    ///
    /// # Errors
    /// When inputs or labels do not fit the graph or its loss, the batch is 0, the loss stops being finite, or a checkpoint cannot be written.
    pub fn train(&mut self, inputs: &[&[f32]], labels: &[usize], config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.fit(inputs, Wanted::Classes(labels), labels.len(), config)
    }

    /// Trains the network by the description's loss; `targets` has one slice for each of its inputs, for as many samples as there are.
    ///
    /// # Errors
    /// As [`train`](Self::train), and when the description has no loss.
    pub fn train_on(&mut self, inputs: &[&[f32]], targets: &[&[f32]], samples: usize, config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.fit(inputs, Wanted::Values(targets), samples, config)
    }

    /// How well the network does on samples with known classes.
    ///
    /// # Errors
    /// When inputs or labels do not fit the graph or its loss.
    pub fn evaluate(&self, inputs: &[&[f32]], labels: &[usize]) -> Result<Evaluation> {
        self.judge(inputs, Wanted::Classes(labels), labels.len())
    }

    /// The description's loss on samples with known targets.
    ///
    /// # Errors
    /// When inputs or targets do not fit, or the description has no loss.
    pub fn evaluate_on(&self, inputs: &[&[f32]], targets: &[&[f32]], samples: usize) -> Result<Evaluation> {
        self.judge(inputs, Wanted::Values(targets), samples)
    }

    fn fit(&mut self, inputs: &[&[f32]], wanted: Wanted, samples: usize, config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.check(inputs, wanted, samples)?;
        let refuse = |message: &str| Err(Error::Input { name: "config".into(), message: message.into() });
        if config.batch == 0 {
            return refuse("a batch of 0 samples trains nothing");
        }
        if samples == 0 {
            return refuse("there are no samples to train on");
        }
        if let Some(seed) = config.seed {
            self.seed(seed);
        }
        // A last batch of one sample would have no variance for batch normalisation.
        let lonely = config.batch > 1 && samples > 1 && samples % config.batch == 1;
        let per_epoch = samples.div_ceil(config.batch) - usize::from(lonely);
        let steps = per_epoch * config.epochs;
        let schedule = Schedule { peak: config.learning_rate, warm_up: (steps as f64 * config.warm_up) as usize, steps };
        let bar = bar(steps, config.progress);
        let mut optimizer = self.adam_w(config.weight_decay);
        let mut average = config.average.map(Average::new);
        let mut order: Vec<usize> = (0..samples).collect();
        let mut epochs = Vec::with_capacity(config.epochs);
        for number in 1..=config.epochs {
            order.shuffle(&mut self.rng);
            let mut sum = Sum::default();
            for (k, chosen) in order.chunks(config.batch).take(per_epoch).enumerate() {
                let samples = self.gather(inputs, chosen);
                let samples: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
                let scores = self.forward_train(&samples, chosen.len(), None)?;
                if let Wanted::Classes(labels) = wanted {
                    let scores = self.read(&scores.clone().inner())?;
                    *sum.correct.get_or_insert(0) += self.right(&scores, &chosen.iter().map(|i| labels[*i]).collect::<Vec<_>>());
                }
                let gradients = self.gradients(&self.loss_of(scores, wanted, chosen)?)?;
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

    fn judge(&self, inputs: &[&[f32]], wanted: Wanted, samples: usize) -> Result<Evaluation> {
        self.check(inputs, wanted, samples)?;
        let scores = self.forward(inputs, samples)?;
        let elements = self.graph.output_shape().numel();
        let mut sum = Sum { samples, ..Sum::default() };
        if let Wanted::Classes(labels) = wanted {
            sum.correct = Some(self.right(&scores, labels));
        }
        let all: Vec<usize> = (0..samples).collect();
        for (chosen, scores) in all.chunks(CHUNK).zip(scores.chunks(CHUNK * elements)) {
            let scores = Tensor::<2>::from_data(TensorData::new(scores.to_vec(), [chosen.len(), elements]), &self.device);
            let loss = self.loss_of(scores, wanted, chosen)?;
            sum.loss += f64::from(self.read(&loss.reshape([1, 1]))?[0]) * chosen.len() as f64;
        }
        Ok(sum.evaluation())
    }

    fn check(&self, inputs: &[&[f32]], wanted: Wanted, samples: usize) -> Result<()> {
        Inputs::new(&self.graph, inputs, samples)?;
        self.check_wanted(wanted, samples)
    }

    /// The samples with these numbers, for each input.
    fn gather(&self, inputs: &[&[f32]], chosen: &[usize]) -> Vec<Vec<f32>> {
        let sizes = self.graph.inputs.iter().map(|input| input.shape.numel());
        inputs.iter().zip(sizes).map(|(values, n)| chosen.iter().flat_map(|i| &values[i * n..(i + 1) * n]).copied().collect()).collect()
    }
}

/// Sums over samples on the way to an [`Evaluation`].
#[derive(Default)]
struct Sum {
    samples: usize,
    correct: Option<usize>,
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

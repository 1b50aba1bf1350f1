//! A network with the types of a model.

use crate::{Comparison, Epoch, Evaluation, Network, TrainConfig};
use burn::tensor::Device;
use core::marker::PhantomData;
use undertone_runtime::{Calibration, Clear, Error, Model, ModelInput, Prediction, Result, Weights};

/// The plaintext twin of a model.
pub struct Twin<M: Model> {
    network: Network,
    model: PhantomData<fn() -> M>,
}

/// What every model has with the twin.
pub trait TwinModel: Model + Sized {
    /// The twin before training: weights as their layers initialise them, from the operating system's randomness.
    ///
    /// # Errors
    /// When the model's graph is inconsistent.
    fn twin(device: &Device) -> Result<Twin<Self>> {
        Twin::over(Network::initial(Self::graph()?.clone(), None, device)?)
    }

    /// As [`twin`](Self::twin), with the same weights, shuffling and dropout for the same seed.
    ///
    /// # Errors
    /// As [`twin`](Self::twin).
    fn twin_seeded(device: &Device, seed: u64) -> Result<Twin<Self>> {
        Twin::over(Network::initial(Self::graph()?.clone(), Some(seed), device)?)
    }

    /// The twin with these weights; weights that the model does not name are left out.
    ///
    /// # Errors
    /// When weights are missing, wrongly shaped or not finite: all are named at once.
    fn twin_with(device: &Device, weights: &Weights) -> Result<Twin<Self>> {
        Twin::over(Network::new(Self::graph()?.clone(), weights, device)?)
    }
}

impl<M: Model> TwinModel for M {}

/// Samples with their classes.
#[derive(Clone, Debug)]
pub struct Examples<I> {
    /// The samples.
    pub inputs: I,
    /// The class of each sample.
    pub labels: Vec<usize>,
}

impl<I: ModelInput> Examples<I> {
    /// Samples with their classes.
    ///
    /// # Errors
    /// When there are not as many samples as labels.
    pub fn new(inputs: I, labels: Vec<usize>) -> Result<Self> {
        let batch = inputs.batch()?;
        if batch != labels.len() {
            return Err(Error::Input { name: "labels".into(), message: format!("{} labels for {batch} samples", labels.len()) });
        }
        Ok(Self { inputs, labels })
    }
}

impl<M: Model> Twin<M> {
    fn over(mut network: Network) -> Result<Self> {
        network.set_loss(M::loss()?.cloned())?;
        Ok(Self { network, model: PhantomData })
    }

    /// The outputs for a batch of samples.
    ///
    /// # Errors
    /// When a value is not finite, or several inputs have different numbers of samples.
    pub fn predict(&self, inputs: &M::Input) -> Result<Clear<M::Output>> {
        Clear::new(self.network.forward(&inputs.slices(), inputs.batch()?)?)
    }

    /// Compares a recorded private run with the twin on the same inputs, stage by stage.
    ///
    /// # Errors
    /// When the run was not recorded, or the inputs cannot be used.
    pub fn compare(&self, run: &Prediction<M::Released>, inputs: &M::Input) -> Result<Comparison> {
        let Some(stages) = &run.stages else {
            return Err(Error::Input {
                name: "run".into(),
                message: "its stages were not recorded: use `World::two_party().record()`".into(),
            });
        };
        self.network.compare(stages, &inputs.slices(), inputs.batch()?)
    }

    /// Trains the model to give the largest of its outputs to each sample's class; one report an epoch. It makes the loss of the
    /// description small, or without a `loss` clause the cross-entropy.
    ///
    /// # Errors
    /// When a label is no class, the description's loss does not compare with classes, a value is not finite, the loss stops being
    /// finite, or a checkpoint cannot be written.
    pub fn train(&mut self, examples: &Examples<M::Input>, config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.network.train(&examples.inputs.slices(), &examples.labels, config)
    }

    /// Trains the model on whatever the `loss` of its description compares the output with; one report an epoch.
    ///
    /// # Errors
    /// When the description has no loss, there are not as many targets as inputs, a value is not finite, the loss stops being finite, or
    /// a checkpoint cannot be written.
    pub fn train_on(&mut self, inputs: &M::Input, targets: &M::Target, config: &TrainConfig) -> Result<Vec<Epoch>> {
        self.network.train_on(&inputs.slices(), &targets.slices(), inputs.batch()?, config)
    }

    /// Accuracy and loss on samples with known classes: a sample has the class of its largest output. With a single output and a loss of yes or no it has class 1
    /// where it is a yes, above 0 for scores and above one half for probabilities, and class 0 otherwise.
    ///
    /// # Errors
    /// When a label is no class, the description's loss does not compare with classes, or a value is not finite.
    pub fn evaluate(&self, examples: &Examples<M::Input>) -> Result<Evaluation> {
        self.network.evaluate(&examples.inputs.slices(), &examples.labels)
    }

    /// The loss of the description on samples with known targets.
    ///
    /// # Errors
    /// When the description has no loss, there are not as many targets as inputs, or a value is not finite.
    pub fn evaluate_on(&self, inputs: &M::Input, targets: &M::Target) -> Result<Evaluation> {
        self.network.evaluate_on(&inputs.slices(), &targets.slices(), inputs.batch()?)
    }

    /// The largest absolute value that each stage hands on, over a batch of samples; the inputs come first.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn ranges(&self, inputs: &M::Input) -> Result<Vec<(String, f32)>> {
        self.network.ranges(&inputs.slices(), inputs.batch()?)
    }

    /// The ranges of every value on these samples, and the sizes of the weights, for plans that open fewer bits:
    /// [`Settings::calibrated`](undertone_runtime::Settings). A plan is public, so calibrate on samples that may be summarised.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), when there are no samples, or when a value on the way is not finite.
    pub fn calibrate(&self, inputs: &M::Input) -> Result<Calibration> {
        self.network.calibrate(&inputs.slices(), inputs.batch()?)
    }

    /// The weights, by PyTorch's names and in its layouts.
    ///
    /// # Errors
    /// When the device fails to hand them out.
    pub fn weights(&self) -> Result<Weights> {
        self.network.weights()
    }

    /// Replaces the weights.
    ///
    /// # Errors
    /// When weights are missing, wrongly shaped or not finite: all are named at once, and nothing is replaced.
    pub fn load(&mut self, weights: &Weights) -> Result<()> {
        self.network.load(weights)
    }

    /// The network below, for training loops of one's own.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network below, to change it.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }
}

impl<M: Model> core::fmt::Debug for Twin<M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Twin({})", M::NAME)
    }
}

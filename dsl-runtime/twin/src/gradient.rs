//! Training by hand: forward with a tape, gradients, a step of one of burn's optimizers.
//!
//! ```
//! use undertone_runtime::graph::{Init, trace};
//! use undertone_shape::Shape;
//! use undertone_twin::{Device, Network};
//!
//! let graph = trace("Line", &[("x", Shape::new([2]))], |g, x| {
//!     let weight = g.parameter("weight", [1, 2], Init::Uniform { fan_in: 2 });
//!     g.linear(x[0], weight, None)
//! })?;
//! let mut network = Network::initial(graph, Some(1), &Device::flex())?;
//! let mut optimizer = network.adam_w(0.0);
//! let (x, batch) = ([1.0, 2.0, -1.0, 0.5], 2);
//! for _ in 0..200 {
//!     let output = network.forward_train(&[&x], batch, None)?;  // [batch, elements of the output]
//!     let loss = (output - 1.0).powi_scalar(2).mean();          // any loss in burn
//!     let gradients = network.gradients(&loss)?.clip(1.0);
//!     network.apply(&mut optimizer, gradients, 0.05);
//! }
//! assert!(network.forward(&[&x], batch)?.iter().all(|y| (y - 1.0).abs() < 0.05));
//! # Ok::<(), undertone_runtime::Error>(())
//! ```

use crate::input::Inputs;
use crate::interpret::{Keep, Mode, run};
use crate::network::{Network, Slot};
use burn::module::{ParamGroup, ParamId};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use undertone_runtime::graph::Op;
use undertone_runtime::{Error, Result};

/// The gradients of a loss by all weights, and the loss.
#[derive(Debug)]
pub struct Gradients {
    all: GradientsParams,
    ids: Vec<ParamId>,
    loss: f32,
    norm: f32,
}

impl Gradients {
    /// The loss.
    pub fn loss(&self) -> f32 {
        self.loss
    }

    /// The Euclidean norm over all gradients.
    pub fn norm(&self) -> f32 {
        self.norm
    }

    /// Scales all gradients so that their norm is at most `largest`. PyTorch: `clip_grad_norm_`.
    pub fn clip(mut self, largest: f32) -> Self {
        if self.norm > largest {
            let scale = f64::from(largest / self.norm);
            for id in &self.ids {
                if let Some(gradient) = self.all.remove::<1>(*id) {
                    self.all.register::<1>(*id, gradient * scale);
                }
            }
            self.norm = largest;
        }
        self
    }

    /// The gradient of the trained weight with this index, flat, if the loss depends on it.
    fn get(&self, index: usize) -> Option<Tensor<1>> {
        self.all.get(self.ids[index])
    }
}

impl Network {
    /// The output of a batch in training, `[batch, elements]` on burn's tape: batch normalisation uses the statistics of the
    /// batch and moves the running ones as PyTorch does, dropout is at work.
    ///
    /// With `valid`, the share of each sample's last axis that is not padding, batch normalisation leaves padding out of its
    /// statistics.
    ///
    /// # Errors
    /// When the number of inputs or of values is wrong, a value is not finite, a share is not between 0 and 1, or a batch
    /// normalisation has a single value a channel.
    pub fn forward_train(&mut self, inputs: &[&[f32]], batch: usize, valid: Option<&[f32]>) -> Result<Tensor<2>> {
        let inputs = Inputs::new(&self.graph, inputs, batch)?;
        if let Some(valid) = valid
            && (valid.len() != batch || valid.iter().any(|share| !(0.0..=1.0).contains(share)))
        {
            let message = format!("{} shares for {batch} samples; one between 0 and 1 is needed for each", valid.len());
            return Err(Error::Input { name: "valid".into(), message });
        }
        let tensors: Vec<Tensor<2>> = inputs.tensors(&self.device).into_iter().map(Tensor::from_inner).collect();
        let parameters = self.on_tape();
        let mut mode = Mode::Train { rng: &mut self.rng, valid, statistics: vec![] };
        let values = run(&self.graph, &tensors, &parameters, Keep::Output, &mut mode)?;
        if let Mode::Train { statistics, .. } = mode {
            for (mean, variance, momentum, batch) in statistics {
                self.follow(mean, batch.mean, momentum);
                self.follow(variance, batch.variance, momentum);
            }
        }
        Ok(values[self.graph.output.0].each(batch))
    }

    /// The gradients of a loss, a tensor of one element that comes from [`forward_train`](Self::forward_train).
    ///
    /// # Errors
    /// When the loss depends on no weight, or the loss or a gradient is not finite: the learning rate is too high, or a target
    /// cannot be reached.
    pub fn gradients(&self, loss: &Tensor<1>) -> Result<Gradients> {
        let fail = |message: String| Error::Graph { model: self.graph.name.clone(), stage: String::new(), message };
        if !loss.is_tracked() {
            return Err(fail("the loss depends on no weight that is trained".into()));
        }
        let value = self.read(&loss.clone().inner().reshape([1, 1]))?[0];
        if !value.is_finite() {
            return Err(fail(format!("the loss is {value}: lower the learning rate, or look at the targets")));
        }
        let all = GradientsParams::from_grads(loss.backward(), &self.trained);
        let ids: Vec<ParamId> = self.trained.iter().map(|p| p.id).collect();
        let mut gradients = Gradients { all, ids, loss: value, norm: 0.0 };
        let squares = (0..self.trained.len()).filter_map(|i| gradients.get(i)).map(|g| (g.clone() * g).sum());
        if let Some(sum) = squares.reduce(|a, b| a + b) {
            gradients.norm = self.read(&sum.reshape([1, 1]))?[0].sqrt();
        }
        if !gradients.norm.is_finite() {
            return Err(fail("the gradients are not finite: lower the learning rate".into()));
        }
        Ok(gradients)
    }

    /// Lets an optimizer of burn change the weights.
    pub fn apply(&mut self, optimizer: &mut ModuleOptimizer, gradients: Gradients, learning_rate: f64) {
        self.trained = optimizer.step(learning_rate, std::mem::take(&mut self.trained), gradients.all);
    }

    /// [`gradients`](Self::gradients) and [`apply`](Self::apply); the loss.
    ///
    /// # Errors
    /// As [`gradients`](Self::gradients); the weights are then unchanged.
    pub fn step(&mut self, optimizer: &mut ModuleOptimizer, loss: &Tensor<1>, learning_rate: f64) -> Result<f32> {
        let gradients = self.gradients(loss)?;
        let value = gradients.loss;
        self.apply(optimizer, gradients, learning_rate);
        Ok(value)
    }

    /// `AdamW` with PyTorch's constants; biases and the weights of normalisations do not decay.
    pub fn adam_w(&self, weight_decay: f32) -> ModuleOptimizer {
        let config = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay);
        let vectors = self.graph.parameters.iter().zip(&self.slots).filter_map(|(parameter, slot)| match *slot {
            Slot::Trained(i) if parameter.shape.rank() < 2 => Some(self.trained[i].clone()),
            _ => None,
        });
        let group = ParamGroup::ids_from_module(vectors.collect::<Vec<_>>());
        config.init().with_group(group, config.with_weight_decay(0.0).build(), None)
    }

    /// The gradient of each parameter of the graph by name, flat; `None` where the loss does not depend on it or it is not trained.
    ///
    /// # Errors
    /// When the device fails to hand them out.
    pub fn by_name(&self, gradients: &Gradients) -> Result<Vec<(String, Option<Vec<f32>>)>> {
        let one = |(parameter, slot): (&undertone_runtime::graph::Parameter, &Slot)| {
            let gradient = match *slot {
                Slot::Trained(i) => gradients.get(i).map(|g| self.read(&g.unsqueeze())).transpose()?,
                Slot::Buffer(_) => None,
            };
            Ok((parameter.name.clone(), gradient))
        };
        self.graph.parameters.iter().zip(&self.slots).map(one).collect()
    }

    fn on_tape(&self) -> Vec<Tensor<1>> {
        let value = |slot: &Slot| match *slot {
            Slot::Trained(i) => self.trained[i].val(),
            Slot::Buffer(i) => Tensor::from_inner(self.buffers[i].clone()),
        };
        self.slots.iter().map(value).collect()
    }

    /// Moves the running statistic that `node` reads towards that of a batch.
    fn follow(&mut self, node: usize, batch: Tensor<1>, momentum: f64) {
        if let Op::Parameter(k) = self.graph.nodes[node].op
            && let Slot::Buffer(i) = self.slots[k]
        {
            self.buffers[i] = self.buffers[i].clone() * (1.0 - momentum) + batch * momentum;
        }
    }
}

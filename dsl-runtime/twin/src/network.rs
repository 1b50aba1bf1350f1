//! A graph with weights: the untyped core of the twin.

use crate::initial::initial;
use crate::input::Inputs;
use crate::interpret::{Keep, Mode, run};
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{SeedableRng, make_rng};
use undertone_runtime::graph::{Graph, Op, Parameter};
use undertone_runtime::{Error, Result, Weights};

/// How many samples [`Network::forward`] computes at once; more would only take more memory.
pub(crate) const CHUNK: usize = 64;

/// A graph with its weights on a device, in 32-bit floating point.
///
/// Samples are slices of `f32`, one after the other in row-major order, one slice for each input of the graph.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) graph: Graph,
    /// What training makes small: from the output and what it is compared with to a number.
    pub(crate) loss: Option<Graph>,
    /// The trained weights, flat; [`Slot`] says which parameter of the graph each one is.
    pub(crate) trained: Vec<Param<Tensor<1>>>,
    /// The weights that no gradient changes, such as running means, flat.
    pub(crate) buffers: Vec<Tensor<1>>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) device: Device,
    pub(crate) rng: Xoshiro256PlusPlus,
}

/// Where the value of a parameter of the graph is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Trained(usize),
    Buffer(usize),
}

impl Network {
    /// A network with these weights; weights that the graph does not name are left out.
    ///
    /// # Errors
    /// When the graph is inconsistent, or weights are missing, wrongly shaped or not finite: all are named at once.
    pub fn new(graph: Graph, weights: &Weights, device: &Device) -> Result<Self> {
        whole(&graph)?;
        let device = device.clone().inner();
        let weights = weights.clone().fit(&graph)?;
        let (mut trained, mut buffers, mut slots) = (vec![], vec![], vec![]);
        for parameter in &graph.parameters {
            let value = flat(&weights, &parameter.name, &device);
            if parameter.trainable {
                slots.push(Slot::Trained(trained.len()));
                trained.push(Param::from_tensor(Tensor::from_inner(value)));
            } else {
                slots.push(Slot::Buffer(buffers.len()));
                buffers.push(value);
            }
        }
        Ok(Self { graph, loss: None, trained, buffers, slots, device, rng: make_rng() })
    }

    /// A network before training: weights as their layers initialise them, from `seed` or from the operating system's randomness.
    ///
    /// # Errors
    /// When the graph is inconsistent.
    pub fn initial(graph: Graph, seed: Option<u64>, device: &Device) -> Result<Self> {
        let mut rng = seed.map_or_else(make_rng, Xoshiro256PlusPlus::seed_from_u64);
        let weights = initial(&graph, &mut rng);
        let mut network = Self::new(graph, &weights, device)?;
        network.rng = rng;
        Ok(network)
    }

    /// The output for a batch of samples, sample after sample. Batch normalisation uses the running statistics; dropout does
    /// nothing.
    ///
    /// # Errors
    /// When the number of inputs or of values is wrong, or a value is not finite.
    pub fn forward(&self, inputs: &[&[f32]], batch: usize) -> Result<Vec<f32>> {
        let mut output = Vec::with_capacity(batch * self.graph.output_shape().numel());
        for chunk in Inputs::new(&self.graph, inputs, batch)?.chunks(CHUNK) {
            let values = run(&self.graph, &chunk.tensors(&self.device), &self.plain(), Keep::Output, &mut Mode::Evaluate)?;
            output.extend(self.read(&values[self.graph.output.0].rows())?);
        }
        Ok(output)
    }

    /// The value of every node of the graph for a batch of samples; empty for nodes that hold weights. For comparisons stage by
    /// stage.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn forward_all(&self, inputs: &[&[f32]], batch: usize) -> Result<Vec<Vec<f32>>> {
        let mut all = vec![Vec::new(); self.graph.nodes.len()];
        for chunk in Inputs::new(&self.graph, inputs, batch)?.chunks(CHUNK) {
            let values = run(&self.graph, &chunk.tensors(&self.device), &self.plain(), Keep::All, &mut Mode::Evaluate)?;
            for ((node, value), all) in self.graph.nodes.iter().zip(&values).zip(&mut all) {
                if !matches!(node.op, Op::Parameter(_)) {
                    all.extend(self.read(&value.each(chunk.batch()))?);
                }
            }
        }
        Ok(all)
    }

    /// The largest absolute value that each stage hands on, over a batch of samples; the inputs come first, under their names.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn ranges(&self, inputs: &[&[f32]], batch: usize) -> Result<Vec<(String, f32)>> {
        let mut ends: Vec<(String, usize)> = vec![];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if let Op::Input(k) = node.op {
                ends.push((self.graph.inputs[k].name.clone(), i));
            }
        }
        ends.extend(self.graph.stages().into_iter().map(|(name, id)| (name.to_owned(), id.0)));
        let mut ranges: Vec<(String, f32)> = ends.iter().map(|(name, _)| (name.clone(), 0.0)).collect();
        for chunk in Inputs::new(&self.graph, inputs, batch)?.chunks(CHUNK) {
            let values = run(&self.graph, &chunk.tensors(&self.device), &self.plain(), Keep::All, &mut Mode::Evaluate)?;
            for ((_, node), (_, range)) in ends.iter().zip(&mut ranges) {
                let largest = self.read(&values[*node].rows().abs().max().reshape([1, 1]))?;
                *range = range.max(largest[0]);
            }
        }
        Ok(ranges)
    }

    /// The weights, by PyTorch's names and in its layouts.
    ///
    /// # Errors
    /// When the device fails to hand them out.
    pub fn weights(&self) -> Result<Weights> {
        let mut weights = Weights::empty();
        for (parameter, value) in self.graph.parameters.iter().zip(self.plain()) {
            let count = parameter.shape.numel();
            weights.insert(parameter.name.clone(), parameter.shape, self.read(&value.reshape([1, count]))?);
        }
        Ok(weights)
    }

    /// Replaces the weights. An optimizer's state stays with them.
    ///
    /// # Errors
    /// When weights are missing, wrongly shaped or not finite: all are named at once, and nothing is replaced.
    pub fn load(&mut self, weights: &Weights) -> Result<()> {
        let weights = weights.clone().fit(&self.graph)?;
        for (parameter, slot) in self.graph.parameters.iter().zip(&self.slots) {
            let value = flat(&weights, &parameter.name, &self.device);
            match *slot {
                Slot::Trained(i) => self.trained[i] = self.trained[i].clone().map(|_| Tensor::from_inner(value).require_grad()),
                Slot::Buffer(i) => self.buffers[i] = value,
            }
        }
        Ok(())
    }

    /// Goes on with another graph of the same weights, such as the same model over longer recordings. An optimizer's state stays.
    ///
    /// # Errors
    /// When the graph is inconsistent, or its weights have other names, shapes or another order.
    pub fn set_graph(&mut self, graph: Graph) -> Result<()> {
        whole(&graph)?;
        let (old, new) = (&self.graph.parameters, &graph.parameters);
        let same = |a: &Parameter, b: &Parameter| a.name == b.name && a.shape == b.shape && a.trainable == b.trainable;
        let text = |p: Option<&Parameter>| p.map_or("nothing".to_owned(), |p| format!("`{}` {}", p.name, p.shape));
        let problems: Vec<String> = (0..old.len().max(new.len()))
            .filter(|&i| !old.get(i).zip(new.get(i)).is_some_and(|(a, b)| same(a, b)))
            .map(|i| format!("weight {i} is {}, but was {}", text(new.get(i)), text(old.get(i))))
            .collect();
        if !problems.is_empty() {
            return Err(Error::Weights { model: graph.name, problems });
        }
        self.graph = graph;
        Ok(())
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Starts the generator that dropout and shuffling take their randomness from.
    pub fn seed(&mut self, seed: u64) {
        self.rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    }

    /// The weights in the order of the graph, outside of any tape.
    pub(crate) fn plain(&self) -> Vec<Tensor<1>> {
        let value = |slot: &Slot| match *slot {
            Slot::Trained(i) => self.trained[i].val().inner(),
            Slot::Buffer(i) => self.buffers[i].clone(),
        };
        self.slots.iter().map(value).collect()
    }

    /// The values of a tensor.
    pub(crate) fn read(&self, tensor: &Tensor<2>) -> Result<Vec<f32>> {
        tensor.try_to_vec_as::<f32>().map_err(|e| Error::Graph {
            model: self.graph.name.clone(),
            stage: String::new(),
            message: format!("the device does not hand out its values: {e}"),
        })
    }
}

/// Checks the graph; values without elements have no place on a device.
fn whole(graph: &Graph) -> Result<()> {
    graph.verify()?;
    match graph.nodes.iter().find(|node| node.shape.numel() == 0) {
        Some(node) => Err(Error::Graph {
            model: graph.name.clone(),
            stage: node.stage.clone(),
            message: format!("a value of shape {} has no elements", node.shape),
        }),
        None => Ok(()),
    }
}

/// A weight as a flat tensor. `weights` fits the graph, so the name is there; an absent one would be empty.
fn flat(weights: &Weights, name: &str, device: &Device) -> Tensor<1> {
    let values = weights.get(name).map(|(_, values)| values.to_vec()).unwrap_or_default();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

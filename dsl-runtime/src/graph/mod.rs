//! The graph of a model: primitive operations on one sample, named after the stages that they come from.
//!
//! It is traced once per model ([`trace`]) and read by everything else: the twin, the plan, the cost. A node's inputs come
//! before it, so the order of [`Graph::nodes`] is an order of execution.

mod listing;
pub mod op;
mod scope;

use crate::error::{Error, Result};
pub use op::Op;
pub use scope::{Scope, Value};
use std::collections::HashMap;
use undertone_shape::Shape;

/// The place of a node in [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// One primitive operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// The operands, all of them earlier nodes.
    pub inputs: Vec<NodeId>,
    /// The shape of the result, without the batch.
    pub shape: Shape,
    /// The stage that asked for it, such as `block_2.conv2d_1`; empty outside of any stage.
    pub stage: String,
}

/// How a parameter starts before training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Every element has this value.
    Constant(f32),
    /// Uniform in `[-1/sqrt(fan_in), 1/sqrt(fan_in)]`, as PyTorch initialises `nn.Linear` and `nn.Conv2d`.
    Uniform {
        /// The number of inputs that one output sums.
        fan_in: usize,
    },
}

/// A weight of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The key in a weights file, such as `fc1.weight`.
    pub name: String,
    /// Its shape, in PyTorch's layout.
    pub shape: Shape,
    /// How it starts before training.
    pub init: Init,
    /// Whether training changes it by its gradient; a running mean is not.
    pub trainable: bool,
    /// How a pass made it from other weights; `None` for a weight of the description.
    pub derived: Option<Derived>,
}

/// A weight that its owner computes in the clear from other weights, before encoding. Indices are into the graph's parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Derived {
    /// `weight * gamma / sqrt(variance + epsilon)` for each output channel; without a weight, its scale alone.
    Weight {
        /// The weight, `[out, …]`.
        weight: Option<usize>,
        /// The normalisation.
        norm: Norm,
    },
    /// `beta + (bias - mean) * gamma / sqrt(variance + epsilon)`.
    Bias {
        /// The bias, `[out]`; zero where there is none.
        bias: Option<usize>,
        /// The normalisation.
        norm: Norm,
    },
    /// A weight or a bias times public numbers, plus public numbers, for each output channel.
    Scaled {
        /// What is scaled, derived or not; zeros where there is none.
        of: Option<usize>,
        /// The numbers.
        scaling: op::Affine,
    },
}

/// The weights of a normalisation, as indices into the graph's parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// gamma, one a channel; 1 where there is none.
    pub weight: Option<usize>,
    /// beta, one a channel; 0 where there is none.
    pub bias: Option<usize>,
    /// The running mean, one a channel or one for each group of channels.
    pub mean: usize,
    /// The running variance.
    pub variance: usize,
    /// Added to the variance before the root.
    pub epsilon: f64,
}

/// An input of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The name in the description.
    pub name: String,
    /// The shape of one sample.
    pub shape: Shape,
    /// The role that owns it.
    pub owner: String,
    /// What its owner does to it in the clear, before it is encoded. A description has none, passes put public scalings there.
    pub scaling: Option<op::Affine>,
}

/// A value that is opened, and the roles that learn it.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The name in the description.
    pub name: String,
    /// The value.
    pub node: NodeId,
    /// The roles that learn it.
    pub to: Vec<String>,
}

/// The owner of inputs, and the receiver of the output, where a description names none.
pub const CLIENT: &str = "client";

/// The owner of weights where a description names none.
pub const SERVER: &str = "server";

/// A traced model.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The model's name.
    pub name: String,
    /// The inputs, in the order of the description.
    pub inputs: Vec<Input>,
    /// The weights, in the order of their declaration.
    pub parameters: Vec<Parameter>,
    /// The operations, in an order of execution.
    pub nodes: Vec<Node>,
    /// The node whose value is the model's output.
    pub output: NodeId,
    /// The role that owns the weights.
    pub weights_owner: String,
    /// What is opened, and who learns it; nothing else ever is.
    pub releases: Vec<Release>,
    /// For each operation of a graph that passes made, the operation of the traced graph that has the same value, if one has; empty for a traced graph.
    pub(crate) origins: Vec<Option<NodeId>>,
    /// Stages whose value another stage has computed, with that value; empty for a traced graph.
    pub(crate) aliases: Vec<(String, NodeId)>,
}

impl Graph {
    /// The node with this id.
    ///
    /// # Panics
    /// When the id belongs to another graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// The shape of the output.
    pub fn output_shape(&self) -> Shape {
        self.node(self.output).shape
    }

    /// The roles, in the order in which the description names them: owners of inputs, owner of the weights, receivers.
    pub fn roles(&self) -> Vec<&str> {
        let mut roles: Vec<&str> = Vec::new();
        let owners = self.inputs.iter().map(|i| i.owner.as_str()).chain([self.weights_owner.as_str()]);
        for role in owners.chain(self.releases.iter().flat_map(|r| r.to.iter().map(String::as_str))) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        roles
    }

    /// The stages in order of execution, each with its last node: the value that the stage hands on.
    pub fn stages(&self) -> Vec<(&str, NodeId)> {
        let own =
            self.nodes.iter().enumerate().filter(|(_, n)| !matches!(n.op, Op::Parameter(_))).map(|(i, n)| (n.stage.as_str(), NodeId(i)));
        let aliases = self.aliases.iter().map(|(stage, id)| (stage.as_str(), *id));
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut stages: Vec<(NodeId, &str, NodeId)> = Vec::new();
        for (name, id) in own.chain(aliases).filter(|(name, _)| !name.is_empty()) {
            if let Some(at) = places.get(name) {
                stages[*at].2 = id;
            } else {
                places.insert(name, stages.len());
                stages.push((id, name, id));
            }
        }
        // a stage without operations of its own comes after the one that has computed its value
        stages.sort_by_key(|(first, ..)| *first);
        stages.into_iter().map(|(_, name, last)| (name, last)).collect()
    }

    /// Whether this value is released, so that it has to be computed as it is.
    pub fn is_released(&self, id: NodeId) -> bool {
        self.releases.iter().any(|r| r.node == id)
    }

    /// The nodes that read each node.
    pub fn consumers(&self) -> Vec<Vec<NodeId>> {
        let mut all = vec![Vec::new(); self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                all[input.0].push(NodeId(i));
            }
        }
        all
    }

    /// Checks that every node's inputs come before it and have the shapes that its operation needs.
    pub fn verify(&self) -> Result<()> {
        for (i, node) in self.nodes.iter().enumerate() {
            if let Some(late) = node.inputs.iter().find(|input| input.0 >= i) {
                return Err(self.broken(node, format!("node {i} reads node {}, which does not come before it", late.0)));
            }
            let shapes: Vec<Shape> = node.inputs.iter().map(|input| self.node(*input).shape).collect();
            match self.infer(&node.op, &shapes) {
                Ok(shape) if shape == node.shape => {}
                Ok(shape) => return Err(self.broken(node, format!("node {i} is declared {}, but its operation gives {shape}", node.shape))),
                Err(e) => return Err(self.broken(node, undertone_shape::render(&node.stage, &e).as_str().to_owned())),
            }
        }
        let model = |message: String| Err(Error::Graph { model: self.name.clone(), stage: String::new(), message });
        if self.output.0 >= self.nodes.len() {
            return model("the output is not a node".into());
        }
        for (i, release) in self.releases.iter().enumerate() {
            if release.node.0 >= self.nodes.len() || matches!(self.node(release.node).op, Op::Input(_) | Op::Parameter(_)) {
                return model(format!("release `{}` opens an input or a weight as it is, or no value at all", release.name));
            }
            if release.to.is_empty() || self.releases[..i].iter().any(|r| r.name == release.name) {
                return model(format!("release `{}` has no receiver, or its name is that of another release", release.name));
            }
        }
        Ok(())
    }

    fn infer(&self, op: &Op, shapes: &[Shape]) -> undertone_shape::Infer {
        match op {
            Op::Input(k) => Ok(self.inputs[*k].shape),
            Op::Parameter(k) => Ok(self.parameters[*k].shape),
            other => other.infer(shapes),
        }
    }

    fn broken(&self, node: &Node, message: String) -> Error {
        Error::Graph { model: self.name.clone(), stage: node.stage.clone(), message }
    }
}

/// Traces a model: `body` gets the inputs as values and returns the output. The role [`CLIENT`] owns the inputs, [`SERVER`] the weights.
///
/// # Errors
/// When a layer asks for an operation on shapes that it does not accept, names a parameter twice, or when a stage's
/// traced shape is not the one that it was expected to have.
pub fn trace(name: &str, inputs: &[(&str, Shape)], body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>) -> Result<Graph> {
    let inputs: Vec<(&str, Shape, &str)> = inputs.iter().map(|(name, shape)| (*name, *shape, CLIENT)).collect();
    scope::trace(name, &inputs, SERVER, body)
}

/// As [`trace`], with a role for each input and one for the weights. What `body` releases ([`Scope::release`]) is opened and nothing else; without any release, the
/// role [`CLIENT`] learns the output.
///
/// # Errors
/// As [`trace`], and when a release has no receiver, the name of another one, or opens an input or a weight as it is.
pub fn trace_roles(
    name: &str,
    inputs: &[(&str, Shape, &str)],
    weights_owner: &str,
    body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>,
) -> Result<Graph> {
    scope::trace(name, inputs, weights_owner, body)
}

/// Traces a loss: `body` gets the output of a model and what it is compared with, and returns a number.
///
/// # Errors
/// As [`trace`], and when a layer declares a weight or the result is no number: only the model itself is trained.
pub fn trace_loss(
    name: &str,
    inputs: &[(&str, Shape)],
    body: impl for<'g> FnOnce(&mut Scope<'g>, &[Value<'g>]) -> Value<'g>,
) -> Result<Graph> {
    // nobody owns a label, and nothing of a loss is opened
    let inputs: Vec<(&str, Shape, &str)> = inputs.iter().map(|(name, shape)| (*name, *shape, "")).collect();
    let mut graph = scope::trace(name, &inputs, "", body)?;
    graph.releases.clear();
    let refuse = |message: String| Err(Error::Graph { model: name.to_owned(), stage: String::new(), message });
    if let Some(weight) = graph.parameters.first() {
        return refuse(format!("a loss has no weights, but here is `{}`: put its layer into the model", weight.name));
    }
    if graph.output_shape().rank() != 0 {
        return refuse(format!("a loss is a number, but this one has the shape {}", graph.output_shape()));
    }
    Ok(graph)
}

//! Public scalings are done in the clear by whoever owns what they can be put into.
//!
//! ```text
//! f(x, w) c + d  = f(x, w c) + (b c + d)     after a convolution or a matrix product with bias b that nobody else reads: the owner of the weights folds it into them
//! f(c x, w)      = f(x, w c)                 before one, where all of x has one factor and nothing is added
//! c x + d                                    of an input that nobody else reads: its owner encodes it so
//! ```
//!
//! Weights have f fraction bits, so a small factor would take bits of them: factors between 1/16 and 16 are folded. An input loses nothing, whatever the factor is: numbers
//! are multiplied before they are rounded. Measured in `tests/scalings.rs`.
//!
//! The stage of the scaling names the product that it became one with; where an input takes it, it keeps its row in the reports, with nothing in it; where the product
//! after it does, it has none.

use super::super::scaling::composed;
use super::{Rewrite, remove_dead_code};
use crate::graph::op::Affine;
use crate::graph::{Derived, Graph, Init, Node, NodeId, Op, Parameter};
use undertone_shape::Shape;

/// The largest factor that weights take, and the inverse of the smallest.
const LARGEST: f64 = 16.0;

/// The graph with as few public scalings as there can be.
pub fn fold_scalings(graph: &Graph) -> Graph {
    let mut graph = graph.clone();
    // what follows a scaling that was folded can be next
    while let Some(folded) = folded_once(&graph) {
        graph = remove_dead_code(&folded);
    }
    graph
}

/// The graph without scalings that can be folded into what is there; nothing where there are none.
fn folded_once(graph: &Graph) -> Option<Graph> {
    let mut fold = Fold { graph, consumers: graph.consumers(), parameters: graph.parameters.clone(), inputs: vec![], aliases: vec![] };
    let (mut new, mut changed) = (Rewrite::new(graph), false);
    for (i, node) in graph.nodes.iter().enumerate() {
        let place = fold.encoded(&new, i).or_else(|| fold.after(&mut new, node)).or_else(|| fold.before(&mut new, node));
        changed |= place.is_some();
        let place = place.unwrap_or_else(|| {
            let moved = new.moved(node);
            new.push(moved)
        });
        new.place.push(place);
    }
    if !changed {
        return None;
    }
    let Fold { parameters, inputs, aliases, .. } = fold;
    let places = new.place.clone();
    let mut all = Graph { parameters, ..new.finish_with(graph, aliases) };
    for (input, scaling, old) in inputs {
        let before = all.inputs[input].scaling.take();
        all.inputs[input].scaling = Some(before.map_or_else(|| scaling.clone(), |first| composed(&first, &scaling)));
        // what is encoded has the range of what was scaled
        all.origins[places[old].0] = if graph.origins.is_empty() { Some(NodeId(old)) } else { graph.origins[old] };
    }
    Some(all)
}

struct Fold<'a> {
    graph: &'a Graph,
    consumers: Vec<Vec<NodeId>>,
    parameters: Vec<Parameter>,
    /// Inputs that are scaled by their owners, and the nodes that did so.
    inputs: Vec<(usize, Affine, usize)>,
    aliases: Vec<(String, NodeId)>,
}

impl Fold<'_> {
    /// Whether one node alone reads a value, and nobody learns it.
    fn is_alone(&self, id: NodeId) -> bool {
        self.consumers[id.0].len() == 1 && !self.graph.is_released(id)
    }

    /// A scaling of an input.
    fn encoded(&mut self, new: &Rewrite, node: usize) -> Option<NodeId> {
        let scaling = &self.graph.nodes[node];
        let Op::Affine(affine) = &scaling.op else { return None };
        let source = scaling.inputs[0];
        let Op::Input(k) = self.graph.node(source).op else { return None };
        if !self.is_alone(source) {
            return None;
        }
        self.inputs.push((k, affine.clone(), node));
        if self.graph.stages().iter().any(|(_, end)| end.0 == node) {
            self.aliases.push((scaling.stage.clone(), NodeId(node)));
        }
        Some(new.place[source.0])
    }

    /// A scaling of a product.
    fn after(&mut self, new: &mut Rewrite, node: &Node) -> Option<NodeId> {
        let Op::Affine(affine) = &node.op else { return None };
        let source = node.inputs[0];
        let producer = self.graph.node(source);
        let (weight, bias) = self.weights(producer)?;
        let one = affine.factors.len() == 1 && affine.offsets.len() == 1;
        // the channels of a matrix product with rows are its last axis
        let channels_first = !matches!(producer.op, Op::Linear) || producer.shape.rank() == 1;
        if !self.is_alone(source) || !(one || channels_first) || !affine.factors.iter().all(|c| is_taken(*c)) {
            return None;
        }
        let out = if channels_first { producer.shape.dim(0) } else { self.parameters[weight].shape.dim(0) };
        let shape = self.parameters[weight].shape;
        let x = new.place[producer.inputs[0].0];
        let factors = Affine { factors: affine.factors.clone(), offsets: vec![] };
        let mut inputs = vec![x, self.derive(new, node, "weight", shape, Some(weight), factors)];
        if bias.is_some() || affine.offsets.iter().any(|d| *d != 0.0) {
            inputs.push(self.derive(new, node, "bias", Shape::new([out]), bias, affine.clone()));
        }
        Some(new.push(Node { inputs, stage: node.stage.clone(), ..producer.clone() }))
    }

    /// A product of what was scaled.
    fn before(&mut self, new: &mut Rewrite, node: &Node) -> Option<NodeId> {
        let (weight, _) = self.weights(node)?;
        let source = node.inputs[0];
        let Op::Affine(affine) = &self.graph.node(source).op else { return None };
        let plain = affine.factors.len() == 1 && affine.offsets.iter().all(|d| *d == 0.0) && is_taken(affine.factors[0]);
        // the value before is opened instead, unless an input has taken the scaling already
        let x = new.place[self.graph.node(source).inputs[0].0];
        if !plain || !self.is_alone(source) || new.place[source.0] == x {
            return None;
        }
        let shape = self.parameters[weight].shape;
        let factors = Affine { factors: affine.factors.clone(), offsets: vec![] };
        let weight = self.derive(new, node, "weight", shape, Some(weight), factors);
        let bias = node.inputs.get(2).map(|b| new.place[b.0]);
        let inputs = [x, weight].into_iter().chain(bias).collect();
        Some(new.push(Node { inputs, ..node.clone() }))
    }

    /// The weight and the bias of a product with weights.
    fn weights(&self, node: &Node) -> Option<(usize, Option<usize>)> {
        if !matches!(node.op, Op::Conv(_) | Op::ConvTranspose(_) | Op::Linear) {
            return None;
        }
        let parameter = |id: &NodeId| if let Op::Parameter(k) = self.graph.node(*id).op { Some(k) } else { None };
        let bias = match node.inputs.get(2) {
            Some(id) => Some(parameter(id)?),
            None => None,
        };
        Some((parameter(&node.inputs[1])?, bias))
    }

    /// Declares a scaled weight and the node that reads it.
    fn derive(&mut self, new: &mut Rewrite, node: &Node, kind: &str, shape: Shape, of: Option<usize>, scaling: Affine) -> NodeId {
        let name = format!("{kind} scaled at {} of {}", node.stage, self.parameters.len());
        let derived = Some(Derived::Scaled { of, scaling });
        self.parameters.push(Parameter { name, shape, init: Init::Constant(0.0), trainable: false, derived });
        let op = Op::Parameter(self.parameters.len() - 1);
        new.push(Node { op, inputs: vec![], shape, stage: node.stage.clone() })
    }
}

/// Whether weights take this factor.
fn is_taken(c: f64) -> bool {
    (1.0 / LARGEST..=LARGEST).contains(&c.abs())
}

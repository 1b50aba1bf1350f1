//! Batch normalisation with fixed statistics is affine, so the owner of the weights folds it into them, in the clear, before they are encoded.
//!
//! After a convolution or a matrix product that nobody else reads, both become one product under the normalisation's name; elsewhere it becomes a depthwise
//! convolution with one tap.

use super::Rewrite;
use crate::graph::op::Conv;
use crate::graph::{Derived, Graph, Init, Node, NodeId, Norm, Op, Parameter};
use undertone_shape::Shape;

/// The graph without batch normalisation.
pub fn fold_batch_norm(graph: &Graph) -> Graph {
    let consumers = graph.consumers();
    let mut parameters = graph.parameters.clone();
    let mut new = Rewrite::new(graph);
    for node in &graph.nodes {
        let place = match &node.op {
            Op::BatchNorm(norm) => {
                let index = |k: usize| match graph.node(node.inputs[k]).op {
                    Op::Parameter(p) => Some(p),
                    _ => None,
                };
                let all = (index(1), index(2), index(3), index(4));
                let (Some(weight), Some(bias), Some(mean), Some(variance)) = all else {
                    let moved = new.moved(node);
                    let place = new.push(moved);
                    new.place.push(place);
                    continue;
                };
                let norm = Norm { weight, bias, mean, variance, epsilon: norm.epsilon };
                let source = node.inputs[0];
                let producer = graph.node(source);
                let alone = consumers[source.0].len() == 1 && graph.output != source;
                let channels_first = match producer.op {
                    Op::Conv(_) => true,
                    Op::Linear => producer.shape.rank() == 1,
                    _ => false,
                };
                let weights: Vec<Option<usize>> = producer.inputs.iter().skip(1).map(|i| parameter(graph, *i)).collect();
                if alone && channels_first && weights.iter().all(Option::is_some) {
                    let x = new.place[producer.inputs[0].0];
                    let (w, b) = (weights[0], weights.get(1).copied().flatten());
                    let shape = parameters[w.unwrap_or(0)].shape;
                    let weight = derive(&mut new, &mut parameters, node, "weight", shape, Derived::Weight { weight: w, norm });
                    let bias = derive(&mut new, &mut parameters, node, "bias", Shape::new([shape.dim(0)]), Derived::Bias { bias: b, norm });
                    new.push(Node { inputs: vec![x, weight, bias], stage: node.stage.clone(), ..producer.clone() })
                } else {
                    depthwise(&mut new, &mut parameters, node, norm)
                }
            }
            _ => {
                let moved = new.moved(node);
                new.push(moved)
            }
        };
        new.place.push(place);
    }
    Graph { parameters, ..new.finish(graph) }
}

fn parameter(graph: &Graph, id: NodeId) -> Option<usize> {
    match graph.node(id).op {
        Op::Parameter(k) => Some(k),
        _ => None,
    }
}

/// Declares a derived weight and the node that reads it.
fn derive(new: &mut Rewrite, parameters: &mut Vec<Parameter>, norm: &Node, kind: &str, shape: Shape, derived: Derived) -> NodeId {
    let name = format!("{} folded with {}", kind, norm.stage);
    parameters.push(Parameter { name, shape, init: Init::Constant(0.0), trainable: false, derived: Some(derived) });
    let op = Op::Parameter(parameters.len() - 1);
    new.push(Node { op, inputs: vec![], shape, stage: norm.stage.clone() })
}

/// `x: [c, …]` seen as `[c, numel / c]`, times one weight a channel, plus one bias a channel.
fn depthwise(new: &mut Rewrite, parameters: &mut Vec<Parameter>, node: &Node, norm: Norm) -> NodeId {
    let c = node.shape.dim(0);
    let flat = Shape::new([c, node.shape.numel() / c]);
    let stage = || node.stage.clone();
    let x = new.place[node.inputs[0].0];
    let x = new.push(Node { op: Op::Reshape { shape: flat }, inputs: vec![x], shape: flat, stage: stage() });
    let weight = derive(new, parameters, node, "weight", Shape::new([c, 1, 1]), Derived::Weight { weight: None, norm });
    let bias = derive(new, parameters, node, "bias", Shape::new([c]), Derived::Bias { bias: None, norm });
    let conv = Op::Conv(Conv { groups: c, ..Conv::PLAIN });
    let y = new.push(Node { op: conv, inputs: vec![x, weight, bias], shape: flat, stage: stage() });
    new.push(Node { op: Op::Reshape { shape: node.shape }, inputs: vec![y], shape: node.shape, stage: stage() })
}

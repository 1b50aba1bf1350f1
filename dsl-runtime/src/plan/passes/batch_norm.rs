//! Normalisation with fixed statistics is affine, so the owner of the weights folds it into them, in the clear, before they are encoded.
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
        let place = if let Some(norm) = norm_of(graph, node) {
            fold(graph, &consumers, &mut new, &mut parameters, node, norm)
        } else {
            let moved = new.moved(node);
            new.push(moved)
        };
        new.place.push(place);
    }
    Graph { parameters, ..new.finish(graph) }
}

/// The weights of a batch normalisation whose statistics are weights.
fn norm_of(graph: &Graph, node: &Node) -> Option<Norm> {
    let Op::BatchNorm(norm) = &node.op else { return None };
    let all = node.inputs[1..].iter().map(|id| parameter(graph, *id)).collect::<Option<Vec<usize>>>()?;
    let (weight, bias, mean, variance) = match all[..] {
        [mean, variance] => (None, None, mean, variance),
        [weight, bias, mean, variance] => (Some(weight), Some(bias), mean, variance),
        _ => return None,
    };
    Some(Norm { weight, bias, mean, variance, epsilon: norm.epsilon })
}

/// What stands for a batch normalisation: the product before it with folded weights, or a depthwise product.
fn fold(graph: &Graph, consumers: &[Vec<NodeId>], new: &mut Rewrite, parameters: &mut Vec<Parameter>, node: &Node, norm: Norm) -> NodeId {
    let source = node.inputs[0];
    let producer = graph.node(source);
    let alone = consumers[source.0].len() == 1 && !graph.is_released(source);
    let channels_first = match producer.op {
        Op::Conv(_) | Op::ConvTranspose(_) => true,
        Op::Linear => producer.shape.rank() == 1,
        _ => false,
    };
    let weights: Option<Vec<usize>> = producer.inputs.iter().skip(1).map(|i| parameter(graph, *i)).collect();
    let Some(weights) = weights.filter(|_| alone && channels_first) else { return depthwise(new, parameters, node, norm) };
    let x = new.place[producer.inputs[0].0];
    let shape = parameters[weights[0]].shape;
    let weight = derive(new, parameters, node, "weight", shape, Derived::Weight { weight: Some(weights[0]), norm });
    let bias = Derived::Bias { bias: weights.get(1).copied(), norm };
    let bias = derive(new, parameters, node, "bias", Shape::new([producer.shape.dim(0)]), bias);
    new.push(Node { inputs: vec![x, weight, bias], stage: node.stage.clone(), ..producer.clone() })
}

fn parameter(graph: &Graph, id: NodeId) -> Option<usize> {
    if let Op::Parameter(k) = graph.node(id).op { Some(k) } else { None }
}

/// Declares a derived weight and the node that reads it.
fn derive(new: &mut Rewrite, parameters: &mut Vec<Parameter>, norm: &Node, kind: &str, shape: Shape, derived: Derived) -> NodeId {
    let name = format!("{} folded with {}", kind, norm.stage);
    parameters.push(Parameter { name, shape, init: Init::Constant(0.0), trainable: false, derived: Some(derived) });
    let op = Op::Parameter(parameters.len() - 1);
    new.push(Node { op, inputs: vec![], shape, stage: norm.stage.clone() })
}

/// `x: [c, …]` times one weight a channel, plus one bias a channel. A value that has no spatial axis, or more than a convolution has, is seen as `[c, numel / c]`.
fn depthwise(new: &mut Rewrite, parameters: &mut Vec<Parameter>, node: &Node, norm: Norm) -> NodeId {
    let c = node.shape.dim(0);
    let convolved = (2..=4).contains(&node.shape.rank());
    let shape = if convolved { node.shape } else { Shape::new([c, node.shape.numel() / c]) };
    let seen = |new: &mut Rewrite, x: NodeId, shape: Shape| {
        if convolved { x } else { new.push(Node { op: Op::Reshape { shape }, inputs: vec![x], shape, stage: node.stage.clone() }) }
    };
    let x = seen(new, new.place[node.inputs[0].0], shape);
    let taps = Shape::from_slice(&[&[c, 1][..], &vec![1; shape.rank() - 1]].concat());
    let weight = derive(new, parameters, node, "weight", taps, Derived::Weight { weight: None, norm });
    let bias = derive(new, parameters, node, "bias", Shape::new([c]), Derived::Bias { bias: None, norm });
    let conv = Op::Conv(Conv { groups: c, ..Conv::PLAIN });
    let y = new.push(Node { op: conv, inputs: vec![x, weight, bias], shape, stage: node.stage.clone() });
    seen(new, y, node.shape)
}

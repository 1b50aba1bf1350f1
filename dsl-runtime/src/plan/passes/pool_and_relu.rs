//! Max pooling and ReLU commute; whichever order sends fewer bytes, online and from the dealer together, is taken.
//!
//! ReLU first compares every element and truncates for free; pooling first truncates every element by the one-bit protocol, compares pairs in a narrow ring,
//! and leaves the ReLU only the largest of each window. Both then go by the name of the pool.

use super::Rewrite;
use crate::graph::{Graph, Node, Op};
use crate::plan::Widths;
use crate::protocol::{Cost, padded};

/// The graph with the cheaper order of every max pool and its ReLU.
pub fn order_pool_and_relu(graph: &Graph, widths: &Widths) -> Graph {
    let consumers = graph.consumers();
    let mut new = Rewrite::new(graph);
    for node in &graph.nodes {
        let swap = matches!(node.op, Op::MaxPool(_)) && {
            let relu = node.inputs[0];
            graph.node(relu).op == Op::Relu
                && consumers[relu.0].len() == 1
                && !graph.is_released(relu)
                && pooling_first_is_cheaper(graph, node, widths)
        };
        let place = if swap {
            let relu = graph.node(node.inputs[0]);
            let x = new.place[relu.inputs[0].0];
            let pooled = new.push(Node { inputs: vec![x], ..node.clone() });
            new.push(Node { inputs: vec![pooled], shape: node.shape, stage: node.stage.clone(), op: relu.op.clone() })
        } else {
            let moved = new.moved(node);
            new.push(moved)
        };
        new.place.push(place);
    }
    new.finish(graph)
}

fn pooling_first_is_cheaper(graph: &Graph, pool: &Node, s: &Widths) -> bool {
    let relu = graph.node(pool.inputs[0]);
    let producer = graph.node(relu.inputs[0]);
    let product = matches!(
        producer.op,
        Op::Conv(_)
            | Op::ConvTranspose(_)
            | Op::Linear
            | Op::Scaled(_)
            | Op::Biased(_)
            | Op::Add
            | Op::Mul
            | Op::MatMul
            | Op::Polynomial(_)
    );
    let (inputs, outputs) = (padded(relu.shape.numel()), padded(pool.shape.numel()));
    let Some(windows) = crate::plan::windows(pool, relu.shape) else { return false };
    let t = if product { s.fraction } else { 0 };
    let relu_first = s.relu(t, inputs) + s.max(&windows, s.opened, false);
    let truncate = if product { s.truncation(s.fraction, inputs) } else { Cost::default() };
    let pool_first = truncate + s.max(&windows, s.opened + 1, true) + s.relu(0, outputs);
    pool_first.sent + pool_first.corrections < relu_first.sent + relu_first.corrections
}

//! Max pooling and ReLU commute; whichever order sends fewer bytes, online and from the dealer together, is taken.
//!
//! ReLU first compares every element and truncates for free; pooling first truncates every element by the one-bit protocol, compares pairs in a narrow ring,
//! and leaves the ReLU only the largest of each window. Both then go by the name of the pool.

use super::Rewrite;
use crate::graph::{Graph, Node, Op};
use crate::plan::Settings;
use crate::protocol::{Cost, Fold, max::Max, padded, relu::Relu, truncate::Truncate};

/// The graph with the cheaper order of every max pool and its ReLU.
pub fn order_pool_and_relu(graph: &Graph, settings: &Settings) -> Graph {
    let consumers = graph.consumers();
    let mut new = Rewrite::new(graph);
    for node in &graph.nodes {
        let swap = matches!(node.op, Op::MaxPool(_)) && {
            let relu = node.inputs[0];
            graph.node(relu).op == Op::Relu
                && consumers[relu.0].len() == 1
                && graph.output != relu
                && pooling_first_is_cheaper(graph, node, settings)
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

fn pooling_first_is_cheaper(graph: &Graph, pool: &Node, s: &Settings) -> bool {
    let relu = graph.node(pool.inputs[0]);
    let producer = graph.node(relu.inputs[0]);
    let product = matches!(producer.op, Op::Conv(_) | Op::Linear | Op::Add | Op::BatchNorm(_));
    let (inputs, outputs) = (padded(relu.shape.numel()), padded(pool.shape.numel()));
    let Some(windows) = crate::plan::windows(pool, relu.shape) else { return false };
    let t = if product { s.fraction } else { 0 };
    let wide = Max::new(Fold { n: s.ring, t: 0, m: s.opened }, &windows, 1);
    let relu_first = Relu::new(Fold { n: s.ring, t, m: s.opened }).cost::<u64>(inputs) + wide.cost::<u64>();
    let truncate = Truncate { n: s.ring, t: s.fraction, m: s.opened };
    let first = if product { truncate.cost::<u64>(s.parties, inputs) } else { Cost::default() };
    let narrow = Max::new(Fold { n: s.opened + 1, t: 0, m: s.opened + 1 }, &windows, 1);
    let pool_first = first + narrow.cost::<u64>() + Relu::new(Fold { n: s.ring, t: 0, m: s.opened }).cost::<u64>(outputs);
    pool_first.sent + pool_first.corrections < relu_first.sent + relu_first.corrections
}

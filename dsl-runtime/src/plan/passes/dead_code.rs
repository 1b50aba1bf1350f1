//! Removes operations that no release depends on, and those that do nothing outside of training. Inputs stay: they are the model's signature.

use super::Rewrite;
use crate::graph::{Graph, NodeId, Op};

/// The graph without operations that nobody needs; dropout is the identity.
pub fn remove_dead_code(graph: &Graph) -> Graph {
    let mut needed = vec![false; graph.nodes.len()];
    graph.releases.iter().for_each(|release| needed[release.node.0] = true);
    for i in (0..graph.nodes.len()).rev() {
        if needed[i] {
            graph.nodes[i].inputs.iter().for_each(|input| needed[input.0] = true);
        }
    }
    let mut new = Rewrite::new(graph);
    for (i, node) in graph.nodes.iter().enumerate() {
        let place = match &node.op {
            Op::Dropout { .. } => new.place[node.inputs[0].0],
            Op::Input(_) => new.push(node.clone()),
            _ if needed[i] => new.push(new.moved(node)),
            _ => NodeId(usize::MAX), // nobody asks for it
        };
        new.place.push(place);
    }
    new.finish(graph)
}

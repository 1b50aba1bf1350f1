//! Passes: each takes a graph and returns a better one that computes the same function. One pass a file.
//!
//! The twin runs the graph as it was traced; the plan runs what the passes made of it.

mod batch_norm;
mod dead_code;
mod pool_and_relu;

pub use batch_norm::fold_batch_norm;
pub use dead_code::remove_dead_code;
pub use pool_and_relu::order_pool_and_relu;

use crate::graph::{Graph, Node, NodeId, Release};
use crate::plan::Widths;

/// All passes, in order.
pub fn optimise(graph: &Graph, widths: &Widths) -> Graph {
    let graph = remove_dead_code(graph);
    let graph = fold_batch_norm(&graph);
    let graph = order_pool_and_relu(&graph, widths);
    remove_dead_code(&graph)
}

/// Builds a new node list from an old one: `place` says for each old node which new node stands for it.
struct Rewrite {
    nodes: Vec<Node>,
    place: Vec<NodeId>,
}

impl Rewrite {
    fn new(graph: &Graph) -> Self {
        Self { nodes: Vec::with_capacity(graph.nodes.len()), place: Vec::with_capacity(graph.nodes.len()) }
    }

    /// Adds a node whose inputs are already new ones.
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() - 1)
    }

    /// The old node with its inputs replaced by the new ones.
    fn moved(&self, node: &Node) -> Node {
        Node { inputs: node.inputs.iter().map(|i| self.place[i.0]).collect(), ..node.clone() }
    }

    fn finish(self, graph: &Graph) -> Graph {
        let releases = graph.releases.iter().map(|r| Release { node: self.place[r.node.0], ..r.clone() }).collect();
        // an output that nobody learns may be gone
        let output = Some(self.place[graph.output.0]).filter(|id| id.0 != usize::MAX).unwrap_or(self.place[graph.releases[0].node.0]);
        let mut origins = vec![None; self.nodes.len()];
        let kept = self.nodes.len();
        for (old, new) in self.place.iter().enumerate().filter(|(_, new)| new.0 < kept) {
            // a value that stands for several has the range of any of them
            let origin = if graph.origins.is_empty() { Some(NodeId(old)) } else { graph.origins[old] };
            origins[new.0] = origins[new.0].or(origin);
        }
        Graph { output, nodes: self.nodes, releases, origins, ..graph.clone() }
    }
}

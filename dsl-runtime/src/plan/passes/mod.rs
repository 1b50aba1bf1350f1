//! Passes: each takes a graph and returns a better one that computes the same function. One pass a file.
//!
//! The twin runs the graph as it was traced; the plan runs what the passes made of it.
//!
//! What passes over graphs and plans save; figures are those of `tests/passes.rs` and `tests/waves.rs`, for one sample and two parties:
//!
//! | pass | example | saves |
//! |---|---|---|
//! | batch normalisation into weights (`fold_batch_norm`) | after a convolution | a product, its opening and its truncation |
//! | public scalings are their owners' (`fold_scalings`) | an input that a client scales, a product that is scaled, a product of what is | 2 rounds of 8, 64 bytes of 2,912, 1,280 of 28,824 of the dealer |
//! | equal operations are one (`merge_equal`) | a ReLU and a pool that two branches begin with | 8 rounds of 8, 3,688 bytes of 3,688 for the second branch |
//! | pool before ReLU (`order_pool_and_relu`) | a 2 by 2 pool after a ReLU | three quarters of the ReLU's comparisons, by cost |
//! | a wire opened once (`plan::wire`) | a value that a convolution and a matrix product read | 2,304 bytes of 4,608 |
//! | means in the scale (`Value::factor`) | two average pools as depthwise products | 4 rounds of 10, 2,592 bytes of 5,280 |
//! | max trees that share (`protocol::tree`) | windows of 3 by 3, step 1; of 5 by 5; of 13 by 13 | 1/4, 1/2 and 7/10 of the comparisons |
//! | shared rounds (`plan::waves`) | a block of four branches | 23 rounds of 41 |
//! | values given back (`plan::peak`) | ten convolutions with their ReLUs and a skip | 8,448 elements of 9,216 in memory |

mod batch_norm;
mod dead_code;
mod merge_equal;
mod pool_and_relu;
mod scaling;

pub use batch_norm::fold_batch_norm;
pub use dead_code::remove_dead_code;
pub use merge_equal::merge_equal;
pub use pool_and_relu::order_pool_and_relu;
pub use scaling::fold_scalings;

use crate::graph::{Graph, Node, NodeId, Release};
use crate::plan::Widths;

/// All passes, in order.
pub fn optimise(graph: &Graph, widths: &Widths) -> Graph {
    let graph = remove_dead_code(graph);
    let graph = merge_equal(&graph);
    let graph = fold_batch_norm(&graph);
    let graph = fold_scalings(&graph);
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
        self.finish_with(graph, vec![])
    }

    /// As [`finish`](Self::finish), with stages of the old graph that only an old node stands for.
    fn finish_with(self, graph: &Graph, aliases: Vec<(String, NodeId)>) -> Graph {
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
        let aliases = graph.aliases.iter().cloned().chain(aliases).map(|(stage, old)| (stage, self.place[old.0]));
        let aliases = aliases.filter(|(_, new)| new.0 < kept).collect();
        Graph { output, nodes: self.nodes, releases, origins, aliases, ..graph.clone() }
    }
}

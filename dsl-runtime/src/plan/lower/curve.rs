//! Lowering of smooth functions, of functions of whole rows and of quotients.

use super::super::Value;
use super::Lower;
use crate::graph::op::{Curve, Normalize, Softmax};
use crate::graph::{Node, NodeId};

impl Lower<'_> {
    /// A smooth function, element by element.
    #[allow(clippy::unused_self, reason = "called as the other methods of a lowering are")]
    pub(super) fn curve(&mut self, node: &Node, _: NodeId, _: &Curve) -> Result<Value, String> {
        Err(format!("`{}` is not yet part of the plan", node.op.name()))
    }

    /// The softmax along an axis, or its logarithm.
    #[allow(clippy::unused_self, reason = "called as the other methods of a lowering are")]
    pub(super) fn softmax(&mut self, node: &Node, _: NodeId, _: &Softmax) -> Result<Value, String> {
        Err(format!("`{}` is not yet part of the plan", node.op.name()))
    }

    /// Normalisation of the last axes by their own statistics.
    #[allow(clippy::unused_self, reason = "called as the other methods of a lowering are")]
    pub(super) fn normalize(&mut self, node: &Node, _: NodeId, _: &Normalize) -> Result<Value, String> {
        Err(format!("`{}` is not yet part of the plan", node.op.name()))
    }

    /// The quotient of two values.
    #[allow(clippy::unused_self, reason = "called as the other methods of a lowering are")]
    pub(super) fn divide(&mut self, node: &Node, _: NodeId) -> Result<Value, String> {
        Err(format!("`{}` is not yet part of the plan", node.op.name()))
    }
}

//! Smooth functions: what all layers that are one have in common.

use super::{refused, shapes};
use undertone_runtime::graph::op::{Approx, Curve, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Any shape gives the same.
pub(crate) const fn infer(function: Smooth, approx: Approx, x: &[Shape]) -> Infer {
    Curve { function, approx }.infer(x)
}

pub(crate) fn build<'g>(g: &mut Scope<'g>, layer: &str, (function, approx): (Smooth, Approx), x: &[Value<'g>]) -> Value<'g> {
    match infer(function, approx, &shapes(x)) {
        Ok(_) => g.curve(x[0], function, approx),
        Err(e) => refused(g, layer, e, x),
    }
}

//! Normalisation by the statistics of the sample itself: the common part of all layers that have one.

use undertone_runtime::graph::op::Normalize;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::Shape;

/// The last `axes` axes by their own statistics, times a weight and plus a bias of their shape, where there are.
pub(crate) fn last_axes<'g>(g: &mut Scope<'g>, x: Value<'g>, normalize: Normalize, [weight, bias]: [bool; 2]) -> Value<'g> {
    let shape = x.shape();
    let first = shape.rank() - normalize.axes;
    let y = g.normalize(x, normalize);
    scaled(g, y, first, Shape::from_slice(&shape.dims()[first..]), [weight, bias])
}

/// Neighbouring channels of `[c, …]`, in so many groups, by their own statistics, times a weight and plus a bias for each channel, where there are.
pub(crate) fn groups<'g>(g: &mut Scope<'g>, x: Value<'g>, groups: usize, epsilon: f64, affine: bool) -> Value<'g> {
    let shape = x.shape();
    let rows = g.reshape(x, [groups, shape.numel() / groups]);
    let y = g.normalize(rows, Normalize { axes: 1, eps: epsilon, centred: true });
    let y = g.reshape(y, shape);
    scaled(g, y, 0, Shape::new([shape.dim(0)]), [affine; 2])
}

fn scaled<'g>(g: &mut Scope<'g>, x: Value<'g>, axis: usize, shape: Shape, [weight, bias]: [bool; 2]) -> Value<'g> {
    if !weight {
        return x;
    }
    let weight = g.parameter("weight", shape, Init::Constant(1.0));
    let bias = bias.then(|| g.parameter("bias", shape, Init::Constant(0.0)));
    g.scaled(x, axis, weight, bias)
}

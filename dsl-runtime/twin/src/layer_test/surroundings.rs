//! The graphs in which a layer is run: alone, and in the middle of others.

use super::LayerTest;
use undertone_runtime::graph::op::Conv;
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_runtime::{Layer, Result};
use undertone_shape::Shape;

/// The stage of the layer.
pub(super) const STAGE: &str = "layer";

/// The layer as the only stage.
///
/// # Errors
/// When the layer cannot be traced, or `build` makes another shape than `infer` says.
pub(super) fn alone<L: Layer>(test: &LayerTest<L>) -> Result<Graph> {
    on(test, &test.inputs)
}

/// The layer as the only stage, on inputs of any shapes.
pub(super) fn on<L: Layer>(test: &LayerTest<L>, inputs: &[Shape]) -> Result<Graph> {
    let (names, layer) = (names(inputs.len()), test.layer);
    trace(&test.name, &named(&names, inputs), |g, x| g.stage(STAGE, (test.infer)(&layer, inputs), |g| layer.build(g, x)))
}

/// Each input through a product of its own, the layer, and a ReLU unless the layer gives indices. `None` where an input is a scalar, of which there is no product.
pub(super) fn between<L: Layer>(test: &LayerTest<L>, integer: bool) -> Option<Result<Graph>> {
    if test.inputs.iter().any(|x| x.rank() == 0) {
        return None;
    }
    let (names, layer) = (names(test.inputs.len()), test.layer);
    Some(trace(&test.name, &named(&names, &test.inputs), |g, x| {
        let before: Vec<Value> = x.iter().enumerate().map(|(k, x)| product(g, k, *x)).collect();
        let y = g.stage(STAGE, (test.infer)(&layer, &test.inputs), |g| layer.build(g, &before));
        if integer { y } else { g.stage("relu", Ok(y.shape()), |g| g.relu(y)) }
    }))
}

/// The layer on inputs that are sums of an input and a parameter, for gradients by the inputs.
pub(super) fn with_inputs_as_parameters<L: Layer>(test: &LayerTest<L>) -> Result<Graph> {
    let (names, layer) = (names(test.inputs.len()), test.layer);
    trace(&test.name, &named(&names, &test.inputs), |g, x| {
        let moved: Vec<Value> = names.iter().zip(x).map(|(name, x)| shifted(g, name, *x)).collect();
        g.stage(STAGE, (test.infer)(&layer, &test.inputs), |g| layer.build(g, &moved))
    })
}

fn shifted<'g>(g: &mut Scope<'g>, name: &str, x: Value<'g>) -> Value<'g> {
    let by = g.parameter(name, x.shape(), Init::Constant(0.0));
    g.add(x, by)
}

/// A product that keeps the shape: over the channels where a convolution can, which leaves them innermost in memory, otherwise over the last axis.
fn product<'g>(g: &mut Scope<'g>, k: usize, x: Value<'g>) -> Value<'g> {
    let shape = x.shape();
    let channels = matches!(shape.rank(), 2 | 3);
    let size = if channels { shape.dim(0) } else { shape.dim(shape.rank() - 1) };
    let init = Init::Uniform { fan_in: size };
    g.stage(&format!("product_{k}"), Ok(shape), |g| {
        if channels {
            let dims: Vec<usize> = [size, size].into_iter().chain((1..shape.rank()).map(|_| 1)).collect();
            let weight = g.parameter("weight", Shape::from_slice(&dims), init);
            g.conv(x, weight, None, Conv::PLAIN)
        } else {
            let weight = g.parameter("weight", [size, size], init);
            g.linear(x, weight, None)
        }
    })
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|k| format!("input_{k}")).collect()
}

fn named<'a>(names: &'a [String], shapes: &[Shape]) -> Vec<(&'a str, Shape)> {
    names.iter().map(String::as_str).zip(shapes.iter().copied()).collect()
}

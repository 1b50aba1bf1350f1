//! Functions of single values, of rows and of windows.

use super::{Workload, of};
use crate::failure::Result;
use undertone::layers::{Approx, ArgMax, Erf, Exp, Gelu, InverseSqrt, Log, MaxPool2d, Reciprocal, Relu, Sigmoid, Sin, Softmax, Sqrt, Tanh};
use undertone::{Layer, Shape};

/// The number of values where a name has none.
const USUAL: usize = 10_000;
/// The largest number of values.
const LARGEST: usize = 10_000_000;

/// A function, optionally with a number of values behind it: `gelu`, `relu_1000`.
pub(super) fn named(name: &str) -> Result<Option<Workload>> {
    let layered = |shape: &[usize], layer| layer_of(name, Shape::from_slice(shape), layer);
    match name {
        "maxpool2_1000" => return layered(&[10, 10, 10], MaxPool2d { kernel: 2, stride: 2, ..MaxPool2d::DEFAULT }).map(Some),
        "maxpool2_10000" => return layered(&[16, 25, 25], MaxPool2d { kernel: 2, stride: 2, ..MaxPool2d::DEFAULT }).map(Some),
        "maxpool3_1000" => return layered(&[10, 10, 10], MaxPool2d { kernel: 3, stride: 3, ..MaxPool2d::DEFAULT }).map(Some),
        "maxpool3_9000" => return layered(&[10, 30, 30], MaxPool2d { kernel: 3, stride: 3, ..MaxPool2d::DEFAULT }).map(Some),
        "softmax_32x10" => return Ok(Some(layer_of(name, [32, 10], Softmax { axis: 1, ..Softmax::DEFAULT })?.within(-4.0, 4.0))),
        "softmax_128x128" => return Ok(Some(layer_of(name, [128, 128], Softmax { axis: 1, ..Softmax::DEFAULT })?.within(-4.0, 4.0))),
        "argmax_100x10" => return Ok(Some(layer_of(name, [100, 10], ArgMax { axis: 1 })?.within(-4.0, 4.0))),
        _ => {}
    }
    let (function, count) = match name.rsplit_once('_') {
        Some((function, count)) if count.starts_with(|c: char| c.is_ascii_digit()) => match count.parse() {
            Ok(count @ 1..=LARGEST) => (function, count),
            _ => return Ok(None),
        },
        _ => (name, USUAL),
    };
    let x = [count];
    Ok(Some(match function {
        "relu" => layer_of(name, x, Relu)?.within(-4.0, 4.0),
        "exp" => layer_of(name, x, Exp::DEFAULT)?.within(-4.0, 4.0),
        "log" => layer_of(name, x, Log::DEFAULT)?.within(0.1, 100.0),
        "reciprocal" => layer_of(name, x, Reciprocal::DEFAULT)?.within(0.1, 100.0),
        "sqrt" => layer_of(name, x, Sqrt::DEFAULT)?.within(0.1, 100.0),
        "inv_sqrt" => layer_of(name, x, InverseSqrt::DEFAULT)?.within(0.1, 100.0),
        "log_compact" => layer_of(name, x, Log { approx: Approx::Compact })?.within(0.1, 100.0),
        "reciprocal_compact" => layer_of(name, x, Reciprocal { approx: Approx::Compact })?.within(0.1, 100.0),
        "sqrt_compact" => layer_of(name, x, Sqrt { approx: Approx::Compact })?.within(0.1, 100.0),
        "inv_sqrt_compact" => layer_of(name, x, InverseSqrt { approx: Approx::Compact })?.within(0.1, 100.0),
        "erf" => layer_of(name, x, Erf::DEFAULT)?.within(-4.0, 4.0),
        "gelu" => layer_of(name, x, Gelu::DEFAULT)?.within(-4.0, 4.0),
        "sigmoid" => layer_of(name, x, Sigmoid::DEFAULT)?.within(-4.0, 4.0),
        "tanh" => layer_of(name, x, Tanh::DEFAULT)?.within(-4.0, 4.0),
        "sin" => layer_of(name, x, Sin::DEFAULT)?.within(-4.0, 4.0),
        _ => return Ok(None),
    }))
}

fn layer_of(name: &str, shape: impl Into<Shape>, layer: impl Layer) -> Result<Workload> {
    of(name, shape, |g, x| layer.build(g, &[x]))
}

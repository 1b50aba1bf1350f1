//! What the tests share: graphs of one operation, random values, and comparison.
#![allow(dead_code, reason = "each test binary uses a part")]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use undertone_runtime::Weights;
use undertone_runtime::graph::{Graph, Init, Scope, Value, trace};
use undertone_shape::Shape;
use undertone_twin::{Device, Network};

pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

pub fn random(rng: &mut StdRng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// A graph with one input `x`.
pub fn graph(shape: impl Into<Shape>, body: impl for<'g> FnOnce(&mut Scope<'g>, Value<'g>) -> Value<'g>) -> Graph {
    trace("M", &[("x", shape.into())], |g, x| body(g, x[0])).unwrap()
}

/// A uniform initialisation.
pub const UNIFORM: Init = Init::Uniform { fan_in: 4 };

/// A network with every weight random, running variances positive.
pub fn network(graph: Graph, rng: &mut StdRng) -> Network {
    let mut weights = Weights::empty();
    for p in &graph.parameters {
        let values = random(rng, p.shape.numel());
        let values = if p.name.ends_with("running_var") { values.iter().map(|v| v.abs() + 0.5).collect() } else { values };
        weights.insert(p.name.clone(), p.shape, values);
    }
    Network::new(graph, &weights, &Device::flex()).unwrap()
}

#[track_caller]
pub fn close(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}: numbers of values");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: value {i} is {a}, not {b}");
    }
}

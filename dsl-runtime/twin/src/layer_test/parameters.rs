//! Parameters: what is declared, what uses it, and how it starts.

use super::expected::{Expected, inner};
use super::surroundings::STAGE;
use super::{Finding, LayerTest};
use crate::initial;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use undertone_runtime::graph::{Graph, Init, Op, Parameter};

const CHECK: &str = "parameters";

/// How many values of a parameter are drawn before their mean and variance are looked at.
const DRAWN: usize = 4000;

pub(super) fn check<L>(test: &LayerTest<L>, graph: &Graph) -> Vec<Finding> {
    let mut messages = vec![];
    let found: Vec<Expected> = graph.parameters.iter().map(|p| Expected::of(p, STAGE)).collect();
    if let Some(wanted) = &test.declares
        && *wanted != found
    {
        let list = |all: &[Expected]| {
            if all.is_empty() { "none".into() } else { all.iter().map(Expected::to_string).collect::<Vec<_>>().join("; ") }
        };
        messages.push(format!("declared are {}; expected are {}", list(&found), list(wanted)));
    }
    for (k, parameter) in graph.parameters.iter().enumerate() {
        let name = inner(&parameter.name, STAGE);
        messages.extend(use_of(graph, k, parameter).map(|problem| format!("`{name}` {problem}")));
        messages.extend(start(test.seed, graph, k, parameter).map(|problem| format!("`{name}` {problem}")));
    }
    if initial(graph, &mut rng(test.seed)) != initial(graph, &mut rng(test.seed)) {
        messages.push("two starts from one seed differ".into());
    }
    messages.into_iter().map(|message| Finding::new(CHECK, message)).collect()
}

/// What is wrong with the way in which a parameter is used.
fn use_of(graph: &Graph, k: usize, parameter: &Parameter) -> Option<String> {
    if parameter.shape.numel() == 0 {
        return Some(format!("has no elements: {}", parameter.shape));
    }
    let read = |node: &undertone_runtime::graph::Node| node.inputs.iter().any(|i| graph.node(*i).op == Op::Parameter(k));
    let mut readers = graph.nodes.iter().filter(|n| read(n)).peekable();
    if readers.peek().is_none() {
        return Some("is declared, but nothing reads it".into());
    }
    let Init::Uniform { fan_in } = parameter.init else { return None };
    readers.find_map(|node| {
        if !matches!(node.op, Op::Conv(_) | Op::Linear) {
            return None;
        }
        let terms: usize = graph.node(node.inputs[1]).shape.dims()[1..].iter().product();
        (terms != fan_in)
            .then(|| format!("starts for a `fan_in` of {fan_in}, but an output of its `{}` sums {terms} inputs", node.op.name()))
    })
}

/// What is wrong with the values that a parameter starts with.
fn start(seed: u64, graph: &Graph, k: usize, parameter: &Parameter) -> Option<String> {
    let (low, high, variance) = match parameter.init {
        Init::Constant(value) => (value, value, 0.0),
        Init::Uniform { fan_in } => {
            let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
            (-bound, bound, f64::from(bound).powi(2) / 3.0)
        }
    };
    let mut rng = rng(seed ^ k as u64);
    let mut values: Vec<f32> = vec![];
    while values.len() < DRAWN {
        values.extend(initial(graph, &mut rng).get(&parameter.name).map_or(&[][..], |(_, values)| values));
    }
    if let Some(v) = values.iter().find(|v| !(v.is_finite() && (low..=high).contains(*v))) {
        return Some(format!("starts with {v}, outside of {low} to {high} of its {:?}", parameter.init));
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let spread = values.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / count;
    // five standard deviations of the mean, and of the variance of a uniform distribution, whose fourth moment is 9/5 of the variance squared
    let (middle, off) = (f64::midpoint(f64::from(low), f64::from(high)), 5.0 * (variance / count).sqrt());
    let wide = 5.0 * variance * (0.8 / count).sqrt();
    let rounding = 1e-6 * f64::from(low.abs().max(high.abs())).max(f64::MIN_POSITIVE);
    let wrong = (mean - middle).abs() > off + rounding || (spread - variance).abs() > wide + rounding;
    wrong.then(|| format!("starts with mean {mean} and variance {spread}, but {:?} has {middle} and {variance}", parameter.init))
}

fn rng(seed: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(seed)
}

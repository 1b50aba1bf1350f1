//! Inputs and weights of the comparisons: random ones of several sizes, and those at the edges of what fixed point can hold.

use super::surroundings::STAGE;
use crate::Network;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use undertone_runtime::graph::{Graph, Init};
use undertone_runtime::plan::{Kind, Sum, Widths};
use undertone_runtime::{Error, Plan, Result, Weights};

/// Samples that are run together: bounds are those of the largest values of a run, so small values are not mixed with large ones.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// What each sample is.
    pub(super) names: Vec<&'static str>,
    /// Each input, sample after sample.
    pub(super) inputs: Vec<Vec<f32>>,
}

/// How the elements of a sample are chosen: from the position, counted through all inputs, and randomness.
type Pattern = fn(usize, &mut Xoshiro256PlusPlus) -> f32;

/// In units of 2^-f, so that nothing is rounded on the way in.
const SMALLEST: [(&str, Pattern); 4] = [
    ("zeros", |_, _| 0.0),
    ("the smallest number", |_, _| 1.0),
    ("minus the smallest number", |_, _| -1.0),
    ("the smallest number, alternating", |i, _| if i % 2 == 0 { 1.0 } else { -1.0 }),
];
const TIES: [(&str, Pattern); 2] =
    [("-1, 0 and 1", |_, rng| f32::from(rng.random_range(-1i8..=1))), ("0 and 1", |_, rng| f32::from(rng.random_range(0i8..=1)))];
const RANDOM: [(&str, Pattern); 3] = [("random", random), ("random, negative", |i, rng| -random(i, rng).abs()), ("random", random)];
// random values of this size have no bits below a unit, so that encoding rounds nothing, and what 32-bit floats lose in sums shows
const LARGEST: [(&str, Pattern); 4] = [
    ("the largest", |_, _| 1.0),
    ("minus the largest", |_, _| -1.0),
    ("the largest, alternating", |i, _| if i % 2 == 0 { 1.0 } else { -1.0 }),
    ("random, up to the largest", random),
];

fn random(_: usize, rng: &mut Xoshiro256PlusPlus) -> f32 {
    rng.random_range(-1.0..=1.0)
}

impl Group {
    /// The number of samples.
    pub(super) fn batch(&self) -> usize {
        self.names.len()
    }

    /// The inputs as slices.
    pub(super) fn slices(&self) -> Vec<&[f32]> {
        self.inputs.iter().map(Vec::as_slice).collect()
    }

    /// Sample `i` of each input.
    pub(super) fn sample(&self, i: usize) -> Vec<&[f32]> {
        self.inputs.iter().map(|x| &x[i * x.len() / self.batch()..(i + 1) * x.len() / self.batch()]).collect()
    }

    fn new(graph: &Graph, patterns: &[(&'static str, Pattern)], size: f32, rng: &mut Xoshiro256PlusPlus) -> Self {
        let mut inputs = vec![vec![]; graph.inputs.len()];
        for (_, pattern) in patterns {
            let mut at = 0;
            for (values, input) in inputs.iter_mut().zip(&graph.inputs) {
                values.extend((at..at + input.shape.numel()).map(|i| size * pattern(i, rng)));
                at += input.shape.numel();
            }
        }
        Self { names: patterns.iter().map(|(name, _)| *name).collect(), inputs }
    }
}

/// All groups for a graph, of 4, 2, 1, 3, 1 and 4 samples.
///
/// # Errors
/// When the twin cannot compute, or its values are out of range however small the inputs.
pub(super) fn groups(network: &Network, plan: &Plan, seed: u64) -> Result<Vec<Group>> {
    let (graph, settings) = (network.graph(), &plan.settings);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let unit = 1.0 / (1u64 << settings.fraction) as f32;
    let mut all = vec![];
    for (patterns, size) in
        [(&SMALLEST[..], unit), (&TIES, 1.0), (&RANDOM[..1], 0.02), (&RANDOM, 1.0), (&RANDOM[..1], 50.0), (&LARGEST, limit(settings))]
    {
        all.push(in_range(network, plan, |size| Group::new(graph, patterns, size, &mut rng.clone()), size)?);
        rng = Xoshiro256PlusPlus::seed_from_u64(rng.random());
    }
    Ok(all)
}

/// Random samples of magnitude 1.
///
/// # Errors
/// When the twin cannot compute, or its values are out of range however small the inputs.
pub(super) fn ordinary(network: &Network, plan: &Plan, seed: u64) -> Result<Group> {
    in_range(network, plan, |size| Group::new(network.graph(), &RANDOM, size, &mut Xoshiro256PlusPlus::seed_from_u64(seed)), 1.0)
}

/// Weights that are not all alike: those of the layers' starts, and where that is a constant, up to a half more or less.
pub(super) fn weights(graph: &Graph, seed: u64) -> Weights {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut weights = crate::initial(graph, &mut rng);
    for parameter in &graph.parameters {
        if let Init::Constant(value) = parameter.init {
            let values = (0..parameter.shape.numel()).map(|_| value + rng.random_range(-0.5..=0.5)).collect();
            weights.insert(parameter.name.clone(), parameter.shape, values);
        }
    }
    weights
}

/// The samples of the largest size, halved from `size` until no value of the twin is out of range.
fn in_range(network: &Network, plan: &Plan, group: impl Fn(f32) -> Group, mut size: f32) -> Result<Group> {
    let (unit, largest) = (1.0 / (1u64 << plan.settings.fraction) as f32, limit(&plan.settings) / factor(plan) as f32);
    loop {
        let group = group(size);
        let values = network.forward_all(&group.slices(), group.batch())?;
        let fractions = network.graph().nodes.iter().zip(&values).filter(|(node, _)| !node.op.is_integer());
        let reached = fractions.flat_map(|(_, values)| values).fold(0f32, |m, v| m.max(v.abs()));
        if reached <= largest {
            return Ok(group);
        }
        size /= 2.0;
        if size < unit {
            let message = format!("however small the inputs, values reach {reached}; at most {largest} keep the layer in range");
            return Err(Error::Plan { model: plan.model.clone(), stage: STAGE.into(), message });
        }
    }
}

/// The largest float that an input may be.
fn limit(settings: &Widths) -> f32 {
    let largest = ((1i64 << (settings.opened - 2)) - settings.parties as i64) as f64 / (1u64 << settings.fraction) as f64;
    let rounded = largest as f32;
    if f64::from(rounded) <= largest { rounded } else { rounded.next_down() }
}

/// The largest factor that the integers of a value carry, because a mean is kept as a sum.
fn factor(plan: &Plan) -> u64 {
    let stages = plan.stages.iter().map(|s| s.result.factor);
    let sums = plan.steps.iter().map(|s| if let Kind::Sum(Sum(w)) = &s.kind { w.kernel.iter().product::<usize>() as u64 } else { 1 });
    stages.chain(sums).max().unwrap_or(1)
}

//! The twin's gradient against the slope of its output, in training: dropout at work, normalisation by the statistics of the batch.

use super::expected::inner;
use super::surroundings::{STAGE, with_inputs_as_parameters};
use super::{Finding, LayerTest, samples};
use crate::Network;
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use undertone_runtime::{Layer, Result, Weights};

const CHECK: &str = "gradient";

/// An odd number of samples, and enough for the statistics of a batch.
const BATCH: usize = 3;

/// Steps of the numeric slope. One that agrees is enough: a longer one may pass a kink of a ReLU, a shorter one drowns in the rounding of floats.
const STEPS: [f32; 3] = [1.0 / 64.0, 1.0 / 256.0, 1.0 / 1024.0];

/// The share of a gradient's norm by which a slope along random signs may be off.
const CLOSE: f64 = 0.01;

pub(super) fn check<L: Layer>(test: &LayerTest<L>) -> Vec<Finding> {
    match problems(test) {
        Ok(all) => all.into_iter().map(|message| Finding::new(CHECK, message)).collect(),
        Err(e) => vec![Finding::new(CHECK, e.to_string())],
    }
}

fn problems<L: Layer>(test: &LayerTest<L>) -> Result<Vec<String>> {
    let graph = with_inputs_as_parameters(test)?;
    if graph.nodes.iter().any(|node| node.op.is_integer()) {
        return Ok(vec![]); // an index has no slope
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(test.seed);
    let inputs: Vec<Vec<f32>> = graph.inputs.iter().map(|input| spaced(BATCH * input.shape.numel(), &mut rng)).collect();
    let mut start = samples::weights(&graph, test.seed);
    for input in &graph.inputs {
        start.insert(input.name.clone(), input.shape, vec![0.0; input.shape.numel()]);
    }
    let factors: Vec<f32> = (0..BATCH * graph.output_shape().numel()).map(|_| rng.random_range(-1.0..=1.0)).collect();
    let slope = Slope { inputs: &inputs, factors: &factors, seed: test.seed };
    let mut network = Network::new(graph, &start, &Device::flex())?;
    let mut wrong = vec![];
    for (name, gradient) in slope.gradients(&mut network)? {
        let Some((shape, values)) = start.get(&name) else { continue };
        let trained = network.graph().parameters.iter().any(|p| p.name == name && p.trainable);
        if !trained {
            continue;
        }
        let gradient = gradient.unwrap_or_else(|| vec![0.0; values.len()]);
        let signs: Vec<f32> = (0..values.len()).map(|_| if rng.random() { 1.0 } else { -1.0 }).collect();
        let said: f64 = gradient.iter().zip(&signs).map(|(g, s)| f64::from(g * s)).sum();
        let norm = gradient.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let mut slopes = vec![];
        for step in STEPS {
            let mut at = |sign: f32| {
                let mut moved: Weights = start.clone();
                moved.insert(&name, shape, values.iter().zip(&signs).map(|(v, s)| v + sign * step * s).collect());
                network.load(&moved).and_then(|()| slope.value(&mut network))
            };
            let ((above, size), (below, _)) = (at(1.0)?, at(-1.0)?);
            let rounding = f64::from(f32::EPSILON) * size / f64::from(step);
            slopes.push(((above - below) / (2.0 * f64::from(step)), CLOSE * norm + 1e-3 + rounding));
        }
        let off = |found: f64| (found - said).abs();
        if !slopes.iter().any(|(found, allowed)| off(*found) <= *allowed) {
            let found = slopes.iter().map(|(found, _)| *found).min_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(f64::NAN);
            let name = inner(&name, STAGE);
            wrong.push(format!("by `{name}` along random signs the twin's gradient says {said:.5}, the slope of its output is {found:.5}"));
        }
    }
    Ok(wrong)
}

/// A weighted sum of all outputs, and what it is a function of besides the weights.
struct Slope<'a> {
    inputs: &'a [Vec<f32>],
    factors: &'a [f32],
    seed: u64,
}

impl Slope<'_> {
    /// The gradient of the sum by each parameter.
    fn gradients(&self, network: &mut Network) -> Result<Vec<(String, Option<Vec<f32>>)>> {
        let output = self.output(network)?;
        let factors = Tensor::<2>::from_data(TensorData::new(self.factors.to_vec(), output.dims()), &output.device());
        let gradients = network.gradients(&(output * factors).sum())?;
        network.by_name(&gradients)
    }

    /// The sum, and that of the magnitudes.
    fn value(&self, network: &mut Network) -> Result<(f64, f64)> {
        let output = self.output(network)?;
        let output = network.read(&output.inner())?;
        let terms = || output.iter().zip(self.factors).map(|(y, c)| f64::from(*y) * f64::from(*c));
        Ok((terms().sum(), terms().map(f64::abs).sum()))
    }

    /// The output in training, with the same dropout every time.
    fn output(&self, network: &mut Network) -> Result<Tensor<2>> {
        network.seed(self.seed);
        let inputs: Vec<&[f32]> = self.inputs.iter().map(Vec::as_slice).collect();
        network.forward_train(&inputs, BATCH, None)
    }
}

/// Values from -1 to 1 in random order, as far from each other and from zero as possible: away from the kinks of a maximum and a ReLU.
fn spaced(count: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let half = count.div_ceil(2) as f32;
    let mut all: Vec<f32> = (0..count).map(|i| ((i / 2) as f32 + 0.5) / half * if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
    all.shuffle(rng);
    all
}

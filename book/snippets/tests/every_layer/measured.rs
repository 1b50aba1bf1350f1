//! What a layer costs and how near it comes: of the plan of an example, and of a private run of it beside the twin.

use super::examples::Example;
use undertone::fixed::Against;
use undertone::graph::{CLIENT, Graph, Init, SERVER};
use undertone::party::fixed_point_against;
use undertone::twin::{Device, Network};
use undertone::{Deployment, Place, Plan, Settings, Shape, Values, Weights, World};

pub const SEED: u64 = 7;

/// Samples of the private run.
const SAMPLES: usize = 4;

/// Samples of the run whose bits are counted: some protocols fill blocks of 32 rows up.
const COUNTED: usize = 32;

/// Under the default settings; bits are those of an element of the inputs.
pub struct Measured {
    pub rounds: u64,
    /// Bits that each party sends.
    pub sent: f64,
    /// Bits that the dealer sends besides seeds.
    pub corrections: f64,
    /// The largest difference from the twin, in units of the last place.
    pub error: f64,
    /// What the fixed-point reference bounds that by; of an index it bounds the values that are compared.
    pub bound: f64,
}

pub fn of(example: &Example) -> Measured {
    let graph = example.graph.as_ref().unwrap_or_else(|e| panic!("{}: {e}", example.layer));
    let settings = Settings::default();
    let plan = Plan::deployed(graph, &settings, &deployment()).unwrap();
    let elements: usize = example.inputs.iter().map(Shape::numel).sum();
    let bits = |bytes: u64| bytes as f64 * 8.0 / (COUNTED * elements) as f64;
    let table = plan.cost(COUNTED);
    let cost = table.rows.iter().find(|row| row.stage == Example::STAGE).map(|row| row.cost);
    let (rounds, sent, corrections) = cost.map_or((0, 0, 0), |cost| (cost.rounds, cost.sent, cost.corrections));
    let (error, bound) = accuracy(example, graph, &settings);
    Measured { rounds, sent: bits(sent), corrections: bits(corrections), error, bound }
}

/// As in the middle of a network: no party has the inputs by itself, and one has the weights.
fn deployment() -> Deployment {
    Deployment::new([(CLIENT.to_owned(), Place::Client(0)), (SERVER.to_owned(), Place::Party(1))])
}

/// The largest error of a private run, and its bound.
fn accuracy(example: &Example, graph: &Graph, settings: &Settings) -> (f64, f64) {
    let unit = 2f64.powi(-(settings.fraction as i32));
    let mut random = Random(SEED);
    let weights = weights(graph, &mut random);
    let inputs: Vec<Vec<f32>> = example.inputs.iter().map(|shape| random.many(SAMPLES * shape.numel(), example.values)).collect();
    let inputs: Vec<&[f32]> = inputs.iter().map(Vec::as_slice).collect();
    let world = World::seeded(SEED).settings(settings.clone()).deployment(deployment());
    let run = world.predict_graph(graph, &weights, &inputs, SAMPLES, &mut |_| {}).unwrap();
    let twin = Network::new(graph.clone(), &weights, &Device::flex()).unwrap().forward(&inputs, SAMPLES).unwrap();
    let bound = [Against::PrivateRun, Against::Twin]
        .map(|against| fixed_point_against(against, graph, settings, &weights, &inputs, SAMPLES).unwrap().bound);
    let bound = (bound[0] + bound[1]) / unit;
    let (_, values) = run.opened.iter().next().unwrap();
    let (found, unit, bound): (Vec<f64>, f64, f64) = match values {
        // an index is right, or it is not
        Values::Index(found) => (found.iter().map(|v| f64::from(*v)).collect(), 1.0, 0.0),
        Values::Real(found) => (found.iter().map(|v| f64::from(*v)).collect(), unit, bound),
    };
    assert_eq!(found.len(), twin.len(), "{}", example.layer);
    let error = found.iter().zip(&twin).map(|(a, b)| (a - f64::from(*b)).abs() / unit).fold(0.0, f64::max);
    assert!(error <= bound, "{}: {error} units of {bound}, seed {SEED}", example.layer);
    (error, bound)
}

/// Weights of few bits, so that sums of 32-bit floats are exact: near the starts of the layer.
fn weights(graph: &Graph, random: &mut Random) -> Weights {
    let mut all = Weights::empty();
    for parameter in &graph.parameters {
        let (middle, reach) = match parameter.init {
            Init::Constant(value) => (value, 0.5),
            Init::Uniform { fan_in } => (0.0, 1.0 / (fan_in as f32).sqrt()),
        };
        let near = random.many(parameter.shape.numel(), [-1.0, 1.0]).into_iter();
        let values = near.map(|v| middle + (v * reach * 64.0).round() / 64.0).collect();
        all.insert(parameter.name.clone(), parameter.shape, values);
    }
    all
}

/// Numbers that only look random, by the mixing function of SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// So many of 257 evenly spread numbers.
    fn many(&mut self, count: usize, [low, high]: [f32; 2]) -> Vec<f32> {
        (0..count).map(|_| low + (high - low) * (self.next() % 257) as f32 / 256.0).collect()
    }
}

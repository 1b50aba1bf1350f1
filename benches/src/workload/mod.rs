//! What is measured: a graph, and random inputs and weights for it.
//!
//! Values are random because cost does not depend on them; weights keep activations about as large as trained ones do, so that errors mean something. Every process makes
//! the same ones from a seed. Masks and shares have nothing to do with this: they come from the operating system, as always.

mod functions;
mod networks;
mod products;

use crate::failure::{Failure, Result};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use undertone::graph::{Graph, Init};
use undertone::{Shape, Weights};

/// The seed of all inputs and weights.
const SEED: u64 = 1;

/// What is measured.
pub struct Workload {
    /// What is computed.
    pub graph: Graph,
    /// From where to where the values of each input go; `None`: normal, with variance 1.
    range: Option<(f32, f32)>,
    /// How much smaller or larger than usual a weight of this name is.
    scale: fn(&str) -> f32,
}

impl Workload {
    fn new(graph: Graph) -> Self {
        Self { graph, range: None, scale: |_| 1.0 }
    }

    fn within(self, low: f32, high: f32) -> Self {
        Self { range: Some((low, high)), ..self }
    }

    fn scaled(self, scale: fn(&str) -> f32) -> Self {
        Self { scale, ..self }
    }

    /// The workload of this name.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn named(name: &str) -> Result<Self> {
        let known = functions::named(name)?.map_or_else(|| products::named(name), |w| Ok(Some(w)))?;
        let known = known.map_or_else(|| networks::named(name), |w| Ok(Some(w)))?;
        known.ok_or_else(|| Failure::Workload(name.to_owned()))
    }

    /// Values of all inputs, in the order of the graph, sample after sample.
    pub fn inputs(&self, batch: usize) -> Vec<Vec<f32>> {
        self.values(SEED, batch)
    }

    /// Other values of the same kind.
    pub fn samples(&self, batch: usize) -> Vec<Vec<f32>> {
        self.values(SEED + 2, batch)
    }

    fn values(&self, seed: u64, batch: usize) -> Vec<Vec<f32>> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut value = || match self.range {
            Some((low, high)) => rng.random_range(low..=high),
            None => normal(&mut rng),
        };
        self.graph.inputs.iter().map(|input| (0..batch * input.shape.numel()).map(|_| value()).collect()).collect()
    }

    /// Weights: He's for whatever multiplies, what layers start with for the rest.
    pub fn weights(&self) -> Weights {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED + 1);
        let mut weights = Weights::empty();
        for parameter in &self.graph.parameters {
            let count = parameter.shape.numel();
            let values = match parameter.init {
                Init::Constant(value) => vec![value * (self.scale)(&parameter.name); count],
                Init::Uniform { fan_in } => {
                    let bias = parameter.shape.rank() == 1;
                    let deviation = (if bias { 0.1 } else { 2.0 } / fan_in.max(1) as f32).sqrt() * (self.scale)(&parameter.name);
                    (0..count).map(|_| deviation * normal(&mut rng)).collect()
                }
            };
            weights.insert(parameter.name.clone(), parameter.shape, values);
        }
        weights
    }
}

/// About normal: the sum of twelve uniform numbers.
fn normal(rng: &mut Xoshiro256PlusPlus) -> f32 {
    (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0
}

/// The names of all workloads, in the order of tables.
pub const ALL: &[&str] = &[
    "relu_1000",
    "relu_10000",
    "relu_100000",
    "relu_1000000",
    "maxpool2_1000",
    "maxpool2_10000",
    "maxpool3_1000",
    "maxpool3_9000",
    "conv_16x32",
    "conv_32x16",
    "conv_64x8",
    "matmul_128",
    "matmul_512",
    "matmul_1024",
    "mul_10000",
    "mul_1000000",
    "exp",
    "log",
    "reciprocal",
    "sqrt",
    "inv_sqrt",
    "log_compact",
    "reciprocal_compact",
    "sqrt_compact",
    "inv_sqrt_compact",
    "erf",
    "gelu",
    "sigmoid",
    "tanh",
    "sin",
    "softmax_32x10",
    "softmax_128x128",
    "argmax_100x10",
    "mlp",
    "lenet",
    "lenet5",
    "minionn",
    "minionn_max",
    "resnet32",
    "w2l_mfcc13_1s",
    "resnet18",
    "resnet50",
    "vgg16",
    "bert_tiny",
    "minilm",
    "unet_128",
];

/// Whether it is a network, whose values a calibration can tell.
pub fn is_network(name: &str) -> bool {
    matches!(networks::named(name), Ok(Some(_)))
}

/// One input of this shape, and what is done with it.
fn of(
    name: &str,
    shape: impl Into<Shape>,
    body: impl for<'g> FnOnce(&mut undertone::graph::Scope<'g>, undertone::graph::Value<'g>) -> undertone::graph::Value<'g>,
) -> Result<Workload> {
    Ok(Workload::new(undertone::graph::trace(name, &[("x", shape.into())], |g, x| body(g, x[0]))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_known_and_have_plans() {
        for name in ALL {
            let workload = Workload::named(name).unwrap();
            undertone::Plan::new(&workload.graph, &undertone::Settings::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
        assert_eq!(["mlp", "unet_128", "relu_1000", "conv_16x32", "rely"].map(is_network), [true, true, false, false, false]);
        assert!(Workload::named("rely").is_err());
        assert!(Workload::named("relu_0").is_err());
    }

    #[test]
    fn inputs_and_weights_are_the_same_in_every_process() {
        let [a, b] = [(); 2].map(|()| Workload::named("mlp").unwrap());
        assert_eq!(a.inputs(2), b.inputs(2));
        assert_eq!(a.weights(), b.weights());
        assert_eq!(a.inputs(2)[0].len(), 2 * 784);
        assert_eq!(a.samples(2), b.samples(2));
        assert_ne!(a.samples(2), a.inputs(2), "a calibration has not seen what is measured");
    }
}

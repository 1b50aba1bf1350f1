//! Weights before training.

use rand::{Rng, RngExt};
use undertone_runtime::Weights;
use undertone_runtime::graph::{Graph, Init};

/// Weights as the layers of a graph initialise them, PyTorch's defaults.
pub fn initial(graph: &Graph, rng: &mut impl Rng) -> Weights {
    let mut weights = Weights::empty();
    for parameter in &graph.parameters {
        let values = match parameter.init {
            Init::Constant(value) => vec![value; parameter.shape.numel()],
            Init::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in.max(1) as f32).sqrt();
                (0..parameter.shape.numel()).map(|_| rng.random_range(-bound..=bound)).collect()
            }
        };
        weights.insert(parameter.name.clone(), parameter.shape, values);
    }
    weights
}

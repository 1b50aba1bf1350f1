//! An average of the weights over the steps of a training; it often does better than the last weights.

use std::collections::BTreeMap;
use undertone_runtime::{Result, Weights};
use undertone_shape::Shape;

use crate::Network;

/// An exponential moving average of a network's weights, running statistics included.
///
/// The first steps count more, so that the start of a training is forgotten: after `n` steps the average moves by
/// `max(1 - decay, 1 / (n + 1))`, the plain mean until there are `1 / (1 - decay)` steps.
#[derive(Clone, Debug)]
pub struct Average {
    decay: f64,
    steps: u32,
    values: BTreeMap<String, (Shape, Vec<f64>)>,
}

impl Average {
    /// An average over roughly the last `1 / (1 - decay)` steps.
    pub fn new(decay: f64) -> Self {
        Self { decay, steps: 0, values: BTreeMap::new() }
    }

    /// Takes the network's weights in. Costs a read of all weights from the device.
    ///
    /// # Errors
    /// When the device fails to hand them out.
    pub fn follow(&mut self, network: &Network) -> Result<()> {
        let weights = network.weights()?;
        let share = (1.0 - self.decay).max(1.0 / (f64::from(self.steps) + 1.0)).min(1.0);
        for (name, shape, now) in weights.iter() {
            let (_, mean) = self.values.entry(name.to_owned()).or_insert_with(|| (shape, vec![0.0; now.len()]));
            mean.iter_mut().zip(now).for_each(|(mean, now)| *mean += share * (f64::from(*now) - *mean));
        }
        self.steps += 1;
        Ok(())
    }

    /// The average; no weights before the first step.
    pub fn weights(&self) -> Weights {
        let mut weights = Weights::empty();
        for (name, (shape, values)) in &self.values {
            weights.insert(name.clone(), *shape, values.iter().map(|v| *v as f32).collect());
        }
        weights
    }
}

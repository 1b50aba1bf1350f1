//! The ranges of all values on samples, for plans that open fewer bits.

use crate::Network;
use crate::input::Inputs;
use crate::interpret::{Keep, Mode, run};
use crate::network::CHUNK;
use burn::tensor::Tensor;
use undertone_runtime::graph::Op;
use undertone_runtime::plan::Calibration;
use undertone_runtime::{Error, Result};

impl Network {
    /// Runs the samples and records the smallest and the largest value of every operation, and the sizes of the weights. A plan that is made of it is public, and
    /// summarises these samples and these weights.
    ///
    /// Time: that of [`forward`](Self::forward); memory: all values of 64 samples.
    ///
    /// # Errors
    /// As [`forward`](Self::forward), when there are no samples, when a value on the way is not finite, or when there is no plan of the graph at all.
    pub fn calibrate(&self, inputs: &[&[f32]], batch: usize) -> Result<Calibration> {
        if batch == 0 {
            return Err(Error::Input { name: "all".into(), message: "there are no samples to calibrate on".into() });
        }
        let mut seen = Calibration::new(&self.graph, &self.weights()?)?;
        for chunk in Inputs::new(&self.graph, inputs, batch)?.chunks(CHUNK) {
            let values = run(&self.graph, &chunk.tensors(&self.device), &self.plain(), Keep::All, &mut Mode::Evaluate)?;
            let mut ranges = Vec::with_capacity(values.len());
            for (node, value) in self.graph.nodes.iter().zip(&values) {
                let of = |value: Tensor<1>| self.read(&value.reshape([1, 1])).map(|v| v[0]);
                let weight = matches!(node.op, Op::Parameter(_));
                ranges.push(if weight { [0.0; 2] } else { [of(value.rows().min())?, of(value.rows().max())?] });
            }
            seen.record(&self.graph, chunk.batch(), &ranges)?;
        }
        Ok(seen)
    }
}

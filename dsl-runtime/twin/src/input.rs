//! Samples on their way into a network: checked once, then cut into chunks.

use burn::tensor::{Device, Tensor, TensorData};
use undertone_runtime::graph::{Graph, Input};
use undertone_runtime::{Error, Result};

/// A batch of checked samples: for each input of the graph its values and the size of one sample.
pub(crate) struct Inputs<'a> {
    parts: Vec<(&'a [f32], usize)>,
    batch: usize,
}

impl<'a> Inputs<'a> {
    /// Checks the number of inputs, the number of values of each, and that every value is finite.
    pub(crate) fn new(graph: &Graph, inputs: &[&'a [f32]], batch: usize) -> Result<Self> {
        Self::of(&graph.name, &graph.inputs, inputs, batch)
    }

    /// As [`new`](Self::new), for some inputs of the graph that is called `name`.
    pub(crate) fn of(name: &str, declared: &[Input], inputs: &[&'a [f32]], batch: usize) -> Result<Self> {
        if inputs.len() != declared.len() {
            let message = format!("`{name}` takes {} inputs, but {} were given", declared.len(), inputs.len());
            return Err(Error::Input { name: "all".into(), message });
        }
        let mut parts = Vec::with_capacity(inputs.len());
        for (input, values) in declared.iter().zip(inputs) {
            let refuse = |message: String| Err(Error::Input { name: input.name.clone(), message });
            let size = input.shape.numel();
            if values.len() != batch * size {
                return refuse(format!(
                    "{batch} samples of shape {} have {} values, but {} were given",
                    input.shape,
                    batch * size,
                    values.len()
                ));
            }
            if let Some(i) = values.iter().position(|v| !v.is_finite()) {
                return refuse(format!(
                    "sample {} has the value {} at position {}; only finite values are possible",
                    i / size,
                    values[i],
                    i % size
                ));
            }
            parts.push((*values, size));
        }
        Ok(Self { parts, batch })
    }

    /// The batch in pieces of at most `size` samples.
    pub(crate) fn chunks(&self, size: usize) -> impl Iterator<Item = Inputs<'a>> {
        (0..self.batch).step_by(size).map(move |start| {
            let batch = size.min(self.batch - start);
            let parts = self.parts.iter().map(|(values, n)| (&values[start * n..(start + batch) * n], *n)).collect();
            Inputs { parts, batch }
        })
    }

    /// The number of samples.
    pub(crate) fn batch(&self) -> usize {
        self.batch
    }

    /// The inputs as tensors `[batch, size]`.
    pub(crate) fn tensors(&self, device: &Device) -> Vec<Tensor<2>> {
        let tensor = |(values, size): &(&[f32], usize)| Tensor::from_data(TensorData::new(values.to_vec(), [self.batch, *size]), device);
        self.parts.iter().map(tensor).collect()
    }
}

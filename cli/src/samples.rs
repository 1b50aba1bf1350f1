//! Inputs and released values as safetensors files: a tensor a name, its first axis the samples.

use crate::failure::Failure;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::path::Path;
use undertone_runtime::files::write_whole;
use undertone_runtime::{Opened, Place, Plan, Values};
use zeroize::Zeroizing;

/// The inputs that one endpoint owns.
pub struct Samples {
    /// The number of samples, the same for all.
    pub batch: usize,
    /// The values, by the input's index in the description.
    inputs: Vec<(usize, Zeroizing<Vec<f32>>)>,
}

impl Samples {
    /// Reads all inputs of a place, by their names in the description.
    pub fn read(path: &Path, plan: &Plan, place: Place) -> Result<Self, Failure> {
        let wrong = |message: String| Failure::Input(format!("{}: {message}", path.display()));
        let bytes = Zeroizing::new(std::fs::read(path).map_err(|e| wrong(format!("cannot be read: {e}")))?);
        let file = SafeTensors::deserialize(&bytes).map_err(|e| wrong(format!("not a whole safetensors file: {e}")))?;
        let owned: Vec<usize> = (0..plan.inputs.len()).filter(|k| plan.inputs[*k].owner == place).collect();
        if let Some(other) = file.names().into_iter().find(|name| !owned.iter().any(|k| plan.inputs[*k].name == **name)) {
            return Err(wrong(format!("`{other}` is no input of {place}; its inputs are {}", names(plan, &owned))));
        }
        let mut all = Self { batch: 0, inputs: vec![] };
        for k in owned {
            let spec = &plan.inputs[k];
            let view = file.tensor(&spec.name).map_err(|_| wrong(format!("input `{}` is missing", spec.name)))?;
            if view.dtype() != Dtype::F32 {
                return Err(wrong(format!("input `{}` holds {:?}: inputs are F32", spec.name, view.dtype())));
            }
            let Some((batch, _)) = view.shape().split_first().filter(|(_, shape)| *shape == spec.shape) else {
                let message = format!("input `{}` has shape {:?}: it should be [samples] and {:?}", spec.name, view.shape(), spec.shape);
                return Err(wrong(message));
            };
            if *batch == 0 || (!all.inputs.is_empty() && *batch != all.batch) {
                return Err(wrong(format!("input `{}` has {batch} samples: all inputs have as many, and at least one", spec.name)));
            }
            all.batch = *batch;
            let values = view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            all.inputs.push((k, Zeroizing::new(values)));
        }
        plan.check_inputs(place, &all.mine(), all.batch)?;
        Ok(all)
    }

    /// As a session takes them.
    pub fn mine(&self) -> Vec<(usize, &[f32])> {
        self.inputs.iter().map(|(k, values)| (*k, values.as_slice())).collect()
    }
}

fn names(plan: &Plan, inputs: &[usize]) -> String {
    inputs.iter().map(|k| format!("`{}`", plan.inputs[*k].name)).collect::<Vec<_>>().join(", ")
}

/// Writes what was released, by the names of the releases; the file is whole or not there.
pub fn write(path: &Path, plan: &Plan, opened: &Opened, batch: usize) -> Result<(), Failure> {
    let wrong = |message: String| Failure::Input(format!("{}: cannot be written: {message}", path.display()));
    let all: Vec<(&str, Dtype, Zeroizing<Vec<u8>>)> = opened
        .iter()
        .map(|(name, values)| match values {
            Values::Real(values) => (name, Dtype::F32, Zeroizing::new(values.iter().flat_map(|v| v.to_le_bytes()).collect())),
            Values::Index(values) => (name, Dtype::U32, Zeroizing::new(values.iter().flat_map(|v| v.to_le_bytes()).collect())),
        })
        .collect();
    let views = all.iter().map(|(name, dtype, bytes)| {
        let shape = plan.releases.iter().find(|r| r.name == *name).map(|r| r.shape.as_slice()).unwrap_or_default();
        TensorView::new(*dtype, [&[batch][..], shape].concat(), bytes).map(|view| (*name, view))
    });
    let views: Result<Vec<_>, _> = views.collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, None)).map_err(|e| wrong(e.to_string()))?;
    write_whole(path, &Zeroizing::new(bytes)).map_err(|e| wrong(e.to_string()))
}

//! Inputs as integers, and released integers as numbers.

use crate::error::{Error, Result};
use crate::plan::{Plan, encode};

/// Checks the inputs of a batch and encodes them at f fraction bits.
///
/// # Errors
/// Names the input, the sample and the position of the first value that is not finite or out of range, or the wrong length.
pub(super) fn inputs(plan: &Plan, inputs: &[&[f32]], batch: usize) -> Result<Vec<Vec<u64>>> {
    if inputs.len() != plan.inputs.len() {
        let message = format!("{} takes {} inputs, {} are given", plan.model, plan.inputs.len(), inputs.len());
        return Err(Error::Input { name: "all".into(), message });
    }
    let (limit, scale) = (plan.settings.limit(), (1u64 << plan.settings.fraction) as f64);
    // a comparison's contract ends N - 1 units below the power of two; rounding must not reach it
    let largest = (1i64 << (plan.settings.opened - 2)) - plan.settings.parties as i64;
    plan.inputs
        .iter()
        .zip(inputs)
        .enumerate()
        .map(|(k, (spec, values))| {
            let bad = |message: String| Error::Input { name: spec.name.clone(), message };
            let len = plan.input_len(k);
            if values.len() != batch * len {
                return Err(bad(format!("{} values are not {batch} samples of shape {:?} ({len} each)", values.len(), spec.shape)));
            }
            // the value itself stays out of the error: it is the client's secret
            if let Some(i) = values.iter().position(|v| !(v.is_finite() && (f64::from(v.abs()) * scale).round() <= largest as f64)) {
                return Err(bad(format!("sample {}, position {}: must be finite and below {limit}", i / len, i % len)));
            }
            Ok(values.iter().map(|v| encode(f64::from(*v) * scale)).collect())
        })
        .collect()
}

/// What released integers stand for.
pub(super) fn outputs(plan: &Plan, values: &[i64]) -> Vec<f32> {
    let scale = (1u64 << plan.settings.fraction) as f64 * plan.output.factor as f64;
    values.iter().map(|v| (*v as f64 / scale) as f32).collect()
}

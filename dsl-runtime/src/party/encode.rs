//! Inputs as integers, and released integers as numbers.

use crate::error::{Error, Result};
use crate::opened::Values;
use crate::plan::{Place, Plan, ReleaseSpec, Scaling, encode};
use undertone_ring::simd;
use zeroize::Zeroizing;

/// The inputs that an endpoint owns, by their index in the description.
pub type Mine<'a> = [(usize, &'a [f32])];

impl Plan {
    /// Checks the inputs that an endpoint owns, before anybody is called.
    ///
    /// # Errors
    /// Names the input that is missing or not this endpoint's; or the sample and the position of the first value that is not finite or out of range, or the wrong
    /// length. No value is in the error.
    pub fn check_inputs(&self, place: Place, mine: &Mine<'_>, batch: usize) -> Result<()> {
        inputs(self, place, mine, batch).map(|encoded| drop(Zeroizing::new(encoded)))
    }
}

/// Checks the inputs of a batch that the endpoint at `place` owns, and encodes them at f fraction bits; `None` stands for those of others.
///
/// # Errors
/// Names the input that is missing or not this endpoint's; or the sample and the position of the first value that is not finite or out of range, or the wrong
/// length.
pub(super) fn inputs(plan: &Plan, place: Place, mine: &Mine<'_>, batch: usize) -> Result<Vec<Option<Vec<u64>>>> {
    if let Some((k, _)) = mine.iter().find(|(k, _)| plan.inputs.get(*k).is_none_or(|i| i.owner != place)) {
        let name = plan.inputs.get(*k).map_or_else(|| format!("{k}"), |i| i.name.clone());
        return Err(Error::Input { name, message: format!("{place} does not own it, and must not give it") });
    }
    let scale = (1u64 << plan.settings.fraction) as f64;
    plan.inputs
        .iter()
        .enumerate()
        .map(|(k, spec)| {
            if spec.owner != place {
                return Ok(None);
            }
            let bad = |message: String| Error::Input { name: spec.name.clone(), message };
            let given = mine.iter().find(|(index, _)| *index == k).map(|(_, values)| *values);
            let values = given.ok_or_else(|| bad("is not given by its owner".into()))?;
            let len = plan.input_len(k);
            // a comparison's contract ends N units below the power of two; rounding must not reach it
            let largest = (1i64 << (spec.m - 2)) - plan.settings.parties as i64;
            if values.len() != batch * len {
                return Err(bad(format!("{} values are not {batch} samples of shape {:?} ({len} each)", values.len(), spec.shape)));
            }
            // the value itself stays out of the error: it is the client's secret
            let most = u64::try_from(largest).map_err(|_| bad("has no range at all".into()))?;
            let fits = |v: f64, encoded: u64| v.is_finite() && (encoded as i64).unsigned_abs() <= most;
            // what is refused leaves no copy
            let (mut encoded, mut all_fit) = (Zeroizing::new(vec![0; values.len()]), true);
            simd::vectorize_products(
                #[inline(always)]
                || {
                    let mut rest = &mut encoded[..];
                    for (row, [factor, offset]) in spec.scaling.rows(values, &spec.shape) {
                        let (to, after) = core::mem::take(&mut rest).split_at_mut(row.len());
                        for (to, v) in to.iter_mut().zip(row) {
                            let v = f64::from(*v) * factor + offset;
                            *to = encode(v * scale);
                            all_fit &= fits(v, *to);
                        }
                        rest = after;
                    }
                },
            );
            if !all_fit {
                let i = spec.scaling.each(values, &spec.shape).position(|v| !fits(v, encode(v * scale))).unwrap_or_default();
                let (limit, why) = (
                    (1i64 << (spec.m - 2)) as f64 / scale,
                    if plan.is_calibrated() { ", which is what the calibration allows" } else { "" },
                );
                let what = if spec.scaling == Scaling::default() { "" } else { "as the description scales it, " };
                return Err(bad(format!("sample {}, position {}: {what}must be finite and below {limit}{why}", i / len, i % len)));
            }
            Ok(Some(core::mem::take(&mut *encoded)))
        })
        .collect()
}

/// What released integers stand for.
pub(crate) fn outputs(plan: &Plan, release: &ReleaseSpec, values: &[i64]) -> Values {
    if let Some(q) = release.value.integer {
        let mask = u32::MAX >> (32 - q.clamp(1, 32));
        return Values::Index(values.iter().map(|v| *v as u32 & mask).collect());
    }
    let scale = (1u64 << plan.settings.fraction) as f64 * release.value.factor as f64;
    Values::Real(values.iter().map(|v| (*v as f64 / scale) as f32).collect())
}

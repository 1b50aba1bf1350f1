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
            let mut encoded = Zeroizing::new(Vec::with_capacity(values.len()));
            let mut all_fit = true;
            for (row, [factor, offset]) in spec.scaling.rows(values, &spec.shape) {
                if most < NEAR {
                    all_fit &= append_near(row, [factor, offset, scale], most, &mut encoded);
                } else {
                    encoded.extend(row.iter().map(|v| {
                        let v = f64::from(*v) * factor + offset;
                        let encoded = encode(v * scale);
                        all_fit &= fits(v, encoded);
                        encoded
                    }));
                }
            }
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

/// Numbers below this are rounded by an addition.
const NEAR: u64 = 1 << 51;

/// Values of a vector loop.
const AT_ONCE: usize = 64;

/// Appends the nearest integers of the scaled values, and says whether none is larger than `most`, which is below [`NEAR`]. As [`encode`], halves away from zero: a conversion
/// to integers that is right for every double would be done one by one.
fn append_near(values: &[f32], [factor, offset, scale]: [f64; 3], most: u64, to: &mut Vec<u64>) -> bool {
    // the integer is in the low bits of a number of this size
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    simd::vectorize_products(
        // by value: a loop that reads its numbers through references is not vectorised
        #[inline(always)]
        move || {
            let (mut integers, mut beyond) = (Zeroizing::new([0; AT_ONCE]), 0);
            for values in values.chunks(AT_ONCE) {
                for (near, v) in integers.iter_mut().zip(values) {
                    let v = (f64::from(*v) * factor + offset) * scale;
                    let shifted = v + SHIFT;
                    let rest = v - (shifted - SHIFT);
                    // halves were rounded to even numbers
                    let up = u64::from(rest >= 0.5 && v > 0.0);
                    let down = u64::from(rest <= -0.5 && v < 0.0);
                    *near = shifted.to_bits().wrapping_sub(SHIFT.to_bits()).wrapping_add(up).wrapping_sub(down);
                    // neither what is not a number nor what is too large for the addition is below
                    beyond |= u64::from(near.wrapping_add(most) > 2 * most);
                    beyond |= u64::from(v.is_nan()) | u64::from(v.abs() >= NEAR as f64);
                }
                to.extend_from_slice(&integers[..values.len()]);
            }
            beyond == 0
        },
    )
}

/// What released integers stand for.
pub(crate) fn outputs(plan: &Plan, release: &ReleaseSpec, values: &[i64]) -> Values {
    if let Some(q) = release.value.integer {
        let mask = u32::MAX >> (32 - q.clamp(1, 32));
        return Values::Index(values.iter().map(|v| *v as u32 & mask).collect());
    }
    let scale = (1u64 << plan.settings.fraction) as f64 * release.value.factor as f64;
    let mut real = Vec::with_capacity(values.len());
    simd::vectorize_products(
        #[inline(always)]
        || {
            // by a power of two it is the same, and shorter
            let (scale, inverse, exact) = (scale, 1.0 / scale, release.value.factor.is_power_of_two());
            let mut group = [0f32; AT_ONCE];
            for values in values.chunks(AT_ONCE) {
                if exact {
                    group.iter_mut().zip(values).for_each(|(real, v)| *real = (*v as f64 * inverse) as f32);
                } else {
                    group.iter_mut().zip(values).for_each(|(real, v)| *real = (*v as f64 / scale) as f32);
                }
                real.extend_from_slice(&group[..values.len()]);
            }
        },
    );
    Values::Real(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(v: f32, numbers: [f64; 3], most: u64) -> (Vec<u64>, bool) {
        let mut to = vec![];
        let fits = append_near(&[v], numbers, most, &mut to);
        (to, fits)
    }

    #[test]
    fn halves_go_away_from_zero_and_nothing_beyond_is_taken() {
        for half in -9..=9i64 {
            let v = half as f32 / 2.0;
            assert_eq!(near(v, [1.0, 0.0, 1.0], 100), (vec![encode(f64::from(v))], true), "{v}");
        }
        for (v, fits) in [(99.4, true), (99.5, false), (-99.4, true), (-99.5, false), (1e30, false), (-1e30, false)] {
            assert_eq!(near(v, [1.0, 0.0, 1.0], 99).1, fits, "{v}");
        }
        for v in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(!near(v, [1.0, 0.0, 1.0], NEAR - 1).1, "{v}");
        }
    }

    proptest! {
        #[test]
        fn nearest_integers_are_those_of_encode(v in any::<f32>(), factor in -8f64..8.0, offset in -4f64..4.0, f in 0u32..30) {
            let scale = (1u64 << f) as f64;
            let x = (f64::from(v) * factor + offset) * scale;
            let (got, fits) = near(v, [factor, offset, scale], NEAR - 1);
            prop_assert_eq!(fits, x.abs() < NEAR as f64 - 0.5);
            if fits {
                prop_assert_eq!(got, vec![encode(x)]);
            }
        }
    }
}

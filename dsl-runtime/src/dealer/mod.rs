//! The dealer: correlated randomness for any plan. It sees plans and batch sizes, never a share.
//!
//! `deal` computes the corrections of a plan, step by step; `service` answers the parties' requests.

mod service;

pub use service::serve;
pub(crate) use service::serve_with;

use crate::plan::{Kind, Plan};
use crate::protocol::argmax::ArgMax;
use crate::protocol::{Dealing, linear::weight_mask, open, padded};
use undertone_ring::conv::{PackedWeights, Scratch};
use undertone_ring::prg::Prg;
use zeroize::Zeroizing;

/// The masks of a set of weights, packed for the kernels: what the dealer keeps of it.
pub(crate) struct WeightMasks(Vec<PackedWeights<u64>>);

impl WeightMasks {
    /// The masks under these keys, one a party.
    pub(crate) fn new(plan: &Plan, keys: &[Prg]) -> Self {
        let geometries = plan.geometries();
        let masks = geometries.iter().enumerate().map(|(index, geometry)| {
            let mut sum = Zeroizing::new(vec![0u64; geometry.weights()]);
            // weights that a party keeps are masked by its key alone
            for key in keys.iter().enumerate().filter(|(party, _)| plan.keeper().is_none_or(|keeper| keeper == *party)).map(|(_, key)| key)
            {
                let mask: Zeroizing<Vec<u64>> = Zeroizing::new(weight_mask(key, index as u32, sum.len()));
                sum.iter_mut().zip(mask.iter()).for_each(|(s, m)| *s = s.wrapping_add(*m));
            }
            PackedWeights::new(geometry, &sum)
        });
        Self(masks.collect())
    }
}

/// Computes the corrections of a run of `batch` samples and hands them over step by step, `emit(step, bytes)`; only steps that have any.
///
/// # Errors
/// Those of `emit`.
pub(crate) fn deal<E>(
    plan: &Plan,
    weights: &WeightMasks,
    keys: &[Prg],
    batch: usize,
    mut emit: impl FnMut(usize, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let s = plan.settings;
    let last_use = plan.last_use();
    let mut wires: Vec<Option<Vec<u64>>> = vec![None; plan.steps.len()];
    let (mut scratch, mut out) = (Scratch::new(), Vec::new());
    for (k, step) in plan.steps.iter().enumerate() {
        out.clear();
        let (mut d, id, len) = (Dealing::new(keys, &mut out), k as u32, batch * step.len);
        match &step.kind {
            Kind::Open(opening) if opening.is_sent() => wires[k] = Some(open::dealt(&d, |party| opening.sends(party), id, len)),
            Kind::Linear { geometry, weight } => {
                if let Some(wire) = &wires[step.inputs[0]] {
                    s.linear(geometry, batch).deal(wire, &weights.0[*weight], &mut d, id, &mut scratch);
                }
            }
            Kind::Truncate { t } => s.truncate(*t).deal::<u64>(&mut d, id, padded(len)),
            Kind::Relu { t } => s.relu(*t).deal::<u64>(&mut d, id, 0, padded(len)),
            Kind::Max { windows, m, narrow } => s.max(windows, *m, *narrow, batch).deal::<u64>(&mut d, id),
            Kind::ArgMax { axis, m, group } => ArgMax::new(*m, *axis, *group, batch).deal::<u64>(&mut d, id),
            Kind::Open(_) | Kind::Input(_) | Kind::Sum(_) | Kind::Times { .. } | Kind::Add | Kind::Move(_) | Kind::Release(_) => {}
        }
        if !out.is_empty() {
            emit(k, &out)?;
        }
        for input in &step.inputs {
            if last_use[*input] == k {
                wires[*input] = None;
            }
        }
    }
    Ok(())
}

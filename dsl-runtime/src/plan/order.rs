//! Steps in another order, or fewer of them: the numbers by which steps, stages and releases name steps change with them.

use super::step::{Kind, Step};
use super::{ReleaseSpec, Stage};

/// Leaves out the steps that nobody reads and no stage hands on: copies and multiples that were made before a better place for their work was found.
pub(super) fn without_idle(steps: Vec<Step>, stages: &mut [Stage], releases: &mut [ReleaseSpec]) -> Vec<Step> {
    let mut needed: Vec<bool> = steps
        .iter()
        .map(|s| !matches!(s.kind, Kind::Move(_) | Kind::Times(_) | Kind::Plus(_) | Kind::Round { .. } | Kind::Add | Kind::Sum(_)))
        .collect();
    for s in stages.iter() {
        needed[s.result.step] = true;
    }
    for k in (0..steps.len()).rev() {
        if needed[k] {
            steps[k].inputs.iter().for_each(|i| needed[*i] = true);
        }
    }
    let order: Vec<usize> = (0..steps.len()).filter(|k| needed[*k]).collect();
    reordered(steps, &order, stages, releases)
}

/// The steps at these places, in this order, in which every step comes after those that it reads.
pub(super) fn reordered(steps: Vec<Step>, order: &[usize], stages: &mut [Stage], releases: &mut [ReleaseSpec]) -> Vec<Step> {
    let mut place = vec![usize::MAX; steps.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
    for s in stages.iter_mut() {
        s.result.step = place[s.result.step];
    }
    for r in releases.iter_mut() {
        r.value.step = place[r.value.step];
    }
    let mut old: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut take = |k: usize| {
        let mut step = old[k].take()?;
        step.inputs.iter_mut().for_each(|i| *i = place[*i]);
        Some(step)
    };
    order.iter().filter_map(|k| take(*k)).collect()
}

//! What a plan makes others spend: elements that lie in memory or take part in comparisons, and multiply-adds. Everything saturates, so that no size hides behind an
//! overflow.

use super::super::Plan;
use super::super::step::{Geometry, Kind, Step, Sum};
use crate::protocol::max::Windows;
use undertone_ring::rows::GROUP;

/// The largest number of multiply-adds of one step and sample: what the dealer does without looking whether anybody still wants it, about a minute.
pub(super) const STEP_WORK: u64 = 1 << 36;

/// The largest number of multiply-adds of a plan, all samples of a batch together.
pub(super) const WORK: u64 = 1 << 42;

impl Plan {
    /// The elements of `batch` samples: of every step, in whole groups, and what it compares and pads on its way. The largest number where that overflows.
    pub(crate) fn elements(&self, batch: usize) -> usize {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(elements(step, batch)))
    }

    /// Whether a batch is one that parties and dealers run.
    ///
    /// # Errors
    /// Says how large it is, and how large it may be.
    pub(crate) fn check_batch(&self, batch: usize, limit: usize) -> Result<(), String> {
        if batch == 0 {
            return Err("a batch without samples: at least 1 is needed".into());
        }
        let (elements, work) = (self.elements(batch), self.work().saturating_mul(batch as u64));
        if elements > limit || work > WORK {
            return Err(format!(
                "the batch is too large; use a smaller one: {batch} samples have {elements} elements and {work} multiply-adds, at most {limit} and {WORK} are allowed"
            ));
        }
        Ok(())
    }

    /// The multiply-adds of one sample.
    pub(super) fn work(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(work(step)))
    }

    /// The words of all weights, as the kernels read them.
    pub(crate) fn packed_weights(&self) -> usize {
        let words = |step: &Step| if let Kind::Linear { geometry, .. } = &step.kind { packed(geometry) } else { 0 };
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(words(step)))
    }
}

/// The elements of `batch` samples of a step.
pub(super) fn elements(step: &Step, batch: usize) -> usize {
    let more = match &step.kind {
        Kind::Max { windows, .. } => windows.comparisons(batch),
        Kind::ArgMax { axis, group, .. } => axis.comparisons(*group, batch),
        Kind::Linear { geometry, .. } => border(geometry).saturating_mul(batch),
        _ => 0,
    };
    whole(step.len.saturating_mul(batch)).saturating_add(more)
}

/// The multiply-adds of one sample of a step; those of the kernels' padding are done too, and additions cost as much.
pub(super) fn work(step: &Step) -> u64 {
    let words = |n: usize| n as u64;
    match &step.kind {
        Kind::Linear { geometry, .. } => words(step.len / geometry.out.max(1)).saturating_mul(words(packed(geometry))),
        Kind::Sum(Sum(windows)) => words(added(windows)),
        _ => 0,
    }
}

/// Words of the packed weights: the kernels take the outputs of a group by four; a depthwise product takes all as they are.
pub(super) fn packed(g: &Geometry) -> usize {
    let (groups, depth) = (g.groups.max(1), [g.kernel[0], g.kernel[1], g.c / g.groups.max(1)]);
    let outputs = match g.out / groups {
        1 if groups > 1 && g.c == groups => 1,
        n => n.saturating_add(3) / 4 * 4,
    };
    depth.iter().fold(groups.saturating_mul(outputs), |n, d| n.saturating_mul(*d))
}

/// Zeros around the input of a product: the kernels copy it between them.
fn border(g: &Geometry) -> usize {
    let side = |i: usize| [g.h, g.w][i].saturating_add(g.padding[i].saturating_mul(2));
    side(0).saturating_mul(side(1)).saturating_sub(g.h.saturating_mul(g.w)).saturating_mul(g.c)
}

/// The additions of a sum over windows.
pub(super) fn added(w: &Windows) -> usize {
    w.pooled().iter().chain(&w.kernel).fold(w.channels, |n, v| n.saturating_mul(*v))
}

/// Elements in whole groups.
fn whole(elements: usize) -> usize {
    elements.checked_next_multiple_of(GROUP).unwrap_or(usize::MAX)
}

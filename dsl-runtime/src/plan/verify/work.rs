//! What a plan makes others spend: elements that lie in memory or take part in comparisons, and multiply-adds. Everything saturates, so that no size hides behind an
//! overflow.

use super::super::Plan;
use super::super::step::{Geometry, Kind, Step, Sum};
use crate::protocol::max::Windows;
use crate::protocol::product::Form;
use undertone_ring::rows::GROUP;

/// The largest number of multiply-adds of one step and sample: what the dealer does without looking whether anybody still wants it, about a minute.
pub(super) const STEP_WORK: u64 = 1 << 36;

/// The largest number of multiply-adds of a plan, all samples of a batch together.
pub(super) const WORK: u64 = 1 << 42;

/// The largest number of times that the windows of a sample cover elements: along each axis of a max pool, over all axes of a sum.
const COVERED: usize = 1 << 26;

/// The largest number of positions that the windows along one axis of a max pool cover: they are listed one by one.
const LISTED: usize = 1 << 22;

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
            return Err("a batch without samples".into());
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
        Kind::Max { windows, group: 2, .. } => windows.comparisons(batch),
        Kind::Max { windows, group, .. } => windows.comparisons_by(*group, batch),
        Kind::Piecewise { function, .. } => whole(step.len.saturating_mul(batch)).saturating_mul(function.thresholds.len()),
        Kind::Curve { curve, .. } => {
            {
                // besides its words, a piece has an opening and a bit with its products; tables are there once
                let each = curve.words().saturating_add(curve.thresholds.len()).saturating_add(curve.pieces.len().saturating_mul(6));
                whole(step.len.saturating_mul(batch)).saturating_mul(each).saturating_add(curve.entries())
            }
        }
        // besides, each interval has a threshold and a bit, and there are the factors, the places and the values
        Kind::Compact { function, .. } => {
            whole(step.len.saturating_mul(batch)).saturating_mul(function.words().saturating_add(2 * function.intervals.len() + 12))
        }
        Kind::MaxOver { over, group: 2, .. } => over.comparisons(batch),
        Kind::MaxOver { over, group, .. } => over.comparisons_by(*group, batch),
        Kind::ArgMax { axis, group, .. } => axis.elements(*group, batch),
        Kind::TopK { search, .. } => search.elements(batch),
        Kind::Linear { geometry, .. } => border(geometry).saturating_mul(batch),
        // operands are copied to where they are multiplied, and powers of masks are kept
        Kind::Product(p) => p.form.operands().iter().fold(0usize, |sum, n| sum.saturating_add(*n)).saturating_mul(batch),
        Kind::Polynomial(p) => step.len.saturating_mul(batch).saturating_mul(p.coefficients.len()),
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
        Kind::Sparse(sparse) => sparse.work(),
        Kind::Product(p) => match p.form {
            Form::Each { len } => words(len).saturating_mul(2),
            Form::Matrix { count, rows, inner, columns } => {
                [count, rows, inner, columns.saturating_add(3) / 4 * 4].iter().fold(2, |n, v| n.saturating_mul(words(*v)))
            }
        },
        Kind::Polynomial(p) => words(step.len).saturating_mul(words(p.coefficients.len() * p.coefficients.len())),
        Kind::Compact { function, .. } => words(step.len).saturating_mul(words(function.words())),
        // an entry is a series of some thirty divisions of 128 bits
        Kind::Curve { curve, .. } => {
            words(step.len).saturating_mul(words(curve.words())).saturating_add(words(curve.entries()).saturating_mul(1 << 11))
        }
        _ => 0,
    }
}

/// Words of the packed weights: the kernels take the outputs of a group by four; a depthwise product takes all as they are.
pub(super) fn packed(g: &Geometry) -> usize {
    let groups = g.groups.max(1);
    let outputs = match g.out / groups {
        1 if groups > 1 && g.c == groups => 1,
        n => n.saturating_add(3) / 4 * 4,
    };
    g.kernel.iter().chain([&(g.c / groups)]).fold(groups.saturating_mul(outputs), |n, d| n.saturating_mul(*d))
}

/// Zeros around the input of a product: the kernels copy it between them.
fn border(g: &Geometry) -> usize {
    let side = |i: usize| g.size[i].saturating_add(g.padding[i].saturating_mul(2));
    let all = |size: &dyn Fn(usize) -> usize| (0..3).fold(1usize, |n, i| n.saturating_mul(size(i)));
    all(&side).saturating_sub(all(&|i| g.size[i])).saturating_mul(g.c)
}

/// Whether the windows of a step, which fit its input, are few enough to be computed.
pub(super) fn windows_fit(step: &Step) -> Result<(), String> {
    let (covered, listed) = match &step.kind {
        Kind::Max { windows, .. } => {
            let along = [0, 1, 2].map(|axis| along(windows, axis));
            (along.iter().map(|(covered, _)| *covered).max(), along.iter().map(|(_, listed)| *listed).max())
        }
        Kind::MaxOver { over, .. } => (Some(over.covered()), Some(over.positions.len())),
        Kind::Sum(Sum(windows)) => (Some(added(windows)), None),
        _ => (None, None),
    };
    for (n, most, what) in [(covered, COVERED, "elements"), (listed, LISTED, "positions of one axis")] {
        if let Some(n) = n.filter(|n| *n > most) {
            return Err(format!("its windows cover {n} {what}, counted as often as they do; at most {most} are allowed"));
        }
    }
    Ok(())
}

/// What the windows of a max pool cover along one axis: elements and positions. The axes outside of it are not yet pooled.
fn along(w: &Windows, axis: usize) -> (usize, usize) {
    let pooled = w.pooled();
    let listed = pooled[axis].saturating_mul(w.kernel[axis]);
    let others = w.size[..axis].iter().chain(&pooled[axis + 1..]).chain([&w.channels]);
    (others.fold(listed, |n, s| n.saturating_mul(*s)), listed)
}

/// The additions of a sum over windows.
fn added(w: &Windows) -> usize {
    w.pooled().iter().chain(&w.kernel).fold(w.channels, |n, v| n.saturating_mul(*v))
}

/// Elements in whole groups.
fn whole(elements: usize) -> usize {
    elements.checked_next_multiple_of(GROUP).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Settings;
    use crate::protocol::Compare;
    use crate::protocol::argmax::{ArgMax, Axis};
    use crate::protocol::max::Max;
    use undertone_ring::conv::Conv;

    fn step(kind: Kind, len: usize) -> Step {
        Step { kind, inputs: vec![], len, stage: String::new(), wave: 0 }
    }

    #[test]
    fn the_comparisons_that_are_counted_are_those_that_are_made() {
        let windows = [
            Windows { size: [1, 8, 9], kernel: [1, 2, 3], stride: [1, 2, 1], padding: [0; 3], channels: 5 },
            Windows { size: [4, 30, 31], kernel: [2, 5, 7], stride: [2, 3, 1], padding: [0; 3], channels: 3 },
            Windows { size: [16, 16, 64], kernel: [1, 1, 32], stride: [16, 16, 1], padding: [0; 3], channels: 1 },
            Windows { size: [1, 9, 12], kernel: [1, 3, 4], stride: [1, 3, 4], padding: [0; 3], channels: 70 },
        ];
        let s = Settings::default().widths();
        let corrections = |comparisons: usize| s.relu(0, comparisons).corrections;
        for (windows, batch) in windows.iter().flat_map(|w| [(w, 1), (w, 3)]) {
            let made = Max::new(s.ring, Compare::new(s.opened), windows, batch).traffic::<u64>().corrections;
            assert_eq!(corrections(windows.compared(batch)), made, "{windows:?}");
            // windows that do not overlap have nothing to share
            let apart = (0..3).all(|axis| windows.stride[axis] >= windows.kernel[axis]);
            let (most, compared) = (windows.comparisons(batch), windows.compared(batch));
            assert!(if apart { most == compared } else { most >= compared }, "{windows:?}: {most}, {compared}");
            let len = windows.pooled().iter().product::<usize>() * windows.channels;
            let counted =
                elements(&step(Kind::Max { windows: *windows, compare: Compare::new(s.opened), narrow: false, group: 2 }, len), batch);
            assert_eq!(counted, (batch * len).next_multiple_of(256) + windows.comparisons(batch));
        }
        for (size, group, batch) in [(9, 8, 1), (128, 8, 1), (1000, 16, 4), (29, 6, 3)] {
            // a rank counts some more, and what it looks up besides
            let axis = Axis { outer: 3, size, inner: 11 };
            let made = ArgMax::new(Compare::new(30), axis, group, batch).comparisons();
            let counted = axis.comparisons(group, batch);
            assert!((made..=made + made / 2 + 256 + 96 * 120).contains(&counted), "{axis:?} by {group}: {counted}, {made}");
            assert!(axis.elements(group, batch) > counted, "{axis:?} by {group}");
        }
        for (size, group, batch) in [(2, 2, 1), (9, 3, 1), (10, 4, 7), (29, 2, 3), (1000, 4, 1)] {
            let axis = Axis { outer: 3, size, inner: 11 };
            let made = ArgMax::new(Compare::new(30), axis, group, batch).comparisons();
            assert_eq!(axis.comparisons(group, batch), made, "{axis:?} by {group}");
            assert_eq!(axis.elements(group, batch), made, "{axis:?} by {group}");
            let counted = elements(&step(Kind::ArgMax { axis, compare: Compare::new(30), group }, 33), batch);
            assert_eq!(counted, (batch * 33).next_multiple_of(256) + made);
        }
    }

    #[test]
    fn the_work_that_is_counted_is_that_of_the_kernels() {
        let g = |c, out, groups| Geometry {
            size: [3, 9, 7],
            c,
            kernel: [2, 3, 2],
            stride: [1, 2, 1],
            padding: [2, 1, 0],
            dilation: [1; 3],
            out,
            groups,
        };
        for (geometry, padded) in [(g(8, 12, 1), 12), (g(8, 13, 1), 16), (g(8, 4, 4), 16), (g(8, 8, 8), 8), (g(8, 24, 4), 32)] {
            let conv: Conv = geometry.conv();
            let depth = 12 * (geometry.c / geometry.groups);
            assert_eq!(packed(&geometry), padded * depth, "{geometry:?}");
            let product = step(Kind::Linear { geometry, weight: 0 }, conv.outputs());
            assert_eq!(work(&product), (6 * 5 * 6 * padded * depth) as u64);
            assert_eq!(elements(&product, 2), (2 * conv.outputs()).next_multiple_of(256) + 2 * (7 * 11 * 7 - 3 * 9 * 7) * geometry.c);
        }
        let windows = Windows { size: [1, 9, 9], kernel: [1, 3, 2], stride: [1, 2, 1], padding: [0; 3], channels: 5 };
        assert_eq!(work(&step(Kind::Sum(Sum(windows)), 160)), 4 * 8 * 5 * 6);
    }
}

//! Public linear maps along one axis: selections, means over uneven windows, interpolation, constants beside a value.

use serde::{Deserialize, Serialize};
use undertone_ring::{Word, simd};

/// A sparse map along one axis of `[outer][size][inner]` with public integers: position `j` of the result is the sum of coefficient times element over the terms of
/// row `j`, plus a constant. What it computes stands at [`bits`](Self::bits) more fraction bits and a factor that is [`factor`](Self::factor) times larger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sparse {
    /// Elements outside of the axis.
    pub outer: usize,
    /// Positions of the axis.
    pub size: usize,
    /// Elements inside of the axis.
    pub inner: usize,
    /// Where the terms of each row end.
    pub ends: Vec<usize>,
    /// The terms of all rows: position and coefficient.
    pub terms: Vec<(usize, i64)>,
    /// A constant for each row, at the scale of the result, which the first party adds; none where all are zero.
    pub constants: Vec<i64>,
    /// Fraction bits of the coefficients: none, or those of the plan.
    pub bits: u32,
    /// What the coefficients are to be divided by.
    pub factor: u64,
}

impl Sparse {
    /// The map with these rows.
    pub(super) fn new([outer, size, inner]: [usize; 3], rows: impl Iterator<Item = Vec<(usize, i64)>>, bits: u32, factor: u64) -> Self {
        let (mut ends, mut terms) = (vec![], vec![]);
        for row in rows {
            terms.extend(row);
            ends.push(terms.len());
        }
        Self { outer, size, inner, ends, terms, constants: vec![], bits, factor }
    }

    /// The map whose position `j` is position `indices[j]`.
    pub(super) fn selection(sizes: [usize; 3], indices: &[usize]) -> Self {
        Self::new(sizes, indices.iter().map(|index| vec![(*index, 1)]), 0, 1)
    }

    /// Whether it only moves elements, so that indices may pass through it.
    pub fn is_selection(&self) -> bool {
        let one_each = self.ends.iter().enumerate().all(|(k, end)| *end == k + 1);
        one_each && self.terms.iter().all(|(_, c)| *c == 1) && self.constants.is_empty() && (self.bits, self.factor) == (0, 1)
    }

    /// The rows: their terms, and their constants.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
    fn rows(&self) -> impl Iterator<Item = (&[(usize, i64)], i64)> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        let rows = starts.zip(&self.ends).map(|(start, end)| self.terms.get(start..*end).unwrap_or_default());
        rows.zip(self.constants.iter().copied().chain(core::iter::repeat(0)))
    }

    /// The largest sum of the magnitudes of the coefficients of a row.
    pub(crate) fn gain(&self) -> u128 {
        self.rows().map(|(row, _)| row.iter().fold(0u128, |n, (_, c)| n.saturating_add(c.unsigned_abs().into()))).max().unwrap_or(0)
    }

    /// The largest magnitude of a constant.
    pub(crate) fn offset(&self) -> u64 {
        self.constants.iter().map(|c| c.unsigned_abs()).max().unwrap_or(0)
    }

    /// The most terms of a row.
    pub(crate) fn longest(&self) -> usize {
        self.rows().map(|(row, _)| row.len()).max().unwrap_or(0)
    }

    /// Whether values that are not below 0 give values that are not below 0.
    pub(super) fn is_positive(&self) -> bool {
        self.terms.iter().all(|(_, c)| *c >= 0) && self.constants.iter().all(|c| *c >= 0)
    }

    /// The multiply-adds of one sample. The largest number where that overflows.
    pub(crate) fn work(&self) -> u64 {
        [self.outer, self.inner].iter().fold(self.terms.len() as u64, |n, s| n.saturating_mul(*s as u64))
    }

    /// One sample; the constants are added `with_constants`, by one party alone.
    pub fn run<W: Word>(&self, x: &[W], out: &mut [W], with_constants: bool) {
        let (n, inner) = (self.ends.len(), self.inner);
        simd::vectorize_products(
            #[inline(always)]
            || {
                for (x, out) in x.chunks_exact(self.size * inner).zip(out.chunks_exact_mut(n * inner)) {
                    for ((row, constant), to) in self.rows().zip(out.chunks_exact_mut(inner)) {
                        let start = if with_constants { W::from_u64(constant as u64) } else { W::from_u64(0) };
                        combine(row, start, x, to);
                    }
                }
            },
        );
    }
}

/// One row: `start` plus the sum of its terms, for as many elements side by side as `to` has.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
fn combine<W: Word>(row: &[(usize, i64)], start: W, x: &[W], to: &mut [W]) {
    let inner = to.len();
    let from = |position: usize| &x[position * inner..][..inner];
    match *row {
        [] => to.fill(start),
        [(position, 1)] if start == W::from_u64(0) => to.copy_from_slice(from(position)),
        [(first, coefficient), ref more @ ..] => {
            let by = W::from_u64(coefficient as u64);
            to.iter_mut().zip(from(first)).for_each(|(t, x)| *t = x.mul(by).add(start));
            for (position, coefficient) in more {
                let by = W::from_u64(*coefficient as u64);
                to.iter_mut().zip(from(*position)).for_each(|(t, x)| *t = t.add(x.mul(by)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(constants: Vec<i64>) -> Sparse {
        let rows = [vec![(0, 1)], vec![], vec![(2, 3), (0, -1)], vec![(1, 2)]];
        Sparse { constants, ..Sparse::new([2, 3, 2], rows.into_iter(), 0, 1) }
    }

    #[test]
    fn rows_combine_positions_of_the_axis() {
        let x: Vec<u64> = (1..13).collect();
        let mut out = vec![99u64; 16];
        map(vec![]).run(&x, &mut out, true);
        let minus = |v: i64| v as u64;
        assert_eq!(out[..8], [1, 2, 0, 0, 14, 16, 6, 8]);
        assert_eq!(out[8..], [7, 8, 0, 0, 3 * 11 - 7, 3 * 12 - 8, 18, 20]);
        let with = map(vec![5, -6, 7, 0]);
        with.run(&x, &mut out, true);
        assert_eq!(out[..8], [6, 7, minus(-6), minus(-6), 21, 23, 6, 8]);
        with.run(&x, &mut out, false);
        assert_eq!(out[..8], [1, 2, 0, 0, 14, 16, 6, 8]);
        let (narrow, mut out) = (x.iter().map(|v| *v as u32).collect::<Vec<_>>(), vec![0u32; 16]);
        with.run(&narrow, &mut out, true);
        assert_eq!(out[..4], [6, 7, -6i32 as u32, -6i32 as u32]);
    }

    #[test]
    fn sizes_are_those_of_the_largest_row() {
        let map = map(vec![5, -6, 7, 0]);
        assert_eq!((map.gain(), map.offset(), map.longest(), map.work()), (4, 7, 2, 16));
        assert!(!map.is_positive() && !map.is_selection());
        let selection = Sparse::selection([1, 3, 4], &[2, 0, 2, 1]);
        assert!(selection.is_selection() && selection.is_positive());
        assert_eq!((selection.gain(), selection.offset()), (1, 0));
    }
}

//! Windows that are lists: the largest values of any sets of positions along one axis, which may differ in size, have gaps and overlap.

use serde::{Deserialize, Serialize};
use undertone_ring::planes::BLOCK;
use undertone_ring::rows::GROUP;

/// Lists of positions along one axis of `[outer][size][inner]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    /// Elements outside of the axis.
    pub outer: usize,
    /// Positions of the axis.
    pub size: usize,
    /// Elements inside of the axis.
    pub inner: usize,
    /// Where the positions of each window end.
    pub ends: Vec<usize>,
    /// The positions of all windows, growing within each.
    pub positions: Vec<usize>,
}

impl Over {
    /// The windows with these positions.
    pub fn new([outer, size, inner]: [usize; 3], windows: &[Vec<usize>]) -> Self {
        let ends = windows.iter().scan(0, |end, window| {
            *end += window.len();
            Some(*end)
        });
        Self { outer, size, inner, ends: ends.collect(), positions: windows.concat() }
    }

    /// The positions of each window.
    pub(super) fn windows(&self) -> Vec<Vec<usize>> {
        self.each().map(<[usize]>::to_vec).collect()
    }

    /// Whether every window has positions of the axis, in growing order.
    pub(crate) fn is_valid(&self) -> bool {
        self.ends.first().is_some_and(|end| *end > 0)
            && self.ends.is_sorted_by(|a, b| a < b)
            && self.ends.last() == Some(&self.positions.len())
            && self.each().all(|window| window.is_sorted_by(|a, b| a < b) && window.last().is_some_and(|last| *last < self.size))
    }

    /// The elements that all windows cover, counted as often as they do. The largest number where that overflows.
    pub(crate) fn covered(&self) -> usize {
        self.positions.len().saturating_mul(self.outer).saturating_mul(self.inner)
    }

    /// The most comparisons of `batch` samples by pairs, each level in whole groups. The largest number where that overflows.
    pub fn comparisons(&self, batch: usize) -> usize {
        let (mut sum, mut left) = (0usize, self.lengths());
        while left.iter().any(|n| *n > 1) {
            let pairs = left.iter().map(|n| n / 2).sum::<usize>();
            sum = sum.saturating_add(self.padded(pairs, batch, GROUP));
            for n in &mut left {
                *n = n.div_ceil(2);
            }
        }
        sum
    }

    /// The most comparisons of `batch` samples by groups of up to `group`. The largest number where that overflows.
    pub fn comparisons_by(&self, group: usize, batch: usize) -> usize {
        let (mut sum, mut left) = (0usize, self.lengths());
        while left.iter().any(|n| *n > 1) {
            let mut of_size = vec![0usize; group + 1];
            left.iter().flat_map(|n| super::contest::groups(*n, group)).for_each(|(size, groups)| of_size[size] += groups);
            let comparisons =
                |(size, groups): (usize, &usize)| self.padded(*groups, batch, BLOCK).saturating_mul(size * size.saturating_sub(1) / 2);
            let level = of_size.iter().enumerate().map(comparisons).fold(0usize, usize::saturating_add);
            sum = sum.saturating_add(level.checked_next_multiple_of(GROUP).unwrap_or(usize::MAX));
            for n in &mut left {
                *n = n.div_ceil(group);
            }
        }
        sum
    }

    /// Reduces each window of one sample: `f` over its elements.
    pub fn reduce<T: Copy>(&self, x: &[T], out: &mut [T], f: impl Fn(T, T) -> T) {
        let rows = x.chunks_exact(self.size * self.inner).zip(out.chunks_exact_mut(self.ends.len() * self.inner));
        for (x, out) in rows {
            for (window, to) in self.each().zip(out.chunks_exact_mut(self.inner)) {
                for (k, position) in window.iter().enumerate() {
                    let from = &x[position * self.inner..][..self.inner];
                    to.iter_mut().zip(from).for_each(|(t, x)| *t = if k == 0 { *x } else { f(*t, *x) });
                }
            }
        }
    }

    fn each(&self) -> impl Iterator<Item = &[usize]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.positions.get(start..*end).unwrap_or_default())
    }

    fn lengths(&self) -> Vec<usize> {
        self.each().map(<[usize]>::len).collect()
    }

    fn padded(&self, pairs: usize, batch: usize, to: usize) -> usize {
        let all = [batch, self.outer, self.inner].iter().fold(pairs, |n, s| n.saturating_mul(*s));
        all.checked_next_multiple_of(to).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Compare;
    use crate::protocol::king::Wires;
    use crate::protocol::max::Max;
    use crate::protocol::pool::Pool;
    use crate::protocol::testing::{Lockstep, reveal};
    use rand::RngExt;
    use undertone_ring::Word;

    fn over() -> Over {
        Over::new([2, 4, 3], &[vec![0, 1, 3], vec![2], vec![1, 2]])
    }

    #[test]
    fn each_window_is_reduced_by_itself() {
        let x: Vec<i64> = (0..24).map(|v| (v * 7) % 24).collect();
        let mut out = vec![0; 18];
        over().reduce(&x, &mut out, i64::max);
        for (o, (k, window)) in (0..2).flat_map(|o| [vec![0, 1, 3], vec![2], vec![1, 2]].into_iter().enumerate().map(move |w| (o, w))) {
            for i in 0..3 {
                let expected = window.iter().map(|p| x[(o * 4 + p) * 3 + i]).max();
                assert_eq!(Some(out[(o * 3 + k) * 3 + i]), expected);
            }
        }
    }

    #[test]
    fn lists_that_are_none_are_told() {
        assert!(over().is_valid());
        let bad: [fn(&mut Over); 8] = [
            |o| o.ends.clear(),
            |o| o.ends[0] = 0,
            |o| o.ends[1] = 3,
            |o| o.ends[2] = 7,
            |o| o.ends[2] = 5,
            |o| o.positions[2] = 4,
            |o| o.positions[1] = 0,
            |o| o.positions.swap(0, 1),
        ];
        for change in bad {
            let mut over = over();
            change(&mut over);
            assert!(!over.is_valid(), "{over:?}");
        }
    }

    /// Lists of one size and of many, with gaps, overlapping, in any order, some positions in none of them.
    fn kinds() -> Vec<Over> {
        vec![
            over(),
            Over::new([1, 7, 5], &[vec![0, 2, 4], vec![2, 4, 6], vec![5]]),
            Over::new([3, 10, 2], &[vec![0, 1], vec![1, 2], vec![2, 3, 4], vec![4, 5], vec![5, 6, 7], vec![7, 8], vec![8, 9]]),
            Over::new([2, 3, 4], &[vec![2], vec![0], vec![2]]),
            Over::new([2, 9, 1], &[(0..9).collect(), vec![3, 8]]),
        ]
    }

    fn takes_the_largest<W: Word>(parties: usize, over: &Over, n: u32, m: u32) {
        let (batch, mut world) = (2, Lockstep::new(parties, u64::from(n * m)));
        let edge = 1i64 << (m - 3);
        let x: Vec<i64> = (0..batch * over.outer * over.size * over.inner)
            .map(|i| match i % 4 {
                0 => [-edge, edge - 1, 0, -1, 1][i / 4 % 5],
                1 => world.rng.random_range(-1..2),
                _ => world.rng.random_range(-edge..edge),
            })
            .collect();
        let shares: Vec<Vec<W>> = world.share_in::<W>(&x).iter().map(|s| s[..x.len()].to_vec()).collect();
        let mut expected = vec![0; batch * over.outer * over.ends.len() * over.inner];
        let samples = x.chunks_exact(x.len() / batch).zip(expected.chunks_exact_mut(over.outer * over.ends.len() * over.inner));
        samples.for_each(|(x, out)| over.reduce(x, out, i64::max));
        for delay_bytes in [u64::MAX, 0] {
            let wires = Wires { parties, delay_bytes };
            let pairs = Max::over(n, Compare::new(m), over, batch);
            let got = reveal(&world.protocol::<W>(&pairs, wires, &shares, expected.len()), n);
            assert_eq!(got, expected, "{parties} parties, n = {n}, m = {m}, {over:?} by pairs");
            for group in [3, 4] {
                let pool = Pool::over(n, Compare::new(m), group, over, batch);
                let got = reveal(&world.protocol::<W>(&pool, wires, &shares, expected.len()), n);
                assert_eq!(got, expected, "{parties} parties, n = {n}, m = {m}, {over:?} by {group}");
            }
        }
    }

    #[test]
    fn the_largest_of_each_list_is_found() {
        for parties in [2, 3, 5] {
            for over in kinds() {
                for (n, m) in [(35, 35), (64, 35), (40, 26), (26, 26)] {
                    takes_the_largest::<u64>(parties, &over, n, m);
                }
                takes_the_largest::<u32>(parties, &over, 32, 22);
            }
        }
    }

    #[test]
    fn no_more_comparisons_are_made_than_are_counted() {
        let relu = |comparisons: usize| crate::protocol::relu::Relu::new(35, 0, Compare::new(35)).traffic::<u64>(comparisons).corrections;
        for over in kinds() {
            for batch in [1, 50] {
                let made = Max::over(35, Compare::new(35), &over, batch).traffic::<u64>().corrections;
                assert!(made <= relu(over.comparisons(batch)), "{over:?}");
                for group in [3, 4] {
                    let made = Pool::over(35, Compare::new(35), group, &over, batch).comparisons();
                    assert!(made <= over.comparisons_by(group, batch), "{over:?} by {group}");
                }
            }
        }
    }
}

//! Widths that are chosen before there is a plan.

use super::{Kind, Widths};
use crate::protocol::argmax::{ArgMax, Axis};
use crate::protocol::group::LARGEST;
use crate::protocol::king::Wires;
use crate::protocol::max::{Max, Windows};
use crate::protocol::over::Over;
use crate::protocol::pool::Pool;
use crate::protocol::relu::Relu;
use crate::protocol::topk::{self, Search, TopK};
use crate::protocol::truncate::Truncate;
use crate::protocol::{Compare, Cost, Protocol, Traffic};
use crate::time::{Load, Machine, Network, Words, Work};

impl Widths {
    /// What these messages cost, in words of the ring.
    pub(super) fn cost(&self, narrow: impl FnOnce() -> Traffic, wide: impl FnOnce() -> Traffic) -> Cost {
        let traffic = if self.is_narrow() { narrow() } else { wide() };
        Wires { parties: self.parties, delay_bytes: self.delay_bytes }.cost(&traffic)
    }

    /// The cost of dividing `len` elements by 2^t.
    pub(super) fn truncation(&self, t: u32, len: usize) -> Cost {
        let truncate = Truncate { n: self.ring, t, m: self.opened };
        self.cost(|| truncate.traffic::<u32>(self.parties, len), || truncate.traffic::<u64>(self.parties, len))
    }

    /// The cost of dividing `len` elements by 2^t and of their ReLU.
    pub(super) fn relu(&self, t: u32, len: usize) -> Cost {
        let relu = Relu::new(self.ring, t, Compare::new(self.opened));
        self.cost(|| relu.traffic::<u32>(len), || relu.traffic::<u64>(len))
    }

    /// The cost of the largest of each window of one sample, opening m bits; in the ring of m bits where `narrow`.
    pub(super) fn max(&self, windows: &Windows, m: u32, narrow: bool) -> Cost {
        let max = Max::new(if narrow { m } else { self.ring }, Compare::new(m), windows, 1);
        self.cost(|| max.traffic::<u32>(), || max.traffic::<u64>())
    }
}

/// How the index of the largest is found fastest, for one sample: by a tree of so many neighbours, which may rank what is left at the end, or by ranking larger groups. Larger groups take fewer rounds and more bytes
/// and work, most of it the dealer's. A plan is one for all places where it may run, so the choice assumes a fast network: where rounds take longer, a larger group would
/// win more often.
pub(super) fn index_of_largest(s: &Widths, axis: Axis, compare: Compare) -> Kind {
    let sizes = (2..=LARGEST).chain(Axis::RANKED).filter(|group| axis.takes(*group));
    let tree = fastest_of(s, sizes, |group| {
        let argmax = ArgMax::new(compare, axis, group, 1);
        let cost = s.cost(|| argmax.traffic::<u32>(), || argmax.traffic::<u64>());
        (cost, Work::Groups(axis.comparisons(group, 1)))
    });
    let search = Search { axis, k: 1, group: topk::LARGEST, values: false };
    match (tree, ranked(s, search, compare)) {
        (Some((time, _)), Some((less, group))) if less < time => Kind::TopK { search: Search { group, ..search }, compare },
        (tree, _) => Kind::ArgMax { axis, compare, group: tree.map_or(2, |(_, group)| group) },
    }
}

/// The same for the largest of each window.
pub(super) fn pool_group(s: &Widths, windows: &Windows, compare: Compare, narrow: bool) -> usize {
    fastest(s, |group| {
        if group == 2 {
            return (s.max(windows, compare.m, narrow), Work::Max(windows.compared(1)));
        }
        let pool = Pool::new(if narrow { compare.m } else { s.ring }, compare, group, windows, 1);
        let cost = s.cost(|| pool.traffic::<u32>(), || pool.traffic::<u64>());
        (cost, Work::Groups(windows.comparisons_by(group, 1)))
    })
}

/// The same for the k largest; the sizes of groups are others.
pub(super) fn top_group(s: &Widths, search: Search, compare: Compare) -> usize {
    ranked(s, search, compare).map_or(topk::LARGEST, |(_, group)| group)
}

fn ranked(s: &Widths, search: Search, compare: Compare) -> Option<(f64, usize)> {
    let sizes = Search::GROUPS.into_iter().filter(|group| Search { group: *group, ..search }.is_valid());
    let load = |group: usize| {
        let search = Search { group, ..search };
        let top = TopK::new(if search.values { s.ring } else { compare.m }, compare, &search, 1);
        let cost = s.cost(|| Protocol::<u32>::traffic(&top), || Protocol::<u64>::traffic(&top));
        (cost, Work::Groups(search.comparisons(1)))
    };
    fastest_of(s, sizes, load)
}

/// The same for the largest value of a row that everything else of the row waits for: two levels of groups, or three of rows that are longer.
pub(super) fn row_group(s: &Widths, axis: Axis, compare: Compare) -> usize {
    const TWO_LEVELS: usize = 144;
    let levels = if axis.size <= TWO_LEVELS { 2 } else { 3 };
    let few = |group: &usize| {
        let mut left = axis.size;
        (0..levels).for_each(|_| left = left.div_ceil(*group));
        left <= 1
    };
    let load = |group: usize| {
        let search = Search { axis, k: 1, group, values: true };
        let top = TopK::new(s.ring, compare, &search, 1);
        let cost = s.cost(|| Protocol::<u32>::traffic(&top), || Protocol::<u64>::traffic(&top));
        (cost, Work::Groups(search.comparisons(1)))
    };
    fastest_of(s, Search::GROUPS.into_iter().filter(few), load).map_or(topk::LARGEST, |(_, group)| group)
}

/// The same for the largest of each of several lists.
pub(super) fn over_group(s: &Widths, over: &Over, compare: Compare, narrow: bool) -> usize {
    let n = if narrow { compare.m } else { s.ring };
    fastest(s, |group| match group {
        2 => {
            let max = Max::over(n, compare, over, 1);
            (s.cost(|| max.traffic::<u32>(), || max.traffic::<u64>()), Work::Max(over.compared(1)))
        }
        group => {
            let pool = Pool::over(n, compare, group, over, 1);
            (s.cost(|| pool.traffic::<u32>(), || pool.traffic::<u64>()), Work::Groups(over.comparisons_by(group, 1)))
        }
    })
}

fn fastest(s: &Widths, load: impl Fn(usize) -> (Cost, Work)) -> usize {
    fastest_of(s, 2..=LARGEST, load).map_or(2, |(_, group)| group)
}

/// The size that takes the least time, and that time; of two that take as long, the first.
fn fastest_of(s: &Widths, sizes: impl Iterator<Item = usize>, load: impl Fn(usize) -> (Cost, Work)) -> Option<(f64, usize)> {
    // machines that stand next to each other
    let network = Network::custom("near", 170e-6, 1e9);
    let time = |group: usize| {
        let (cost, work) = load(group);
        Machine::REFERENCE.seconds(&Load { cost, parties: s.parties, words: Words::of(s.ring), work }, &network).sum()
    };
    let times = sizes.map(|group| (time(group), group));
    times.reduce(|best, next| if next.0 < best.0 { next } else { best })
}

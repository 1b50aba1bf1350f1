//! Ranks against sorting: ties, both ends of what may be compared, one group and several levels of them.

use super::super::king::Wires;
use super::super::testing::{Lockstep, reveal};
use super::*;
use rand::RngExt;

/// The positions of the k largest of a row, the lowest of equal ones first.
fn sorted(row: &[i64], k: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..row.len()).collect();
    all.sort_by_key(|i| (core::cmp::Reverse(row[*i]), *i));
    all.truncate(k);
    all
}

/// Rows of few different values, of extremes, of all the same, and of random ones.
fn rows(world: &mut Lockstep, axis: Axis, batch: usize, m: u32) -> Vec<i64> {
    let edge = 1i64 << (m - 3);
    let mut x = vec![0; batch * axis.outer * axis.size * axis.inner];
    for u in 0..batch * axis.outer * axis.inner {
        for j in 0..axis.size {
            let at = (u / axis.inner * axis.size + j) * axis.inner + u % axis.inner;
            x[at] = match u % 5 {
                0 => world.rng.random_range(-2..=2),
                1 => [-edge, edge - 1, 0][world.rng.random_range(0..3)],
                2 => 7,
                3 => j as i64 - 3,
                _ => world.rng.random_range(-edge..edge),
            };
        }
    }
    x
}

fn finds<W: Word>(parties: usize, (n, m): (u32, u32), search: Search, batch: usize) {
    assert!(search.is_valid(), "{search:?}");
    let (axis, k) = (search.axis, search.k);
    let mut world = Lockstep::new(parties, 7 + axis.size as u64);
    let x = rows(&mut world, axis, batch, m);
    let shares = world.share_in::<W>(&x);
    let results = batch * search.results();
    let protocol = TopK::new(n, Compare::new(m), &search, batch);
    let wires = Wires { parties, delay_bytes: if axis.size % 2 == 0 { u64::MAX } else { 0 } };
    let got = reveal(&world.protocol::<W>(&protocol, wires, &shares, results), if search.values { n } else { axis.bits() });
    for u in 0..batch * axis.outer * axis.inner {
        let at = |size: usize, j: usize| (u / axis.inner * size + j) * axis.inner + u % axis.inner;
        let row: Vec<i64> = (0..axis.size).map(|j| x[at(axis.size, j)]).collect();
        for (t, best) in sorted(&row, k).into_iter().enumerate() {
            let (got, expected) = (got[at(k, t)], if search.values { row[best] } else { best as i64 });
            let got = if search.values { got } else { got & ((1 << axis.bits()) - 1) };
            assert_eq!(got, expected, "{search:?}, {parties} parties, ring {n}: row {u}, rank {t} of {row:?}");
        }
    }
}

fn search(size: usize, k: usize, group: usize, values: bool) -> Search {
    Search { axis: Axis { outer: 2, size, inner: 3 }, k, group, values }
}

#[test]
fn short_axes_are_sorted_in_one_group() {
    for parties in [2, 3, 5] {
        for (size, k) in [(2, 1), (2, 2), (3, 2), (5, 5), (10, 1), (10, 3), (16, 4), (17, 17)] {
            for values in [false, true] {
                finds::<u64>(parties, (64, 35), search(size, k, 64, values), 2);
            }
            finds::<u64>(parties, (26, 26), search(size, k, 64, false), 1);
            finds::<u32>(parties, (32, 24), search(size, k, 64, true), 1);
        }
    }
}

#[test]
fn long_axes_are_cut_into_groups() {
    for parties in [2, 3] {
        for (size, k, group) in [(7, 1, 2), (9, 2, 4), (23, 3, 8), (50, 5, 12), (33, 4, 8), (65, 1, 64)] {
            for values in [false, true] {
                finds::<u64>(parties, (40, 30), search(size, k, group, values), 2);
            }
            finds::<u32>(parties, (24, 24), search(size, k, group, false), 1);
        }
    }
}

#[test]
fn one_value_alone_is_the_largest() {
    for values in [false, true] {
        finds::<u64>(2, (40, 30), search(1, 1, 4, values), 3);
    }
}

#[test]
fn levels_and_rounds_are_those_of_the_documentation() {
    let of = |size, k, group| {
        let search = Search { axis: Axis { outer: 1, size, inner: 1 }, k, group, values: false };
        let lists: Vec<Vec<usize>> = search.levels().map(|(lists, _)| lists).collect();
        let protocol = TopK::new(35, Compare::new(35), &search, 1);
        (lists.iter().map(|l| l.iter().sum()).collect::<Vec<usize>>(), Protocol::<u64>::traffic(&protocol).rounds.len())
    };
    assert_eq!(of(10, 3, 64), (vec![10], 5));
    assert_eq!(of(1000, 5, 20), (vec![1000, 250, 65, 20], 20));
}

#[test]
fn what_cannot_be_sought_is_not_valid() {
    assert!(search(10, 10, 10, false).is_valid() && search(1000, 32, 64, true).is_valid());
    for bad in
        [search(10, 0, 10, false), search(10, 11, 64, false), search(65, 33, 64, false), search(10, 5, 9, false), search(4, 1, 65, false)]
    {
        assert!(!bad.is_valid(), "{bad:?}");
    }
    assert!(!search(usize::MAX, usize::MAX, 64, false).is_valid());
}

#[test]
fn what_is_counted_is_no_less_than_what_is_compared() {
    for (size, k, group) in [(10, 3, 64), (7, 1, 2), (50, 5, 12), (1000, 5, 20), (1000, 1, 64), (65, 32, 64)] {
        let search = search(size, k, group, false);
        let protocol = TopK::new(35, Compare::new(35), &search, 4);
        let made: usize = protocol.levels.iter().map(Rank::comparisons).sum();
        assert!(search.elements(4) >= made, "{search:?}: {made} and {}", search.elements(4));
        let tables: usize = protocol.levels.iter().map(Rank::entries).sum();
        assert!(search.elements(4) >= made + tables, "{search:?}: {made}, {tables} and {}", search.elements(4));
    }
    let huge = Search { axis: Axis { outer: usize::MAX, size: 1000, inner: 2 }, k: 5, group: 20, values: false };
    assert_eq!(huge.elements(usize::MAX), usize::MAX);
}

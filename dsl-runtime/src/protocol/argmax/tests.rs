//! The index against the integer function, for every tree; its cost against what was sent; no block of a generator twice; messages that say nothing.

use super::super::tests::{measured, told};
use super::*;
use crate::protocol::release::{Release, zero};
use crate::protocol::testing::{Lockstep, Party, reveal};
use crate::uniformity::{LIMIT, chi_square};
use rand::RngExt;
use std::collections::HashSet;
use undertone_ring::prg::{Key, Log, Prg};

fn axis([outer, size, inner]: [usize; 3]) -> Axis {
    Axis { outer, size, inner }
}

/// The lowest index of the largest value.
fn expected(x: &[i64], [outer, k, inner]: [usize; 3]) -> Vec<i64> {
    let at = |o: usize, j: usize, i: usize| x[(o * k + j) * inner + i];
    (0..outer * inner).map(|u| (0..k).rev().max_by_key(|j| at(u / inner, *j, u % inner)).map_or(0, |j| j as i64)).collect()
}

/// Runs the protocol on `x` and returns all parties' shares of the indices.
fn run_shares(world: &mut Lockstep, step: &ArgMax, x: &[i64], results: usize) -> Vec<Vec<u64>> {
    let shares = world.share(x);
    world.deal(|d| step.deal::<u64>(d, 6));
    let materials = world.expand(|tape| step.expand::<u64>(tape, 6));
    let parties: Vec<Party> =
        (0..world.parties).map(|i| Box::new(step.run(world.seat(i), &materials[i], &shares[i][..x.len()])) as Party).collect();
    world.run(parties, results)
}

/// Runs the protocol on `x` and returns the indices.
fn run(world: &mut Lockstep, step: &ArgMax, x: &[i64], results: usize) -> Vec<u64> {
    let shares = run_shares(world, step, x, results);
    (0..results).map(|k| shares.iter().fold(0u64, |s, share| s.wrapping_add(share[k]))).collect()
}

fn finds_the_largest(parties: usize, m: u32, dims: [usize; 3], g: usize) {
    let [outer, k, inner] = dims;
    let mut world = Lockstep::new(parties, (k * 100 + g * 10 + parties) as u64 + u64::from(m));
    // two values of a row may differ by 2^(m-2) - 1 at most, or by -2^(m-2)
    let edge = 1i64 << (m - 3);
    let x: Vec<i64> = (0..outer * k * inner)
        .map(|at| {
            let (row, j) = (at / (k * inner) * inner + at % inner, at / inner % k);
            match row % 8 {
                0 => 5,
                1 => -edge,
                2 => [-edge, edge - 1][j % 2],
                3 => [edge - 1, -edge][j % 2],
                4 | 5 => world.rng.random_range(0..2),
                6 => world.rng.random_range(-edge..edge),
                _ => world.rng.random_range(-2..2),
            }
        })
        .collect();
    let step = ArgMax::new(Compare::new(m), axis(dims), g, 1);
    let bits = axis(dims).bits();
    let got: Vec<i64> = run(&mut world, &step, &x, outer * inner).iter().map(|v| (v & ((1 << bits) - 1)) as i64).collect();
    assert_eq!(got, expected(&x, dims), "{parties} parties, m = {m}, {dims:?}, groups of {g}");
    assert_eq!(measured(&world), told(&step.traffic::<u64>()), "{parties} parties, m = {m}, {dims:?}, groups of {g}");
}

#[test]
fn what_is_left_of_groups_of_four_is_ranked() {
    for parties in [2, 3, 5] {
        for (k, g) in [(7, 6), (24, 6), (33, 8), (128, 8), (100, 10), (48, 12), (17, 16), (300, 16)] {
            finds_the_largest(parties, 26, [3, k, 11], g);
            finds_the_largest(parties, 35, [1, k, 8], g);
        }
    }
    // two levels of groups of four, then eight
    let rounds = |g| ArgMax::new(Compare::new(35), axis([1, 128, 1]), g, 1).traffic::<u64>().rounds.len();
    assert_eq!([rounds(4), rounds(8)], [16, 13]);
    assert!(!axis([1, 8, 1]).takes(8) && axis([1, 9, 1]).takes(8) && !axis([1, 128, 1]).takes(7));
}

#[test]
fn the_lowest_index_of_the_largest_value_is_found() {
    for parties in [2, 3, 5] {
        for k in [1, 2, 3, 4, 5, 9, 10, 29, 128] {
            for g in [2, 3, 4] {
                finds_the_largest(parties, 35, [3, k, 17], g);
            }
        }
    }
}

#[test]
fn any_place_of_the_axis_and_any_width_will_do() {
    for parties in [2, 3] {
        for g in [2, 3, 4] {
            for dims in [[70, 10, 1], [1, 10, 70], [1, 29, 1], [5, 6, 7], [1, 7, 1500]] {
                finds_the_largest(parties, 26, dims, g);
            }
            for m in [4, 6, 7, 34, 48, 64] {
                finds_the_largest(parties, m, [2, 11, 20], g);
            }
        }
    }
}

#[test]
fn many_units_are_dealt_in_parts() {
    for g in [2, 3, 4] {
        finds_the_largest(2, 26, [2, 7, 4500], g);
    }
}

#[test]
fn a_difference_of_the_whole_range_is_still_right() {
    // the edges of the contract: a - b = 2^(m-2) - 1 and -2^(m-2)
    for (a, b, index) in [((1 << 24) - 1, 0, 0), (-(1 << 24), 0, 1), (0, 1 - (1 << 24), 0), (0, 1 << 24, 1)] {
        let mut world = Lockstep::new(2, 3);
        let x: Vec<i64> = [vec![a; 300], vec![b; 300]].concat();
        let got = run(&mut world, &ArgMax::new(Compare::new(26), axis([1, 2, 300]), 2, 1), &x, 300);
        assert!(got.iter().all(|v| v & 1 == index), "{a} and {b}");
    }
}

#[test]
fn indices_of_narrow_values_may_be_wider_than_the_values() {
    // m = 5 bits are opened, an index has 7
    finds_the_largest(2, 5, [1, 100, 40], 4);
    finds_the_largest(3, 5, [1, 100, 40], 2);
}

#[test]
fn rounds_and_bits_are_those_of_the_documentation() {
    let cost = |k: usize, g: usize, m: u32| {
        let units = 1 << 16;
        let (rounds, sent, corrections) = told(&ArgMax::new(Compare::new(m), axis([1, k, units]), g, 1).traffic::<u64>());
        (rounds, sent * 8 / units, corrections * 8 / units)
    };
    for (k, g, expected) in [
        (4, 2, (8, 116, 441)),
        (4, 4, (4, 150, 702)),
        (9, 3, (8, 360, 2234)),
        (10, 2, (16, 358, 1435)),
        (10, 3, (12, 378, 2017)),
        (10, 4, (8, 422, 3295)),
        (29, 2, (20, 1134, 4587)),
        (29, 3, (16, 1241, 7825)),
        (29, 4, (12, 1387, 13948)),
        (128, 2, (28, 5267, 21097)),
        (128, 3, (20, 5852, 39355)),
        (128, 4, (16, 6555, 72155)),
    ] {
        assert_eq!(cost(k, g, 26), expected, "k = {k}, groups of {g}");
    }
}

#[test]
fn no_block_of_a_generator_is_asked_for_twice() {
    for g in [2, 3, 4, 8] {
        let mut world = Lockstep::new(2, 50);
        let log = Log::default();
        let step = ArgMax::new(Compare::new(26), axis([1, 29, 4500]), g, 2);
        world.deal(|d| step.deal::<u64>(d, 6));
        world.keys.iter_mut().for_each(|key| key.audit(log.clone()));
        drop(world.expand(|tape| step.expand::<u64>(tape, 6)));
        let log = log.lock().expect("no test has panicked with it");
        let mut seen = HashSet::new();
        for r in log.iter() {
            for block in r.first_block..r.first_block + r.blocks {
                assert!(seen.insert((r.key_fingerprint, r.counter, block)), "{:?}, block {block}", r.counter);
            }
        }
        assert!(seen.len() > 100_000, "the log is not empty");
    }
}

#[test]
fn what_a_party_sends_is_uniform_whatever_the_values_are() {
    for (g, high) in [(2, 0), (3, 0), (4, 0), (2, 1 << 22), (3, 1 << 22), (4, 1 << 22)] {
        let mut world = Lockstep::new(2, 4242);
        let (k, units) = (9, 1 << 17);
        let x: Vec<u64> = (0..k).flat_map(|j| [high * j as u64 % 3; 1].repeat(units)).collect();
        let shares = [x.clone(), vec![0; x.len()]]; // an owner's trivial sharing is the worst case
        let step = ArgMax::new(Compare::new(26), axis([1, k, units]), g, 1);
        world.deal(|d| step.deal::<u64>(d, 0));
        let material = world.expand(|tape| step.expand::<u64>(tape, 0));
        let parties: Vec<Party> = (0..2).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
        let shares = world.run(parties, units);
        assert!((reveal(&shares, 4)[0] & 15) == if high == 0 { 0 } else { 2 }, "groups of {g}");
        for (round, message) in world.transcript.iter().enumerate() {
            // what is opened: the sum of both messages is not more telling than one of them, as each has a mask of its own
            assert!(message.len() >= 16384 && chi_square(message) < LIMIT, "groups of {g}, round {round}: {}", chi_square(message));
        }
        assert!(chi_square(&world.corrections) < LIMIT, "groups of {g}: {}", chi_square(&world.corrections));
    }
}

#[test]
fn a_tape_that_is_too_short_is_refused() {
    let mut world = Lockstep::new(2, 9);
    let step = ArgMax::new(Compare::new(26), axis([1, 5, 40]), 3, 1);
    world.deal(|d| step.deal::<u64>(d, 0));
    let mut tape = Tape::new(&world.keys[1], Some(&world.corrections[..world.corrections.len() - 1]));
    assert!(step.expand::<u64>(&mut tape, 0).is_err());
}

#[test]
fn an_index_is_released_in_as_many_bits_as_it_has() {
    for (size, bits) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (128, 7), (129, 8)] {
        assert_eq!(axis([1, size, 1]).bits(), bits);
        let (mut world, dims) = (Lockstep::new(3, size as u64), [1, size, 64]);
        let x: Vec<i64> = (0..size * 64).map(|_| world.rng.random_range(-99..99)).collect();
        let step = ArgMax::new(Compare::new(26), axis(dims), 3, 1);
        let shares = run_shares(&mut world, &step, &x, 64);
        let release = Release { t: 0, m: bits };
        let seed = |a: usize, b: usize| Prg::new(&Key::from_bytes([(a.min(b) * 16 + a.max(b)) as u8 + 1; 16]));
        let messages: Vec<Vec<u8>> = (0..3)
            .map(|i| {
                let pairs: Vec<Option<Prg>> = (0..3).map(|j| (i != j).then(|| seed(i, j))).collect();
                release.message(world.seat(i), &shares[i], &zero(world.seat(i), &pairs, 2, 64))
            })
            .collect();
        assert_eq!(messages[0].len(), 64 * bits as usize / 8);
        let got = release.combine::<u64>(Round { own: &messages[0], peers: &messages[1..] }, 64);
        let mask = (1i64 << bits) - 1;
        assert_eq!(got.iter().map(|v| v & mask).collect::<Vec<_>>(), expected(&x, dims));
    }
}

//! The largest of each window against the integer function, for every group, ring and number of parties; its cost against what was sent.

use super::super::tests::told;
use super::*;
use crate::protocol::king::Wires;
use crate::protocol::max::Max;
use crate::protocol::testing::{Lockstep, reveal};
use crate::uniformity::{LIMIT, chi_square};
use rand::RngExt;
use std::collections::HashSet;
use undertone_ring::prg::Log;

fn square(size: usize, kernel: usize, stride: usize, padding: usize, channels: usize) -> Windows {
    Windows { size: [1, size, size], kernel: [1, kernel, kernel], stride: [1, stride, stride], padding: [0, padding, padding], channels }
}

fn kinds() -> Vec<Windows> {
    vec![
        square(6, 2, 2, 0, 3),
        square(7, 3, 2, 1, 2),
        square(5, 3, 1, 0, 2),
        square(9, 4, 4, 2, 1),
        square(11, 5, 3, 2, 1),
        square(4, 1, 2, 0, 2),
        square(4, 1, 1, 0, 2),
        Windows { size: [1, 1, 11], kernel: [1, 1, 5], stride: [1, 1, 3], padding: [0, 0, 2], channels: 4 },
        Windows { size: [3, 4, 5], kernel: [2, 2, 3], stride: [1, 2, 2], padding: [1, 0, 1], channels: 1 },
        Windows { size: [4, 4, 4], kernel: [2, 2, 2], stride: [2, 2, 2], padding: [0, 0, 0], channels: 3 },
        Windows { size: [4, 6, 3], kernel: [2, 2, 1], stride: [2, 2, 2], padding: [1, 1, 0], channels: 2 },
        Windows { size: [1, 4, 9], kernel: [1, 1, 4], stride: [1, 2, 2], padding: [0, 0, 1], channels: 2 },
    ]
}

fn largest(w: &Windows, x: &[i64], batch: usize) -> Vec<i64> {
    let (before, after) = (x.len() / batch, w.pooled().iter().product::<usize>() * w.channels);
    let mut out = vec![0; batch * after];
    x.chunks_exact(before).zip(out.chunks_exact_mut(after)).for_each(|(x, out)| w.reduce(i64::MIN, x, out, i64::max));
    out
}

fn takes_the_largest<W: Word>(parties: usize, w: &Windows, n: u32, m: u32, group: usize) {
    let (batch, mut world) = (2, Lockstep::new(parties, u64::from(n + m)));
    // two values of a window may differ by 2^(m-2) - 1, and by -2^(m-2)
    let edge = 1i64 << (m - 3);
    let x: Vec<i64> = (0..batch * w.size.iter().product::<usize>() * w.channels)
        .map(|i| match i % 5 {
            0 => [-edge, edge - 1, 0, -1, 1][i / 5 % 5],
            1 => 7,
            2 => world.rng.random_range(-1..2),
            _ => world.rng.random_range(-edge..edge),
        })
        .collect();
    let shares: Vec<Vec<W>> = world.share_in::<W>(&x).iter().map(|s| s[..x.len()].to_vec()).collect();
    let expected = largest(w, &x, batch);
    let pool = Pool::new(n, Compare::new(m), group, w, batch);
    for delay_bytes in [u64::MAX, 0] {
        let got = reveal(&world.protocol(&pool, Wires { parties, delay_bytes }, &shares, expected.len()), n);
        assert_eq!(got, expected, "{parties} parties, n = {n}, m = {m}, {w:?} by {group}");
    }
}

#[test]
fn the_largest_of_each_window_is_found() {
    for parties in [2, 3, 5] {
        for w in kinds() {
            for group in [2, 3, 4] {
                for (n, m) in [(35, 35), (64, 35), (64, 64), (52, 31), (40, 26), (37, 26), (26, 26)] {
                    takes_the_largest::<u64>(parties, &w, n, m, group);
                }
                for (n, m) in [(32, 22), (32, 32), (22, 22)] {
                    takes_the_largest::<u32>(parties, &w, n, m, group);
                }
            }
        }
    }
}

#[test]
fn other_comparisons_find_it_too() {
    for (digit, radix) in [(2, 4), (8, 3), (6, 2)] {
        let (w, mut world) = (square(6, 2, 2, 0, 3), Lockstep::new(3, 8));
        let x: Vec<i64> = (0..108).map(|_| world.rng.random_range(-1 << 20..1 << 20)).collect();
        let shares: Vec<Vec<u64>> = world.share(&x).iter().map(|s| s[..x.len()].to_vec()).collect();
        let pool = Pool::new(40, Compare { m: 26, digit, radix, fused: false }, 4, &w, 1);
        let got = reveal(&world.protocol(&pool, Wires { parties: 3, delay_bytes: u64::MAX }, &shares, 27), 40);
        assert_eq!(got, largest(&w, &x, 1), "{digit} by {radix}");
    }
}

#[test]
fn rounds_and_bits_are_those_of_the_documentation() {
    let cost = |kernel: usize, n: u32, m: u32, group: usize| {
        let windows = 1 << 16;
        let w = Windows { size: [1, kernel, kernel], kernel: [1, kernel, kernel], stride: [1; 3], padding: [0; 3], channels: windows };
        let by_pairs = told(&Max::new(n, Compare::new(m), &w, 1).traffic::<u64>());
        let by_groups = told(&Pool::new(n, Compare::new(m), group, &w, 1).traffic::<u64>());
        let (rounds, sent, corrections) = if group == 2 { by_pairs } else { by_groups };
        (rounds, sent * 8 / windows, corrections * 8 / windows)
    };
    for (kernel, n, m, group, expected) in [
        (2, 26, 26, 2, (8, 114, 489)),
        (2, 26, 26, 3, (8, 114, 489)),
        (2, 26, 26, 4, (4, 150, 1680)),
        (3, 26, 26, 2, (16, 304, 1304)),
        (3, 26, 26, 3, (8, 352, 2476)),
        (3, 26, 26, 4, (8, 352, 2476)),
        (2, 64, 35, 2, (8, 162, 1134)),
        (2, 64, 35, 3, (8, 249, 873)),
        (2, 64, 35, 4, (4, 306, 3474)),
        (3, 64, 35, 2, (16, 432, 3024)),
        (3, 64, 35, 3, (8, 740, 4772)),
    ] {
        assert_eq!(cost(kernel, n, m, group), expected, "{kernel} by {kernel}, n = {n}, m = {m}, groups of {group}");
    }
}

#[test]
fn the_comparisons_that_are_counted_are_those_that_are_made_or_more() {
    for w in kinds() {
        for (group, batch) in [(3, 1), (4, 1), (3, 7), (4, 50)] {
            let made = Pool::new(35, Compare::new(35), group, &w, batch).comparisons();
            let counted = w.comparisons_by(group, batch);
            if w.padding == [0; 3] {
                assert_eq!(counted, made, "{w:?} by {group}");
            } else {
                assert!((made..=4 * made + 8192).contains(&counted), "{w:?} by {group}: {counted} for {made}");
            }
        }
    }
}

#[test]
fn no_block_of_a_generator_is_asked_for_twice() {
    // windows of one, two, three and four positions in one level
    let w = Windows { size: [1, 40, 90], kernel: [1, 2, 2], stride: [1, 2, 2], padding: [0, 1, 1], channels: 3 };
    for (w, group) in [(w, 4), (square(30, 5, 3, 2, 2), 4), (square(30, 3, 2, 1, 2), 3)] {
        let mut world = Lockstep::new(2, 50);
        let (log, pool) = (Log::default(), Pool::new(64, Compare::new(35), group, &w, 2));
        world.deal(|d| pool.deal::<u64>(d, 6));
        world.keys.iter_mut().for_each(|key| key.audit(log.clone()));
        drop(world.expand(|tape| pool.expand::<u64>(tape, 6)));
        let log = log.lock().expect("no test has panicked with it");
        let mut seen = HashSet::new();
        for r in log.iter() {
            for block in r.first_block..r.first_block + r.blocks {
                assert!(seen.insert((r.key_fingerprint, r.counter, block)), "{:?}, block {block}", r.counter);
            }
        }
        assert!(seen.len() > 1000, "the log is not empty");
    }
}

#[test]
fn what_a_party_sends_is_uniform_whatever_the_values_are() {
    for value in [0i64, 1 << 22] {
        for (n, group) in [(26, 4), (64, 4), (26, 3)] {
            let mut world = Lockstep::new(3, 4242);
            let w = Windows { size: [1, 2, 2], kernel: [1, 2, 2], stride: [1; 3], padding: [0; 3], channels: 1 << 17 };
            let x: Vec<u64> = (0..4 << 17).map(|k| if k % 3 == 0 { value as u64 } else { 0 }).collect();
            let shares = [x.clone(), vec![0; x.len()], vec![0; x.len()]]; // an owner's trivial sharing is the worst case
            let pool = Pool::new(n, Compare::new(26), group, &w, 1);
            world.deal(|d| pool.deal::<u64>(d, 6));
            let materials = world.expand(|tape| pool.expand::<u64>(tape, 6));
            let parties = (0..3).map(|i| Box::new(pool.run(world.seat(i), &materials[i], &shares[i])) as _).collect();
            world.run::<u64>(parties, 1 << 17);
            for (round, message) in world.transcript.iter().enumerate() {
                assert!(
                    message.len() >= 16384 && chi_square(message) < LIMIT,
                    "n = {n}, by {group}, round {round}: {}",
                    chi_square(message)
                );
            }
            assert!(chi_square(&world.corrections) < LIMIT, "n = {n}, by {group}: {}", chi_square(&world.corrections));
        }
    }
}

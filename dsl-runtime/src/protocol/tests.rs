//! Each protocol against the integer function that it claims, at every edge of its range, for two, three and five parties; its cost against
//! what was sent; its tape against what was read.

use super::testing::{Lockstep, Party, reveal};
use super::{Compare, Fold, Round, Traffic, max, open, padded, release, relu, truncate};
use crate::uniformity::{LIMIT, chi_square};
use rand::RngExt;
use undertone_ring::Word;
use undertone_ring::prg::{Key, Prg};

mod edges;
mod linear;
mod products;
mod releases;
mod uniform;
mod ways;

/// How far a result may lie from the value rounded down.
fn rounding(parties: usize, t: u32) -> (i64, i64) {
    if t == 0 { (0, 0) } else { (-((parties as i64 - 1) / 2), (parties as i64 + 1) / 2) }
}

/// All range edges many times over, then random values of the whole range and small ones. `t` fraction bits below y.
fn cases(world: &mut Lockstep, t: u32, m: u32) -> Vec<i64> {
    let (down, up) = rounding(world.parties, t);
    let (low, high) = (-(1i64 << (m - 2)) - down, (1i64 << (m - 2)) - up);
    let one = 1i64 << t;
    let mut z = vec![];
    for y in [low, low + 1, -3, -2, -1, 0, 1, 2, 3, low / 2, high / 2, high - 2, high - 1] {
        for fraction in if t == 0 { vec![0] } else { vec![0, 1, one / 2, one - 1] } {
            z.extend([y * one + fraction; 45]);
        }
    }
    z.retain(|z| (z >> t) < high);
    z.extend((0..6000).map(|_| world.rng.random_range(low * one..high * one)));
    z.extend((0..2000).map(|_| world.rng.random_range(-2000 * one..2000 * one)));
    z
}

/// Messages, their bytes to one peer, and bytes of corrections: as they were, and as a protocol says.
pub(super) fn measured(world: &Lockstep) -> (usize, usize, usize) {
    (world.rounds, world.sent[0], world.corrections.len())
}

pub(super) fn told(traffic: &Traffic) -> (usize, usize, usize) {
    (traffic.rounds.len(), traffic.sent(), traffic.corrections as usize)
}

fn relu_is_exact<W: Word>(parties: usize, fold: Fold) {
    relu_is_exact_by::<W>(parties, fold, Compare::new(fold.m));
}

pub(super) fn relu_is_exact_by<W: Word>(parties: usize, fold: Fold, compare: Compare) {
    let mut world = Lockstep::new(parties, 1000 * parties as u64 + u64::from(fold.n + fold.m));
    let z = cases(&mut world, fold.t, fold.m);
    let (shares, len) = (world.share_in::<W>(&z), padded(z.len()));
    let step = relu::Relu::new(fold.n, fold.t, compare);
    world.deal(|d| step.deal::<W>(d, 3, 0, len));
    let material = world.expand(|tape| step.expand::<W>(tape, 3, 0, len));
    let parties_run: Vec<Party<W>> =
        (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party<W>).collect();
    let u = reveal(&world.run(parties_run, len), fold.n);
    for (k, z) in z.iter().enumerate() {
        let floor = z >> fold.t;
        let (down, up) = rounding(parties, fold.t);
        let exact = parties == 2 && z & ((1i64 << fold.t) - 1) == 0;
        let (low, high) = ((floor + down).max(0), (floor + if exact { 0 } else { up }).max(0));
        assert!((low..=high).contains(&u[k]), "{fold:?}, {compare:?}: element {k}, z = {z}: {} is not in {low}..={high}", u[k]);
    }
    assert_eq!(measured(&world), told(&step.traffic::<W>(len)), "{fold:?}, {compare:?}");
}

#[test]
fn relu_truncates_and_selects_exactly() {
    for parties in [2, 3, 5] {
        for (n, t, m) in [
            (64, 16, 34),
            (64, 0, 34),
            (64, 0, 35),
            (64, 16, 26),
            (64, 16, 48),
            (64, 24, 40),
            (40, 12, 26),
            (40, 12, 28),
            (37, 12, 25),
            (32, 10, 22),
            (62, 14, 48),
            (52, 14, 30),
        ] {
            relu_is_exact::<u64>(parties, Fold { n, t, m });
        }
    }
}

#[test]
fn relu_in_a_narrow_ring_needs_no_lift() {
    for parties in [2, 3, 5] {
        relu_is_exact::<u64>(parties, Fold { n: 35, t: 0, m: 35 });
        relu_is_exact::<u64>(parties, Fold { n: 26, t: 0, m: 26 });
        relu_is_exact::<u32>(parties, Fold { n: 26, t: 0, m: 26 });
    }
}

#[test]
fn relu_in_words_of_32_bits() {
    for parties in [2, 3, 5] {
        for (n, t, m) in [(32, 10, 22), (32, 0, 22), (32, 0, 32), (32, 8, 24), (31, 9, 20)] {
            relu_is_exact::<u32>(parties, Fold { n, t, m });
        }
    }
}

#[test]
fn relu_costs_what_the_documentation_says() {
    let (rounds, sent, corrections) = told(&relu::Relu::new(64, 16, Compare::new(34)).traffic::<u64>(256));
    assert_eq!((rounds, sent * 8 / 256, corrections * 8 / 256), (4, 51, 367));
    let (rounds, sent, _) = told(&relu::Relu::new(35, 0, Compare::new(35)).traffic::<u64>(256));
    assert_eq!((rounds, sent * 8 / 256), (4, 54));
}

#[test]
fn rounding_is_unbiased_for_two_parties() {
    let fold = Fold { n: 64, t: 16, m: 34 };
    let mut world = Lockstep::new(2, 77);
    let z: Vec<i64> = (0..padded(60_000)).map(|_| world.rng.random_range(0..1i64 << 40)).collect();
    let mut shares = world.share(&z);
    for k in (0..z.len()).step_by(9) {
        shares[1][k] = world.rng.random(); // no extreme shares: their rounding is a function of the share
        shares[0][k] = (z[k] as u64).wrapping_sub(shares[1][k]);
    }
    let step = relu::Relu::new(fold.n, fold.t, Compare::new(fold.m));
    world.deal(|d| step.deal::<u64>(d, 0, 0, z.len()));
    let material = world.expand(|tape| step.expand::<u64>(tape, 0, 0, z.len()));
    let parties: Vec<Party> = (0..2).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
    let y = reveal(&world.run(parties, z.len()), 64);
    let bias = y.iter().zip(&z).map(|(y, z)| *y as f64 - *z as f64 / 65536.0).sum::<f64>() / z.len() as f64;
    assert!(bias.abs() < 0.01, "bias of {bias} units in the last place");
}

#[test]
fn rounding_is_centred_for_more_parties() {
    for parties in [3, 4, 5] {
        let (n, t, m) = (64, 20, 40);
        let mut world = Lockstep::new(parties, 78);
        let z: Vec<i64> = (0..padded(60_000)).map(|_| world.rng.random_range(-1i64 << 50..1 << 50)).collect();
        let mut shares = world.share(&z);
        for k in (0..z.len()).step_by(9) {
            // no extreme shares: their rounding is a function of the share
            let others: Vec<u64> = (1..parties).map(|_| world.rng.random()).collect();
            shares[0][k] = others.iter().fold(z[k] as u64, |rest, o| rest.wrapping_sub(*o));
            (1..parties).for_each(|i| shares[i][k] = others[i - 1]);
        }
        let step = truncate::Truncate { n, t, m };
        world.deal(|d| step.deal::<u64>(d, 0, z.len()));
        let material = world.expand(|tape| step.expand::<u64>(parties, tape, 0, z.len()));
        let run: Vec<Party> = (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
        let y = reveal(&world.run(run, z.len()), n);
        let error = |k: usize| y[k] as f64 - z[k] as f64 / (1u64 << t) as f64;
        let bias = (0..z.len()).map(error).sum::<f64>() / z.len() as f64;
        assert!(bias.abs() < 0.01, "{parties} parties: bias of {bias} units in the last place");
        assert!((0..z.len()).all(|k| error(k).abs() < parties as f64 / 2.0), "{parties} parties");
    }
}

#[test]
fn truncation_is_exact_over_its_whole_range() {
    for (n, t) in [(64u32, 16u32), (64, 1), (64, 30), (52, 14), (40, 12), (37, 11), (32, 10)] {
        let mut world = Lockstep::new(2, u64::from(n + t));
        let (low, high) = (-(1i64 << (n - 2)), (1i64 << (n - 2)) - 1);
        let mut z: Vec<i64> =
            [low, low + 1, high, high - 1, 0, 1, -1, 1 << t, -(1 << t), (1 << t) - 1, 1 - (1 << t)].iter().flat_map(|z| [*z; 90]).collect();
        z.extend((0..8000).map(|_| world.rng.random_range(low..=high)));
        truncates::<u64>(&mut world, truncate::Truncate { n, t, m: n - t }, &z);
        if n <= 32 {
            truncates::<u32>(&mut Lockstep::new(2, 3), truncate::Truncate { n, t, m: n - t }, &z);
        }
    }
}

#[test]
fn truncation_for_more_parties_is_the_lift() {
    for parties in [3, 5] {
        for (n, t, m) in [(64, 20, 44), (64, 26, 36), (52, 14, 30), (40, 12, 28), (37, 11, 26), (64, 16, 34), (32, 10, 22)] {
            let mut world = Lockstep::new(parties, u64::from(n + t + m));
            let z = cases(&mut world, t, m);
            truncates::<u64>(&mut world, truncate::Truncate { n, t, m }, &z);
        }
        for (n, t, m) in [(32, 10, 22), (31, 9, 20)] {
            let mut world = Lockstep::new(parties, u64::from(n + t + m));
            let z = cases(&mut world, t, m);
            truncates::<u32>(&mut world, truncate::Truncate { n, t, m }, &z);
        }
    }
}

fn truncates<W: Word>(world: &mut Lockstep, step: truncate::Truncate, z: &[i64]) {
    let (shares, len) = (world.share_in::<W>(z), padded(z.len()));
    world.deal(|d| step.deal::<W>(d, 9, len));
    let parties = world.parties;
    let material = world.expand(|tape| step.expand::<W>(parties, tape, 9, len));
    let run: Vec<Party<W>> = (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party<W>).collect();
    let y = reveal(&world.run(run, len), step.n);
    for (k, z) in z.iter().enumerate() {
        let (down, up) = rounding(parties, step.t);
        let up = if parties == 2 && z & ((1i64 << step.t) - 1) == 0 { 0 } else { up };
        let error = y[k] - (z >> step.t);
        assert!((down..=up).contains(&error), "{step:?}: element {k}, z = {z}: error {error}");
    }
    assert_eq!(measured(world), told(&step.traffic::<W>(parties, len)));
}

#[test]
fn truncation_is_right_for_every_value_and_every_share() {
    let (n, t) = (8u32, 3u32);
    let mut world = Lockstep::new(2, 8);
    let mut z = vec![];
    let mut shares = [vec![], vec![]];
    for value in -(1i64 << (n - 2))..1 << (n - 2) {
        for own in 0..1u64 << n {
            z.push(value);
            shares[0].push(own);
            shares[1].push((value as u64).wrapping_sub(own) & 0xff);
        }
    }
    assert_eq!(z.len(), padded(z.len()));
    let step = truncate::Truncate { n, t, m: n - t };
    world.deal(|d| step.deal::<u64>(d, 1, z.len()));
    let material = world.expand(|tape| step.expand::<u64>(2, tape, 1, z.len()));
    let run: Vec<Party> = (0..2).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
    let y = reveal(&world.run(run, z.len()), n);
    for (k, z) in z.iter().enumerate() {
        let error = y[k] - (z >> t);
        assert!(error == 0 || (error == 1 && z & 7 != 0), "z = {z}, share {}: error {error}", shares[0][k]);
    }
}

#[test]
fn an_opening_gives_everybody_the_masked_value() {
    for parties in [2, 3, 5] {
        for n in [64, 52, 40, 37, 32] {
            opens::<u64>(parties, n);
        }
        opens::<u32>(parties, 32);
        opens::<u32>(parties, 31);
    }
}

fn opens<W: Word>(parties: usize, n: u32) {
    let mut world = Lockstep::new(parties, 5);
    let x: Vec<i64> = (0..300).map(|_| world.rng.random_range(i64::MIN >> (64 - n)..=i64::MAX >> (64 - n))).collect();
    let (shares, len) = (world.share_in::<W>(&x), padded(x.len()));
    let mut mask = vec![];
    world.deal(|d| mask = open::dealt::<W>(d, |_| true, 4, len));
    let masks = world.expand(|tape| Ok(open::mask::<W>(tape, 4, len)));
    let run: Vec<Party<W>> = (0..parties).map(|i| Box::new(open::run(n, &shares[i], &masks[i])) as Party<W>).collect();
    let results = world.run(run, len);
    for result in &results {
        let opened: Vec<W> = result.iter().zip(&mask).map(|(o, r)| o.sub(*r)).collect();
        assert_eq!(reveal(&[opened], n)[..x.len()], x[..]);
    }
    assert_eq!(measured(&world), told(&open::traffic::<W>(n, len)));
}

#[test]
fn max_pool_takes_the_largest_of_each_window() {
    let square = |size: usize, kernel: usize, stride: usize, padding: usize, channels: usize| max::Windows {
        size: [1, size, size],
        kernel: [1, kernel, kernel],
        stride: [1, stride, stride],
        padding: [0, padding, padding],
        channels,
    };
    for parties in [2, 3, 5] {
        for windows in [
            square(6, 2, 2, 0, 3),
            square(7, 3, 2, 1, 2),
            square(5, 3, 1, 0, 2),
            square(9, 4, 4, 2, 1),
            square(4, 1, 2, 0, 2),
            max::Windows { size: [1, 1, 11], kernel: [1, 1, 5], stride: [1, 1, 3], padding: [0, 0, 2], channels: 4 },
            max::Windows { size: [3, 4, 5], kernel: [2, 2, 3], stride: [1, 2, 2], padding: [1, 0, 1], channels: 1 },
        ] {
            for n in [35, 64] {
                takes_the_largest(parties, &windows, Fold { n, t: 0, m: 35 });
            }
        }
    }
}

fn takes_the_largest(parties: usize, w: &max::Windows, fold: Fold) {
    let batch = 2;
    let mut world = Lockstep::new(parties, 31);
    let edge = 1i64 << 32;
    let len = batch * w.size.iter().product::<usize>() * w.channels;
    let x: Vec<i64> = (0..len)
        .map(|i| match i % 5 {
            0 => [-edge, edge - 1, 0, -1, 1][i / 5 % 5],
            1 => 7,
            _ => world.rng.random_range(-edge..edge),
        })
        .collect();
    let shares = world.share(&x);
    let shares: Vec<&[u64]> = shares.iter().map(|s| &s[..len]).collect();
    let step = max::Max::new(fold.n, Compare::new(fold.m), w, batch);
    world.deal(|d| step.deal::<u64>(d, 6));
    let material = world.expand(|tape| step.expand::<u64>(tape, 6));
    let pooled = w.pooled();
    let outputs = batch * pooled.iter().product::<usize>() * w.channels;
    let run: Vec<Party> = (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], shares[i])) as Party).collect();
    let got = reveal(&world.run(run, outputs), fold.n);
    let inside = |axis: usize, k: usize, tap: usize| (k * w.stride[axis] + tap).checked_sub(w.padding[axis]).filter(|p| *p < w.size[axis]);
    let mut k = 0;
    for b in 0..batch {
        for (a0, a1, a2, c) in itertools(pooled, w.channels) {
            let mut best = i64::MIN;
            for (t0, t1, t2, _) in itertools(w.kernel, 1) {
                if let (Some(p0), Some(p1), Some(p2)) = (inside(0, a0, t0), inside(1, a1, t1), inside(2, a2, t2)) {
                    best = best.max(x[(((b * w.size[0] + p0) * w.size[1] + p1) * w.size[2] + p2) * w.channels + c]);
                }
            }
            assert_eq!(got[k], best, "{w:?}, {fold:?}, element {k}");
            k += 1;
        }
    }
    assert_eq!(measured(&world), told(&step.traffic::<u64>()));
}

fn itertools([a, b, c]: [usize; 3], channels: usize) -> Vec<(usize, usize, usize, usize)> {
    let mut all = vec![];
    for i in 0..a {
        for j in 0..b {
            for k in 0..c {
                all.extend((0..channels).map(|d| (i, j, k, d)));
            }
        }
    }
    all
}

#[test]
fn a_release_gives_the_value_to_within_a_unit() {
    for parties in [2, 3, 5] {
        for (t, m) in [(0, 34), (16, 34), (12, 26), (20, 44), (14, 30)] {
            releases::<u64>(parties, t, m);
        }
        releases::<u32>(parties, 10, 22);
        releases::<u32>(parties, 0, 32);
    }
}

fn releases<W: Word>(parties: usize, t: u32, m: u32) {
    let mut world = Lockstep::new(parties, 12 + u64::from(t));
    let step = release::Release { t, m };
    let limit = (1i64 << (m - 1)) - parties as i64;
    let mut z: Vec<i64> = [0, 1, -1, limit - 1, 1 - limit].iter().map(|y| y << t).collect();
    z.extend((0..3000).map(|_| world.rng.random_range((1 - limit) << t..limit << t)));
    let shares = world.share_in::<W>(&z);
    let len = shares[0].len();
    let seed = |a: usize, b: usize| Prg::new(&Key::from_bytes([(a.min(b) * 16 + a.max(b)) as u8 + 1; 16]));
    let messages: Vec<Vec<u8>> = (0..parties)
        .map(|i| {
            let pairs: Vec<Option<Prg>> = (0..parties).map(|j| (i != j).then(|| seed(i, j))).collect();
            step.message(world.seat(i), &shares[i], &release::zero(world.seat(i), &pairs, 2, len))
        })
        .collect();
    let y = step.combine::<W>(Round { own: &messages[0], peers: &messages[1..] }, z.len());
    for (y, z) in y.iter().zip(&z) {
        let error = y - (z >> t);
        let (down, up) = rounding(parties, t);
        assert!((down..=up).contains(&error), "z = {z}: error {error}");
    }
    assert_eq!(messages[0].len(), step.bytes(len));
}

#[test]
fn what_a_party_sends_is_uniform_whatever_the_secret_is() {
    for value in [0i64, (1 << 48) - (1 << 17), -(1i64 << 48)] {
        let mut world = Lockstep::new(2, 4242);
        let len = 1 << 19;
        let shares = [vec![value as u64; len], vec![0u64; len]]; // an owner's trivial sharing is the worst case
        let step = relu::Relu::new(64, 16, Compare::new(34));
        world.deal(|d| step.deal::<u64>(d, 0, 0, len));
        let material = world.expand(|tape| step.expand::<u64>(tape, 0, 0, len));
        let run: Vec<Party> = (0..2).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
        world.run(run, len);
        for (k, message) in world.transcript.iter().enumerate() {
            assert!(message.len() >= 65536 && chi_square(message) < LIMIT, "round {k} with secret {value}: {}", chi_square(message));
        }
        assert!(chi_square(&world.corrections) < LIMIT, "corrections with secret {value}: {}", chi_square(&world.corrections));
    }
}

#[test]
fn two_tapes_hide_the_difference_of_two_inputs_and_one_tape_does_not() {
    let difference = |second_step: u32| {
        let mut world = Lockstep::new(2, 99);
        let (x, y) = (vec![5u64; 1 << 14], vec![1_000_000u64; 1 << 14]);
        let mut send = |step: u32, x: &[u64]| {
            let masks = world.expand(|tape| Ok(open::mask::<u64>(tape, step, x.len())));
            let none = vec![0u64; x.len()];
            let run: Vec<Party> = vec![Box::new(open::run(64, x, &masks[0])), Box::new(open::run(64, &none, &masks[1]))];
            world.run(run, x.len()).swap_remove(0)
        };
        let (a, b) = (send(0, &x), send(second_step, &y));
        let bytes: Vec<u8> = a.iter().zip(&b).flat_map(|(a, b)| a.wrapping_sub(*b).to_le_bytes()).collect();
        chi_square(&bytes)
    };
    assert!(difference(1) < LIMIT);
    assert!(difference(0) > 1e6, "the control must fail: a mask used twice shows the difference");
}

#[test]
fn zero_sharings_add_up_to_nothing_and_hide_a_trivial_sharing() {
    let (parties, len) = (3, 1 << 15);
    let world = Lockstep::new(parties, 23);
    let seed = |a: usize, b: usize| Prg::new(&Key::from_bytes([(a.min(b) * 16 + a.max(b)) as u8 + 1; 16]));
    let zetas: Vec<Vec<u64>> = (0..parties)
        .map(|i| {
            let pairs: Vec<Option<Prg>> = (0..parties).map(|j| (i != j).then(|| seed(i, j))).collect();
            release::zero(world.seat(i), &pairs, 4, len)
        })
        .collect();
    assert!((0..len).all(|k| zetas.iter().fold(0u64, |s, z| s.wrapping_add(z[k])) == 0));
    assert!(zetas.iter().all(|z| z.iter().filter(|v| **v == 0).count() < 3));
    // an owner's sharing (z, 0, 0) would be sent as it is
    let (step, trivial) = (release::Release { t: 16, m: 34 }, vec![77u64 << 20; len]);
    assert!(chi_square(&step.message(world.seat(0), &trivial, &zetas[0])) < LIMIT);
    assert!(chi_square(&step.message(world.seat(0), &trivial, &vec![0; len])) > 1e6, "the control must fail");
}

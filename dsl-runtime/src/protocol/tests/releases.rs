//! Releases: how they round, and that the receiver learns nothing from it.

use super::super::release::{Release, zero};
use super::super::testing::Lockstep;
use super::super::{Round, padded};
use rand::RngExt;
use undertone_ring::prg::{Key, Prg};

const RELEASE: Release = Release { t: 16, m: 34 };

/// What a receiver puts together from these shares, under zero sharings of generators of these names.
fn released(world: &Lockstep, shares: &[Vec<u64>], name: u8) -> Vec<i64> {
    let (parties, len) = (world.parties, shares[0].len());
    let seed = |a: usize, b: usize| Prg::new(&Key::from_bytes([(a.min(b) * 16 + a.max(b)) as u8 + name; 16]));
    let message = |i: usize| {
        let pairs: Vec<Option<Prg>> = (0..parties).map(|j| (i != j).then(|| seed(i, j))).collect();
        RELEASE.message(world.seat(i), &shares[i], &zero(world.seat(i), &pairs, 2, len))
    };
    let messages: Vec<Vec<u8>> = (0..parties).map(message).collect();
    RELEASE.combine::<u64>(Round { own: &messages[0], peers: &messages[1..] }, len)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// A receiver that dealt knows every mask, and so each share as a function of the secrets. Were the shares shifted before zero is added, or without it, their rounding would
/// be such a function too.
#[test]
fn the_rounding_is_a_coin_that_the_shares_do_not_decide() {
    // 37.2441 units
    let z = 2_440_829_i64;
    for parties in 2..=5 {
        let mut world = Lockstep::new(parties, 31);
        let len = padded(60_000);
        for fixed in 0..3u8 {
            // one vector of shares again and again: an owner's alone, and two of random ones
            let others: Vec<u64> = (1..parties).map(|_| if fixed == 0 { 0 } else { world.rng.random() }).collect();
            let first = others.iter().fold(z as u64, |rest, o| rest.wrapping_sub(*o));
            let shares: Vec<Vec<u64>> = [first].iter().chain(&others).map(|share| vec![*share; len]).collect();
            let y = released(&world, &shares, 1 + fixed * 100);
            let (mean, expected) = (mean(y.iter().map(|y| *y as f64)), z as f64 / 65536.0);
            assert!((mean - expected).abs() < 0.015, "{parties} parties: {mean} on average instead of {expected}");
        }
    }
}

#[test]
fn the_error_is_centred_for_any_number_of_parties() {
    for parties in 2..=5 {
        let mut world = Lockstep::new(parties, 32);
        let z: Vec<i64> = (0..padded(60_000)).map(|_| world.rng.random_range(-1i64 << 48..1 << 48)).collect();
        // a trivial sharing: the zero sharing alone decides the rounding
        let shares: Vec<Vec<u64>> =
            (0..parties).map(|i| if i == 0 { z.iter().map(|z| *z as u64).collect() } else { vec![0; z.len()] }).collect();
        let y = released(&world, &shares, 5);
        let errors = || y.iter().zip(&z).map(|(y, z)| *y as f64 - *z as f64 / 65536.0);
        let mean = mean(errors());
        assert!(mean.abs() < 0.015, "{parties} parties: off by {mean} units on average");
        let most = if parties == 2 { 1.0 } else { parties as f64 / 2.0 };
        assert!(errors().all(|error| error.abs() < most), "{parties} parties");
    }
}

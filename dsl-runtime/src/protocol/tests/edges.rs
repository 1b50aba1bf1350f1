//! What happens outside of the contract, and that it does not happen inside: the shares of wrong signs and wrong lifts next to both ends of the range.

use super::*;

const FOLD: Fold = Fold { n: 40, t: 12, m: 26 };

/// 2^(m-2).
const EDGE: i64 = 1 << 24;

/// Random shares of the same value, many times over, and what a ReLU makes of them. `z` is the value after the centring of more than two parties.
fn relu_of(parties: usize, z: i64) -> Vec<i64> {
    let (mut world, len) = (Lockstep::new(parties, 3), 40_192);
    let z = z + (parties as i64 - 2) * (1 << (FOLD.t - 1));
    let mut shares: Vec<Vec<u64>> = (0..parties).map(|_| (0..len).map(|_| world.rng.random()).collect()).collect();
    let (first, others) = shares.split_first_mut().unwrap();
    for (k, share) in first.iter_mut().enumerate() {
        *share = others.iter().fold(z as u64, |rest, o| rest.wrapping_sub(o[k]));
    }
    let step = relu::Relu::new(FOLD.n, FOLD.t, Compare::new(FOLD.m));
    world.deal(|d| step.deal::<u64>(d, 3, 0, len));
    let material = world.expand(|tape| step.expand::<u64>(tape, 3, 0, len));
    let run: Vec<Party> = (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
    reveal(&world.run(run, len), FOLD.n)
}

fn share(of: &[i64], is: impl Fn(i64) -> bool) -> f64 {
    of.iter().filter(|v| is(**v)).count() as f64 / of.len() as f64
}

#[test]
fn signs_are_wrong_as_often_as_rounding_leaves_the_range() {
    // half a unit above the highest value that is safe, plus this many units, for which so many signs are wrong
    for (parties, table) in [
        (2, [(-1, 0.0), (0, 0.5), (1, 1.0), (1, 1.0)]),
        (3, [(-1, 0.0), (0, 0.125), (1, 0.875), (2, 1.0)]),
        (5, [(-1, 0.0), (0, 1.0 / 384.0), (1, 77.0 / 384.0), (4, 1.0)]),
    ] {
        for (off, expected) in table {
            let y = EDGE - (parties as i64 - 1) + off;
            let wrong = share(&relu_of(parties, y << FOLD.t | 1 << (FOLD.t - 1)), |u| u == 0);
            let certain = !(1e-9..=1.0 - 1e-9).contains(&expected);
            assert!((wrong - expected).abs() < if certain { 1e-9 } else { 0.012 }, "{parties} parties, {off}: {wrong}");
        }
    }
    // one unit below the lowest
    for (parties, expected) in [(2, 1.0), (3, 0.5), (5, 1.0 / 24.0)] {
        let wrong = share(&relu_of(parties, (-EDGE - 1) << FOLD.t), |u| u != 0);
        assert!((wrong - expected).abs() < 0.012, "{parties} parties below: {wrong}");
        assert!(relu_of(parties, -EDGE << FOLD.t).iter().all(|u| *u == 0), "{parties} parties at the lowest");
    }
}

#[test]
fn a_lift_is_wrong_as_often_as_the_value_is_outside() {
    for parties in [3, 5] {
        for (off, expected) in [(-1i64, 0.0), (1 << 20, 1.0 / 32.0)] {
            let (y, len) = (EDGE - (parties as i64 - 1) + off, 40_192);
            let z = vec![(y << FOLD.t) + (parties as i64 - 2) * (1 << (FOLD.t - 1)); len];
            let mut world = Lockstep::new(parties, 4);
            let shares = world.share(&z);
            let step = truncate::Truncate { n: FOLD.n, t: FOLD.t, m: FOLD.m };
            world.deal(|d| step.deal::<u64>(d, 3, len));
            let material = world.expand(|tape| step.expand::<u64>(parties, tape, 3, len));
            let run: Vec<Party> = (0..parties).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
            let got = reveal(&world.run(run, len), FOLD.n);
            let wrong = share(&got, |v| !(y..y + parties as i64).contains(&v));
            let slack = if off < 0 { 1e-9 } else { 0.004 };
            assert!((wrong - expected).abs() < slack, "{parties} parties, {off}: {wrong}");
        }
    }
}

#[test]
fn the_contract_of_centred_rounding_is_tight_and_kept() {
    for parties in [2i64, 3, 5] {
        let unit = 1i64 << FOLD.t;
        let (low, high) = (-EDGE * unit + (parties - 2) * unit / 2, EDGE * unit - parties * unit / 2);
        for z in [low, low + 1, high, high - 1] {
            // `relu_of` adds what centring takes away
            let u = relu_of(parties as usize, z - (parties - 2) * unit / 2);
            let wanted = z.max(0) as f64 / unit as f64;
            assert!(u.iter().all(|u| (*u as f64 - wanted).abs() < parties as f64 / 2.0), "{parties} parties, {z}");
        }
    }
}

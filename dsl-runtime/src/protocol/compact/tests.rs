//! Functions of one polynomial against their definition, at every threshold, at both ends of the range and everywhere in between, with extreme shares.

use super::super::king::Wires;
use super::super::padded;
use super::super::testing::{Lockstep, cases, reveal};
use super::*;
use crate::graph::op::Smooth;
use crate::plan::fit::{Room, Scales, compact};
use std::collections::HashSet;
use undertone_ring::prg::Log;

/// Bits of the ring, of a fraction, and of an opening.
type Widths = (u32, u32, u32);

const WIDE: Widths = (64, 16, 34);
const MIDDLE: Widths = (40, 12, 28);
const NARROW: Widths = (32, 10, 22);

const ALL: [Smooth; 4] = [Smooth::Reciprocal, Smooth::InverseSqrt, Smooth::Sqrt, Smooth::Log];

fn fitted(function: Smooth, (n, f, m): Widths) -> Compact {
    let room = Room { ring: n, m, largest: f64::from(1u32 << (m - 3 - f)) };
    compact(function, Scales { input: 1 << f, output: 1 << f }, room).unwrap().unwrap()
}

/// The largest error, as part of the larger one of 1 and the value, of a run whose values all lie as near to the function as it says.
fn run<W: Word>(parties: usize, widths: Widths, t: u32, function: Smooth, compare: Compare) -> f64 {
    let ((n, f, m), compact) = (widths, fitted(function, widths));
    assert!(compact.is_valid(n, m), "{function:?}");
    let mut world = Lockstep::new(parties, u64::from(n + t + m));
    let z = cases(&mut world, t, 1 << (m - 2), f, &compact.thresholds());
    let (shares, len) = (world.share_in::<W>(&z), padded(z.len()));
    let protocol = On { protocol: Scaled::new(n, t, compare.opening(m), m + 1, &compact), len };
    let got = reveal(&world.protocol::<W>(&protocol, Wires { parties, delay_bytes: u64::MAX }, &shares, len), n);
    let mut worst = 0f64;
    for (found, z) in got.iter().zip(&z) {
        let y = z >> t;
        let mut around = if t == 0 { 0..=0 } else { -((parties as i64 - 1) / 2)..=(parties as i64 + 1) / 2 };
        let fits = around.any(|e| (compact.at(y + e).0 as f64 - *found as f64).abs() <= compact.rounding(y + e, parties));
        assert!(
            fits,
            "{function:?}, n = {n}, t = {t}, {compare:?}, {parties} parties: z = {z}, y = {y} gives {found}, not {}",
            compact.at(y).0
        );
        let unit = (1u64 << f) as f64;
        let x = *z as f64 / unit / (1u64 << t) as f64;
        // what a shift rounds of a function near its pole is not its error
        if t == 0 || x.abs() > 0.5 {
            let want = function.held(x);
            if t == 0 {
                let off = (*found as f64 - want * unit).abs();
                let (value, error) = compact.at(y);
                assert!(
                    (value as f64 - want * unit).abs() <= error as f64 + 1.0,
                    "{function:?} at {x}: {value}, off by {off}, said are {error}"
                );
            }
            worst = worst.max((*found as f64 / unit - want).abs() / want.abs().max(1.0));
        }
    }
    worst
}

#[test]
fn functions_are_right_at_their_thresholds_and_everywhere_else() {
    let usual = Compare::new(0);
    for function in ALL {
        for parties in [2, 3, 5] {
            let wide = run::<u64>(parties, WIDE, 0, function, usual);
            let middle = run::<u64>(parties, MIDDLE, 0, function, usual);
            let narrow = run::<u32>(parties, NARROW, 0, function, usual);
            println!("{function:?}, {parties} parties: 2^{:.2}, 2^{:.2}, 2^{:.2}", wide.log2(), middle.log2(), narrow.log2());
            assert!(wide <= 2f64.powi(-11), "{function:?}, {parties} parties: 2^{:.2}", wide.log2());
            // a unit is 2^-12, and parties round by half of one each
            assert!(middle <= 2f64.powi(-11) + 2f64.powi(-13) * parties as f64, "{function:?}, {parties} parties: 2^{:.2}", middle.log2());
            assert!(narrow <= 2f64.powi(-9) + 2f64.powi(-11) * parties as f64, "{function:?}, {parties} parties: 2^{:.2}", narrow.log2());
        }
    }
}

#[test]
fn a_truncation_is_part_of_the_opening_and_other_digits_give_the_same() {
    let usual = Compare::new(0);
    for function in ALL {
        for compare in [
            usual,
            Compare { digit: 8, radix: 4, ..usual },
            Compare { digit: 6, radix: 4, ..usual },
            Compare { digit: 2, radix: 4, ..usual },
        ] {
            run::<u64>(2, WIDE, 16, function, compare);
            run::<u64>(3, MIDDLE, 12, function, compare);
            run::<u32>(2, NARROW, 10, function, compare);
        }
    }
}

#[test]
fn they_cost_what_the_documentation_says() {
    let told = |function, compare: Compare| {
        let protocol = On { protocol: Scaled::new(64, 16, compare, 35, &fitted(function, WIDE)), len: 256 };
        let traffic = Protocol::<u64>::traffic(&protocol);
        let bits = |bytes: usize| bytes * 8 / 256;
        (traffic.rounds.len(), bits(traffic.sent()), bits(traffic.corrections as usize))
    };
    let usual = Compare::new(34);
    let bits = |function: Smooth| {
        let fitted = fitted(function, WIDE);
        let bits: u32 = fitted.intervals.iter().flat_map(|i| fitted.bits(34, i)).sum();
        (fitted.intervals.len(), fitted.words.count(), fitted.words.q(), fitted.words.m, bits)
    };
    for function in ALL {
        println!("{function:?}: {:?}, {:?}", told(function, usual), bits(function));
    }
    assert_eq!(told(Smooth::Reciprocal, usual), (7, 432, 2411));
    assert_eq!(told(Smooth::InverseSqrt, usual), (7, 420, 2360));
    assert_eq!(told(Smooth::Sqrt, usual), (7, 496, 2406));
    assert_eq!(told(Smooth::Log, usual), (6, 305, 1875));
    let quick = Compare { digit: 8, radix: 4, ..Compare::new(34) };
    for function in ALL {
        let rounds = if function == Smooth::Log { 6 } else { 7 };
        assert_eq!([told(function, Compare::new(34)).0, told(function, quick).0], [rounds, rounds], "{function:?}");
    }
}

#[test]
fn data_that_does_not_fit_is_none() {
    let good = fitted(Smooth::Reciprocal, WIDE);
    let refused = |change: &dyn Fn(&mut Compact)| {
        let mut bad = good.clone();
        change(&mut bad);
        !bad.is_valid(64, 34)
    };
    assert!(good.is_valid(64, 34) && !good.is_valid(26, 34) && !good.is_valid(64, 20));
    assert!(refused(&|c| c.intervals.clear()));
    assert!(refused(&|c| c.intervals.reverse()));
    assert!(refused(&|c| c.intervals[1].from = c.intervals[0].from));
    assert!(refused(&|c| c.intervals[11].from = (1 << 32) + 1));
    assert!(refused(&|c| c.intervals[0].from = i64::MIN));
    assert!(refused(&|c| c.intervals[0].shift = 34));
    assert!(refused(&|c| c.intervals = (0..65).map(|k| Interval { from: k, ..c.intervals[0] }).collect()));
    assert!(refused(&|c| c.below.place = i64::MIN));
    assert!(refused(&|c| c.drop = 34));
    assert!(refused(&|c| c.drop = 20));
    assert!(refused(&|c| c.words.t += 10));
    assert!(refused(&|c| c.words.m = 2));
    let waves = crate::plan::fit::tests::fitted(Smooth::Sigmoid, crate::graph::op::Approx::Everywhere, WIDE).curve;
    let waves =
        waves.pieces.into_iter().find_map(|form| if let super::super::curve::Form::Words(words) = form { Some(words) } else { None });
    assert!(refused(&|c| c.words = waves.clone().unwrap()));
}

#[test]
fn no_block_of_a_generator_is_asked_for_twice() {
    for function in [Smooth::Reciprocal, Smooth::Log] {
        // several parts
        let protocol = On { protocol: Scaled::new(64, 16, Compare::new(34), 35, &fitted(function, WIDE)), len: 9216 };
        let (mut world, log) = (Lockstep::new(2, 50), Log::default());
        world.deal(|d| Protocol::<u64>::deal(&protocol, d, 6));
        world.keys.iter_mut().for_each(|key| key.audit(log.clone()));
        drop(world.expand(|tape| Protocol::<u64>::expand(&protocol, tape, 6)));
        let log = log.lock().expect("no test has panicked with it");
        let mut seen = HashSet::new();
        for r in log.iter() {
            for block in r.first_block..r.first_block + r.blocks {
                assert!(seen.insert((r.key_fingerprint, r.counter, block)), "{function:?}: {:?}, block {block}", r.counter);
            }
        }
        assert!(seen.len() > 100_000, "the log is not empty");
    }
}

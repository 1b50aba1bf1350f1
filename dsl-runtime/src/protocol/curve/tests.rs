//! Smooth functions against their definition, at every threshold, at both ends of the range and everywhere in between, with extreme shares.

use super::super::king::Wires;
use super::super::padded;
use super::super::testing::{Lockstep, cases, reveal};
use super::*;
use crate::graph::op::{Approx, Smooth};
use crate::plan::fit::Fitted;
use crate::plan::fit::tests::fitted;

/// The largest error, as part of the larger one of 1 and the value, of a run whose values all lie as near to the curve as it says.
fn run<W: Word>(parties: usize, (n, f, m): (u32, u32, u32), t: u32, function: Smooth, approx: Approx, compare: Compare) -> f64 {
    let Fitted { curve, m: opened, reach } = fitted(function, approx, (n, f, m));
    let turns = curve.by != 1;
    let t = if turns { n - opened } else { t };
    assert!(curve.is_valid(n, t, opened), "{function:?}");
    let mut world = Lockstep::new(parties, u64::from(n + t + m));
    let z =
        if turns { cases(&mut world, 0, 1 << (m - 2), f, &curve.thresholds) } else { cases(&mut world, t, reach, f, &curve.thresholds) };
    let (shares, len) = (world.share_in::<W>(&z), padded(z.len()));
    let width = if curve.thresholds.is_empty() { opened } else { opened + 1 };
    let protocol = On { protocol: Evaluation::new(n, t, compare.opening(opened), width, &curve), len };
    let got = reveal(&world.protocol::<W>(&protocol, Wires { parties, delay_bytes: u64::MAX }, &shares, len), n);
    let mut worst = 0f64;
    for (found, z) in got.iter().zip(&z) {
        let turned = if turns { (z.wrapping_mul(curve.by) << (64 - n)) >> (64 - n) } else { *z };
        let y = turned >> t;
        let around = if t == 0 { 0..=0 } else { -((parties as i64 - 1) / 2)..=(parties as i64 + 1) / 2 };
        let fits = around.clone().any(|e| (curve.at(y + e).0 as f64 - *found as f64).abs() <= curve.rounding(y + e, parties));
        assert!(
            fits,
            "{function:?}, n = {n}, t = {t}, {compare:?}, {parties} parties: z = {z}, y = {y} gives {found}, not {}",
            curve.at(y).0
        );
        let x = *z as f64 / (1u64 << (f + if turns { 0 } else { t })) as f64;
        let most = if function == Smooth::Exp { f64::from(1u32 << (m - 3 - f)) } else { f64::INFINITY };
        // what a shift rounds of a reciprocal near 0 is not its error
        if t == 0 || turns || x.abs() > 0.5 {
            let want = function.held(x).min(most);
            worst = worst.max((*found as f64 / (1u64 << f) as f64 - want).abs() / want.abs().max(1.0));
        }
    }
    worst
}

const WIDE: (u32, u32, u32) = (64, 16, 34);
const MIDDLE: (u32, u32, u32) = (40, 12, 28);
const NARROW: (u32, u32, u32) = (32, 10, 22);

const ALL: [Smooth; 18] = [
    Smooth::Gelu,
    Smooth::GeluTanh,
    Smooth::Silu,
    Smooth::Mish,
    Smooth::Softplus,
    Smooth::LogSigmoid,
    Smooth::Elu { alpha: 1.0 },
    Smooth::Elu { alpha: -0.7 },
    Smooth::Sigmoid,
    Smooth::Tanh,
    Smooth::Erf,
    Smooth::Exp,
    Smooth::Sin,
    Smooth::Cos,
    Smooth::Reciprocal,
    Smooth::Sqrt,
    Smooth::InverseSqrt,
    Smooth::Log,
];

#[test]
fn functions_are_right_at_their_thresholds_and_everywhere_else() {
    let usual = Compare::new(0);
    for function in ALL {
        for parties in [2, 3, 5] {
            let wide = run::<u64>(parties, WIDE, 0, function, Approx::Everywhere, usual);
            assert!(wide <= 2f64.powi(-11), "{function:?}, {parties} parties: 2^{:.2}", wide.log2());
            let middle = run::<u64>(parties, MIDDLE, 0, function, Approx::Everywhere, usual);
            // a unit is 2^-12, and parties round by half of one each
            assert!(middle <= 2f64.powi(-11) + 2f64.powi(-13) * parties as f64, "{function:?}, {parties} parties: 2^{:.2}", middle.log2());
            let narrow = run::<u32>(parties, NARROW, 0, function, Approx::Everywhere, usual);
            assert!(narrow <= 2f64.powi(-9) + 2f64.powi(-11) * parties as f64, "{function:?}, {parties} parties: 2^{:.2}", narrow.log2());
            println!("{function:?}, {parties} parties: 2^{:.2}, 2^{:.2}, 2^{:.2}", wide.log2(), middle.log2(), narrow.log2());
        }
    }
}

#[test]
fn a_truncation_is_part_of_the_opening_and_other_digits_give_the_same() {
    let usual = Compare::new(0);
    for function in [Smooth::Gelu, Smooth::LogSigmoid, Smooth::Elu { alpha: 2.0 }, Smooth::Exp, Smooth::Log] {
        for compare in
            [usual, Compare { digit: 8, radix: 4, ..usual }, Compare { digit: 6, radix: 4, ..usual }, Compare { digit: 2, ..usual }]
        {
            let compare = if compare.opening(35).is_valid() { compare } else { Compare { radix: 4, ..compare } };
            run::<u64>(2, WIDE, 16, function, Approx::Everywhere, compare);
            run::<u64>(3, MIDDLE, 12, function, Approx::Everywhere, compare);
            run::<u32>(2, NARROW, 10, function, Approx::Everywhere, compare);
        }
    }
}

#[test]
fn promised_values_are_not_compared() {
    let usual = Compare::new(0);
    for (function, most) in [
        (Smooth::Gelu, 4.0),
        (Smooth::Gelu, 8.0),
        (Smooth::GeluTanh, 1.0),
        (Smooth::Silu, 11.0),
        (Smooth::Mish, 5.0),
        (Smooth::Softplus, 9.0),
        (Smooth::LogSigmoid, 9.0),
        (Smooth::Sigmoid, 0.5),
        (Smooth::Tanh, 4.5),
        (Smooth::Erf, 2.75),
        (Smooth::Exp, 8.0),
        (Smooth::Sin, 1.0),
    ] {
        let curve = fitted(function, Approx::Within(most), WIDE).curve;
        assert!(curve.thresholds.is_empty(), "{function:?}");
        let protocol = On { protocol: Evaluation::new(64, 16, Compare::new(24), 24, &curve), len: 256 };
        assert_eq!(Protocol::<u64>::traffic(&protocol).rounds.len(), 2);
        for parties in [2, 3] {
            let error = run::<u64>(parties, WIDE, 0, function, Approx::Within(most), usual);
            assert!(error <= 2f64.powi(-11), "{function:?} within {most}, {parties} parties: 2^{:.2}", error.log2());
            run::<u64>(parties, WIDE, 16, function, Approx::Within(most), usual);
            run::<u64>(parties, MIDDLE, 0, function, Approx::Within(most), usual);
        }
    }
}

/// Bits that a party sends, rounds, and bits of corrections, an element.
fn told(function: Smooth, approx: Approx, compare: Compare, near: bool) -> (usize, usize, usize) {
    let Fitted { curve, m, .. } = fitted(function, approx, WIDE);
    let (t, compare) = (if curve.by == 1 { 16 } else { 64 - m }, compare.opening(m));
    let width = m + u32::from(!near && !curve.thresholds.is_empty());
    let protocol = On { protocol: Evaluation::new(64, t, compare, width, &curve), len: 256 };
    let traffic = Protocol::<u64>::traffic(&protocol);
    let bits = |bytes: usize| bytes * 8 / 256;
    (traffic.rounds.len(), bits(traffic.sent()), bits(traffic.corrections as usize))
}

#[test]
fn they_cost_what_the_documentation_says() {
    let usual = Compare::new(34);
    for function in ALL {
        println!("{function:?}: {:?}", told(function, Approx::Everywhere, usual, false));
    }
    assert_eq!(told(Smooth::Gelu, Approx::Everywhere, usual, false), (4, 93, 60 + 137 + 52 + 14 * 39 + 86 + 158 + 171));
    for function in ALL {
        let (rounds, ..) = told(function, Approx::Everywhere, usual, false);
        assert_eq!(rounds, if matches!(function, Smooth::Sin | Smooth::Cos) { 2 } else { 4 }, "{function:?}");
        let (rounds, ..) = told(function, Approx::Everywhere, Compare { digit: 8, radix: 4, ..usual }, true);
        assert_eq!(rounds, if matches!(function, Smooth::Sin | Smooth::Cos) { 2 } else { 3 }, "{function:?}");
    }
    assert_eq!(told(Smooth::Sin, Approx::Everywhere, usual, false), (2, 20 + 19, 2 * 37 + 90));
}

//! Curves against the functions that they are, without any protocol; and plan data that does not fit.

use super::*;
use crate::graph::op::{Approx, Smooth};
use crate::protocol::words::tests::are_right;

const UNIT: u64 = 1 << 16;

const ALL: [Smooth; 18] = [
    Smooth::Gelu,
    Smooth::GeluTanh,
    Smooth::Silu,
    Smooth::Mish,
    Smooth::Softplus,
    Smooth::LogSigmoid,
    Smooth::Elu { alpha: 1.0 },
    Smooth::Elu { alpha: -0.3 },
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

/// A curve at f fraction bits, of an opening of m, in a ring of n.
pub(crate) fn fitted(function: Smooth, approx: Approx, (n, f, m): (u32, u32, u32)) -> Fitted {
    let room = Room { ring: n, m, largest: f64::from(1u32 << (m - 3 - f)) };
    curve(function, approx, Scales { input: 1 << f, output: 1 << f }, room).unwrap()
}

/// Values around thresholds, of every size, and in a dense grid.
fn values(curve: &Curve, reach: i64, unit: u64) -> Vec<i64> {
    let near = curve.thresholds.iter().flat_map(|p| (p - 3)..=(p + 3));
    let dense = (-8000..=8000).map(|k| k * unit as i64 / 400);
    let sizes = (0..62).flat_map(|k| [1i64 << k, -(1 << k), 3 << k >> 1, 5 << k >> 2]);
    let all = near.chain(dense).chain(sizes).chain([-reach, 1 - reach, reach - 1]);
    all.filter(|y| (-reach..reach).contains(y)).collect()
}

/// The largest error of a curve without a protocol, as part of the larger one of 1 and the value.
fn error(function: Smooth, approx: Approx, scales: Scales, m: u32) -> f64 {
    let room = Room { ring: 64, m, largest: 32768.0 };
    let Fitted { curve, m: opened, .. } = curve(function, approx, scales, room).unwrap_or_else(|e| panic!("{function:?}: {e}"));
    assert!(opened <= m.max(24) && curve.is_valid(64, if curve.by == 1 { 0 } else { 64 - opened }, opened), "{function:?}: {curve:?}");
    let turns = curve.by != 1;
    let reach = if let Approx::Within(most) = approx { (most * scales.input as f64) as i64 } else { 1 << (m - 2) };
    let mut worst = 0f64;
    for y in values(&curve, reach, scales.input) {
        let x = y as f64 / scales.input as f64;
        let at = if turns { ((y.wrapping_mul(curve.by)) as u64 >> (64 - opened)) as i64 } else { y };
        let (found, off) = curve.at(at);
        // as far as there is room
        let end = curve.thresholds.last().filter(|_| function == Smooth::Exp).map_or(f64::INFINITY, |p| *p as f64 / scales.input as f64);
        let want = function.held(x.min(end));
        let far = (found as f64 / scales.output as f64 - want).abs();
        let angle = if turns { 8e-6 } else { 0.0 };
        assert!(far <= (off as f64 + 1.0) / scales.output as f64 + angle, "{function:?} at {x}: {far}, said are {off} units");
        worst = worst.max(far / want.abs().max(1.0));
    }
    worst
}

#[test]
fn curves_are_as_near_as_they_say_and_near_enough() {
    let scales = Scales { input: UNIT, output: UNIT };
    for function in ALL {
        let everywhere = error(function, Approx::Everywhere, scales, 34);
        assert!(everywhere <= 1.0 / 3900.0, "{function:?}: 2^{:.1}", everywhere.log2());
        println!("{function:?}: 2^{:.1}", everywhere.log2());
        for most in [0.3, 1.0, 4.0, 8.0, 15.0, 100.0] {
            let within = error(function, Approx::Within(most), scales, 34);
            assert!(within <= 1.0 / 3900.0, "{function:?} within {most}: 2^{:.1}", within.log2());
        }
        for m in [14, 18, 20, 24, 48] {
            let narrow = error(function, Approx::Everywhere, scales, m);
            assert!(narrow <= 1.0 / 3900.0, "{function:?}, opening {m} bits: 2^{:.1}", narrow.log2());
        }
    }
}

#[test]
fn other_units_and_scales() {
    for function in ALL {
        // a mean of 49 values, of 16 values, at fewer bits
        for unit in [49 << 16, 16 << 16, 3 << 12, 1 << 12, 1 << 10, 1 << 20] {
            let found = error(function, Approx::Everywhere, Scales { input: unit, output: unit }, 38);
            assert!(found <= 1.0 / 2048.0 + 2.0 / unit as f64, "{function:?}, a unit of {unit}: 2^{:.1}", found.log2());
        }
    }
    for output in [1 << 20, 1 << 30, 3 << 20] {
        for function in [Smooth::Exp, Smooth::Reciprocal, Smooth::Sigmoid, Smooth::Tanh, Smooth::Log, Smooth::InverseSqrt, Smooth::Sin] {
            let found = error(function, Approx::Everywhere, Scales { input: UNIT, output }, 34);
            assert!(found <= 1.0 / 3900.0, "{function:?} at {output}: 2^{:.1}", found.log2());
        }
        let line = curve(Smooth::Gelu, Approx::Everywhere, Scales { input: UNIT, output }, Room { ring: 64, m: 34, largest: 1.0 });
        assert!(line.unwrap_err().contains("the scale of the value"));
    }
}

/// As softmax needs them.
#[test]
fn exponentials_and_reciprocals_of_other_domains() {
    let room = Room { ring: 64, m: 34, largest: 1.0 };
    let Fitted { curve, m, .. } = exponential_below(-15.75, 2f64.powi(-19), Scales { input: UNIT, output: 1 << 20 }, room).unwrap();
    assert!(curve.is_valid(64, 0, m));
    for y in values(&curve, 1 << 14, UNIT).into_iter().filter(|y| *y <= 0) {
        let (found, want) = (curve.at(y).0 as f64 / f64::from(1 << 20), (y as f64 / UNIT as f64).exp());
        assert!((found - want).abs() < 2f64.powi(-18), "e^{y}: {found}, {want}");
    }
    let room = Room { ring: 64, m: 48, largest: 4096.0 };
    let scales = Scales { input: 1 << 26, output: 1 << 34 };
    let ends = [2f64.powi(-12), 2f64.powi(19) * 1.414];
    let Fitted { curve, m, .. } = positive(&|x| 1.0 / x, &|x| 1.0 / x / 4096.0, ends, scales, room).unwrap();
    assert!(curve.is_valid(64, 0, m));
    println!("{} segments, {} words", curve.pieces.len(), curve.words());
    for k in 14..45 {
        for y in [1i64 << k, 3 << (k - 1), (1 << k) - 1] {
            let (found, want) = (curve.at(y).0 as f64 / 2f64.powi(34), f64::from(1 << 26) / y as f64);
            assert!((found - want).abs() <= want / 4096.0, "1 / {y}: {found}, {want}");
        }
    }
}

#[test]
fn words_of_all_functions_are_sums_of_public_numbers_and_dealt_words() {
    for scales in
        [Scales { input: UNIT, output: UNIT }, Scales { input: 49 << 16, output: 49 << 16 }, Scales { input: 1 << 12, output: 1 << 12 }]
    {
        for function in ALL {
            let room = Room { ring: 64, m: 38, largest: 32768.0 };
            let Fitted { curve, m, .. } = curve(function, Approx::Everywhere, scales, room).unwrap();
            for (j, form) in curve.pieces.iter().enumerate() {
                let Form::Words(words) = form else { continue };
                let start = j.checked_sub(1).map_or(0, |j| curve.thresholds[j]);
                let end = curve.thresholds.get(j).copied().unwrap_or(1 << (m - 2));
                let y: Vec<i64> = (0..2000).map(|k| start + (i128::from(end - 1 - start) * k / 1999) as i64).collect();
                are_right(words, &y, m, j as u64);
                // and what is opened of them has room
                // what is rounded is little, where values are large a part of them
                let largest = y.iter().map(|y| words.at(*y).abs()).fold(scales.output as f64, f64::max);
                assert!(words.rounding(start) < 2.0 + largest / 4096.0, "{function:?}: {} units", words.rounding(start));
                let room = (1i64 << (words.m - 2)) as f64 - 6.0;
                assert!(y.iter().all(|y| words.at(*y).abs() < room), "{function:?}: {words:?}");
            }
        }
    }
}

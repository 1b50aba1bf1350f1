//! Families of words without any protocol: sums of public numbers times dealt words, against the functions that they are.

use super::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// P of all values, from words that one party has all of: y lies anywhere in its opening of m bits, the mask everywhere.
pub(crate) fn sums(words: &Words, y: &[i64], m: u32, rng: &mut StdRng) -> Vec<i64> {
    let len = y.len().next_multiple_of(GROUP);
    let r: Vec<u64> = (0..len)
        .map(|i| match i % 11 {
            0 => 0,
            1 => low(m),
            2 => 1 << (m - 1),
            _ => rng.random::<u64>() & low(m),
        })
        .collect();
    let all = words.words(&r).concat();
    let tables = words.tables();
    let mut out = vec![];
    for g in 0..len / GROUP {
        // y is any number beside the tested ones
        let mut lanes: Lanes = core::array::from_fn(|i| (y.get(g * GROUP + i).copied().unwrap_or(0) as u64).wrapping_add(r[g * GROUP + i]));
        // nobody but the opening cuts it to its bits
        lanes.iter_mut().enumerate().for_each(|(i, v)| *v = if i % 2 == 0 { *v & low(m) } else { *v });
        let mut sum = [0; GROUP];
        words.evaluate(true, &tables, &lanes, Group { words: &all[g * GROUP..], stride: len }, &mut sum);
        out.extend(sum.map(|v| ((v << (64 - words.q())) as i64) >> (64 - words.q())));
    }
    out.truncate(y.len());
    out
}

/// Values of words on their interval are those that they say, as nearly as they say.
pub(crate) fn are_right(words: &Words, y: &[i64], m: u32, seed: u64) {
    println!("seed {seed}");
    assert!(words.is_valid(m, 64), "{words:?}");
    let found = sums(words, y, m, &mut StdRng::seed_from_u64(seed));
    let scale = (1u64 << words.t) as f64;
    for (found, y) in found.iter().zip(y) {
        let (found, want) = (*found as f64 / scale, words.at(*y));
        assert!((found - want).abs() <= words.rounding(*y), "{words:?} at {y}: {found}, not {want} by {}", words.rounding(*y));
    }
}

#[test]
fn waves_are_the_same_everywhere() {
    let waves = Waves { e: 20, cosines: vec![1 << 23, -(1 << 22), 77], sines: vec![5 << 21, 0, -(1 << 24)], shift: 37, bits: 17 };
    let words = Words { family: Family::Waves(waves), constant: 3 << 33, t: 18, m: 21, error: 0 };
    let y: Vec<i64> = (0..5000).map(|k| (k - 2500) * 1_000_003).chain([i64::from(i32::MIN), -1, 0, 1]).collect();
    are_right(&words, &y, 34, 1);
    // by their definition: 1/2 cos - 1/4 cos 2 + .. + 5/8 sin .. - sin 3, at 16 fraction bits
    let x = 1234.0 / f64::from(1 << 20) * core::f64::consts::TAU;
    let want = 0.5 * x.cos() - 0.25 * (2.0 * x).cos() + 0.625 * x.sin() - (3.0 * x).sin() + 1.5;
    assert!((words.at(1234) / 65536.0 - want).abs() < 1e-4, "{} and {want}", words.at(1234) / 65536.0);
    // a period of more bits than an angle has
    let Family::Waves(waves) = words.family.clone() else { panic!("waves") };
    are_right(&Words { family: Family::Waves(Waves { e: 30, ..waves }), ..words }, &y, 34, 2);
}

#[test]
fn polynomials_are_right_on_their_segment() {
    for (lo, e) in [(0, 2), (5, 8), (-1000, 12), (1 << 20, 22), (-(1 << 31), 33)] {
        let segment = Segment { lo, e, coefficients: vec![3 << 30, -(1 << 31), 1 << 29, 7 << 20], fine: 12, g: 20 };
        let words = Words { family: Family::Segment(segment), constant: 0, t: 22, m: 24, error: 0 };
        let len = 1i64 << (e - 1);
        let y: Vec<i64> = (0..4000).map(|k| lo + k * len / 4000).chain([lo, lo, lo, lo + len - 1, lo + len - 1, lo + len - 1]).collect();
        are_right(&words, &y, 34, e.into());
    }
}

#[test]
fn exponentials_are_right_on_their_interval() {
    for (w, e, span) in [(1, 21, 1 << 20), (2, 21, (3 << 19) - 5), (3, 21, 1_800_000), (4, 18, 200_000), (1, 2, 2)] {
        let exponential = Exponential { lo: -700_000, span, e, w, unit: 65_536, gain: 1 << 40, g: 16 };
        let words = Words { family: Family::Exponential(exponential), constant: -(1 << 30), t: 36, m: 23, error: 0 };
        let len = span as i64;
        let y: Vec<i64> = (0..4000).map(|k| -700_000 + k * len / 4000).chain([-700_000; 9]).chain([len - 700_001; 9]).collect();
        are_right(&words, &y, 34, (w + e).into());
    }
}

#[test]
fn numbers_that_overflow_are_refused() {
    let waves = Waves { e: 20, cosines: vec![1 << 23], sines: vec![0], shift: 37, bits: 17 };
    let segment = Segment { lo: 0, e: 8, coefficients: vec![1], fine: 12, g: 20 };
    let exponential = Exponential { lo: 0, span: 1 << 20, e: 21, w: 1, unit: 65_536, gain: 1 << 40, g: 16 };
    let of = |family| Words { family, constant: 0, t: 18, m: 21, error: 0 };
    let all = [Family::Waves(waves.clone()), Family::Segment(segment.clone()), Family::Exponential(exponential.clone())];
    for family in &all {
        let words = of(family.clone());
        assert!(words.is_valid(34, 64) && words.is_valid(words.reads(), 21));
        assert!(!words.is_valid(words.reads() - 1, 64) && !words.is_valid(34, 20));
        for (t, m) in [(44, 21), (18, 47), (62, 2), (62, 3), (18, 2), (u32::MAX / 4, 21)] {
            assert!(!Words { t, m, ..words.clone() }.is_valid(34, 64), "{t}, {m}");
        }
    }
    let many = vec![1; HARMONICS + 1];
    for bad in [
        Waves { e: 0, ..waves.clone() },
        Waves { e: 63, ..waves.clone() },
        Waves { cosines: vec![], sines: vec![], ..waves.clone() },
        Waves { cosines: many.clone(), sines: many, ..waves.clone() },
        Waves { sines: vec![], ..waves.clone() },
        Waves { cosines: vec![i32::MIN], ..waves.clone() },
        Waves { cosines: vec![1 << 30], sines: vec![-(1 << 30)], ..waves.clone() },
        Waves { shift: 0, ..waves.clone() },
        Waves { shift: 62, ..waves.clone() },
        Waves { bits: 29, ..waves },
    ] {
        assert!(!of(Family::Waves(bad.clone())).is_valid(64, 64), "{bad:?}");
    }
    for bad in [
        Segment { coefficients: vec![], ..segment.clone() },
        Segment { coefficients: vec![1; DEGREE + 2], ..segment.clone() },
        Segment { coefficients: vec![i64::MIN], ..segment.clone() },
        Segment { lo: i64::MIN, ..segment.clone() },
        Segment { e: 1, ..segment.clone() },
        Segment { e: 63, ..segment.clone() },
        Segment { fine: 61, ..segment.clone() },
        Segment { g: 31, ..segment.clone() },
        Segment { g: 0, ..segment },
    ] {
        assert!(!of(Family::Segment(bad.clone())).is_valid(64, 64), "{bad:?}");
    }
    for bad in [
        Exponential { span: 0, ..exponential.clone() },
        Exponential { span: (1 << 20) + 1, ..exponential.clone() },
        Exponential { span: u64::MAX, ..exponential.clone() },
        Exponential { w: 0, ..exponential.clone() },
        Exponential { w: 5, ..exponential.clone() },
        Exponential { w: 21, ..exponential.clone() },
        Exponential { e: 41, ..exponential.clone() },
        Exponential { e: 30, span: 1, ..exponential.clone() },
        Exponential { unit: 0, ..exponential.clone() },
        Exponential { unit: 40_000, ..exponential.clone() },
        Exponential { gain: i64::MIN, ..exponential.clone() },
        Exponential { g: 17, ..exponential.clone() },
        Exponential { lo: i64::MIN, ..exponential },
    ] {
        assert!(!of(Family::Exponential(bad.clone())).is_valid(64, 64), "{bad:?}");
    }
}

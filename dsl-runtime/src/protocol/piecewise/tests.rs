//! Functions against their definition, at every threshold, at both ends of the range and everywhere in between, with extreme shares.

use super::super::above::Above;
use super::super::king::Wires;
use super::super::testing::{Lockstep, reveal};
use super::super::{padded, truncate::Truncation};
use super::*;
use rand::RngExt;

/// Two thresholds on either side of 0, as a clamp of a small range has them.
fn clamp(low: i64, high: i64) -> Function {
    Function { thresholds: vec![low, high], pieces: vec![Piece::constant(low), Piece::line(1, 0), Piece::constant(high)] }
}

/// A step everywhere, of seven constants.
fn stairs(edge: i64) -> Function {
    let thresholds = vec![-edge, -1000, -3, 0, 2, 999, edge];
    Function { pieces: (0..=thresholds.len() as i64).map(|k| Piece::constant(k * k - 20)).collect(), thresholds }
}

/// `y relu6(y + 3) / 6` of units, without the division.
fn hard_swish(unit: i64) -> Function {
    let pieces = vec![Piece::default(), Piece { square: 1, slope: 3 * unit, offset: 0 }, Piece::line(6 * unit, 0)];
    Function { thresholds: vec![-3 * unit, 3 * unit], pieces }
}

/// Lines and a parabola of all signs; the first and the last piece are alike.
fn mixed(unit: i64) -> Function {
    let pieces = vec![
        Piece::line(-7, 13),
        Piece { square: -2, slope: 5, offset: unit },
        Piece::constant(-unit),
        Piece { square: 3, slope: 0, offset: 1 },
        Piece::line(-7, 13),
    ];
    Function { thresholds: vec![-2 * unit, -unit / 2, 1, 4 * unit], pieces }
}

/// How far the value after a shift may lie from the one rounded down.
fn rounding(parties: usize, t: u32) -> core::ops::RangeInclusive<i64> {
    if t == 0 { 0..=0 } else { -((parties as i64 - 1) / 2)..=(parties as i64 + 1) / 2 }
}

/// Both ends of the range and three units around each threshold, many times over and with every kind of fraction; then random values, and some of each size.
fn cases(world: &mut Lockstep, t: u32, m: u32, thresholds: &[i64]) -> Vec<i64> {
    let around = rounding(world.parties, t);
    let (low, high) = (-(1i64 << (m - 2)) - around.start(), (1i64 << (m - 2)) - 1 - around.end());
    let one = 1i64 << t;
    let near = thresholds.iter().flat_map(|p| (p - 3)..=(p + 3));
    let mut y: Vec<i64> = [low, low + 1, low / 2, -1, 0, 1, high / 2, high - 1, high].into_iter().chain(near).collect();
    y.retain(|y| (low..=high).contains(y));
    let mut z = vec![];
    for y in y {
        for fraction in if t == 0 { vec![0] } else { vec![0, 1, one / 2, one - 1] } {
            z.extend([y * one + fraction; 20]);
        }
    }
    z.extend((0..3000).map(|_| world.rng.random_range(low * one..=high * one)));
    z.extend((0..2000).map(|k| world.rng.random_range(-(one << (k % 14)).min(high * one)..=(one << (k % 14)).min(high * one))));
    z
}

fn is_exact<W: Word>(parties: usize, (n, t, m): (u32, u32, u32), compare: Compare, function: &Function) {
    assert!(function.is_valid());
    let mut world = Lockstep::new(parties, u64::from(n + t + m));
    let z = cases(&mut world, t, m, &function.thresholds);
    let (shares, len) = (world.share_in::<W>(&z), padded(z.len()));
    let protocol = On { protocol: Piecewise::new(n, t, compare.opening(m), function), len };
    let wires = Wires { parties, delay_bytes: u64::MAX };
    let got = reveal(&world.protocol::<W>(&protocol, wires, &shares, len), n);
    let cut = |v: i64| v << (64 - n) >> (64 - n);
    for (got, z) in got.iter().zip(&z) {
        let floor = z >> t;
        let exact = parties == 2 && z & ((1i64 << t) - 1) == 0;
        let fits = rounding(parties, t).filter(|e| !exact || *e == 0).any(|e| cut(function.at(floor + e)) == *got);
        assert!(
            fits,
            "{function:?}, n = {n}, {compare:?}, {parties} parties: z = {z} gives {got}, y = {floor} {}",
            cut(function.at(floor))
        );
    }
}

const WIDTHS: [(u32, u32, u32); 6] = [(64, 16, 34), (64, 0, 34), (40, 12, 26), (40, 0, 26), (52, 14, 30), (34, 0, 34)];
const NARROW: [(u32, u32, u32); 4] = [(32, 10, 22), (32, 0, 22), (32, 8, 24), (26, 0, 26)];

fn functions(m: u32) -> Vec<Function> {
    let edge = 1i64 << (m - 2);
    let leak = Function { thresholds: vec![0], pieces: vec![Piece::line(1, 0), Piece::line(100, 0)] };
    vec![clamp(0, 6 << 8), clamp(-edge, edge), clamp(-edge + 1, -edge + 2), stairs(edge - 1), hard_swish(1 << 9), mixed(1 << 7), leak]
}

#[test]
fn functions_are_right_at_their_thresholds_and_everywhere_else() {
    for parties in [2, 3, 5] {
        for widths in WIDTHS {
            for function in functions(widths.2) {
                is_exact::<u64>(parties, widths, Compare::new(0), &function);
            }
        }
        for widths in NARROW {
            for function in functions(widths.2) {
                is_exact::<u32>(parties, widths, Compare::new(0), &function);
            }
        }
    }
}

#[test]
fn all_digits_and_radixes_give_the_same() {
    let usual = Compare::new(0);
    for compare in [
        Compare { digit: 2, radix: 2, ..usual },
        Compare { radix: 4, ..usual },
        Compare { digit: 6, radix: 3, ..usual },
        Compare { digit: 8, radix: 3, ..usual },
        Compare { digit: 8, radix: 4, ..usual },
    ] {
        assert!(compare.opening(26).is_valid());
        for function in functions(26) {
            is_exact::<u64>(3, (40, 12, 26), compare, &function);
            is_exact::<u32>(2, (32, 0, 26), compare, &function);
        }
        // few bits: one digit is the whole comparison
        is_exact::<u64>(2, (64, 16, 8), compare, &clamp(-5, 9));
    }
}

#[test]
fn whether_a_value_is_above_a_threshold_is_a_bit() {
    for parties in [2, 3, 5] {
        for (t, m) in [(0, 34), (16, 34), (12, 26), (0, 8)] {
            let edge = 1i64 << (m - 2);
            for threshold in [0, 1, -1, edge.min(77), -edge, edge, edge / 2] {
                let mut world = Lockstep::new(parties, u64::from(t + m));
                let z = cases(&mut world, t, m, &[threshold]);
                let (shares, len) = (world.share(&z), padded(z.len()));
                let protocol = On { protocol: Above::new(t, Compare::new(m), threshold), len };
                let got = world.protocol::<u64>(&protocol, Wires { parties, delay_bytes: 0 }, &shares, len);
                assert!(got.iter().flatten().all(|share| *share < 2), "shares of a bit");
                for (k, z) in z.iter().enumerate() {
                    let got = got.iter().fold(0, |sum, share| sum ^ share[k]);
                    let may = |e: i64| u64::from((z >> t) + e >= threshold) == got;
                    assert!(rounding(parties, t).any(may), "{parties} parties, {threshold}: z = {z} gives {got}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_opening_is_not_hidden_by_the_test() {
    // what the tests above compare with would notice a threshold that is off by one unit
    let (right, wrong) = (clamp(-5, 9), clamp(-5, 10));
    assert!((-20..20).any(|y| right.at(y) != wrong.at(y)));
    let above = |p: i64| (-20..20).filter(|y| *y >= p).count();
    assert_ne!(above(3), above(4));
}

#[test]
fn they_cost_what_the_documentation_says() {
    let told = |traffic: &Traffic| {
        let bits = |bytes: usize| bytes * 8 / 256;
        (traffic.rounds.len(), bits(traffic.sent()), bits(traffic.corrections as usize))
    };
    let of = |function: &Function| {
        let protocol = On { protocol: Piecewise::new(64, 16, Compare::new(34), function), len: 256 };
        told(&Protocol::<u64>::traffic(&protocol))
    };
    assert_eq!(of(&clamp(0, 6 << 16)), (4, 72, 471));
    assert_eq!(of(&hard_swish(1 << 16)), (4, 72, 60 + 137 + 52 + 286 + 158 + 128));
    let t = 7;
    assert_eq!(of(&stairs(1 << 30)), (4, 34 + 18 * t + t, 60 + 137 + 26 * t + 64 * t));
    let above = On { protocol: Above::new(16, Compare::new(34), 1), len: 256 };
    assert_eq!(told(&Protocol::<u64>::traffic(&above)), (3, 52, 163));
    let lift = Truncation { truncate: super::super::truncate::Truncate { n: 64, t: 16, m: 34 }, parties: 3, len: 256 };
    assert_eq!(told(&Protocol::<u64>::traffic(&lift)).2, 60, "the share of the opening");
}

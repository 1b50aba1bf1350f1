//! What crosses the wires, stream by stream: every message of every party and every sum that it opens, alone, against another input, and against each other.

use super::super::above::Above;
use super::super::argmax::{ArgMax, Axis};
use super::super::compact::Scaled;
use super::super::curve::Evaluation;
use super::super::king::{self, Wires};
use super::super::max::Windows;
use super::super::piecewise::{Function, Piece, Piecewise};
use super::super::pool::Pool;
use super::super::topk::{Search, TopK};
use super::super::truncate::Truncation;
use super::super::{On, Protocol, Sum};
use super::*;
use crate::graph::op::{Approx, Smooth};
use undertone_ring::planes;
use undertone_ring::rows::{GROUP, WORDS};

/// Elements of a stream: whole bytes of one bit each are 16 KiB.
const LEN: usize = 1 << 17;

/// What a run sends, round by round: the messages of all parties, then what they open.
type Streams = Vec<Vec<Vec<u8>>>;

/// Runs a protocol on values of which party 0 has all: the sharing of an owner, and the worst case.
fn streams(parties: usize, seed: u64, protocol: &dyn Protocol<u64>, x: &[u64], results: usize) -> (Streams, Vec<u8>) {
    let mut world = Lockstep::new(parties, seed);
    let shares: Vec<Vec<u64>> = (0..parties).map(|i| if i == 0 { x.to_vec() } else { vec![0; x.len()] }).collect();
    world.protocol(protocol, Wires { parties, delay_bytes: u64::MAX }, &shares, results);
    let rounds = protocol.traffic().rounds;
    let mut all = core::mem::take(&mut world.messages);
    for (messages, round) in all.iter_mut().zip(&rounds) {
        let (mut sum, whole) = (messages[0].clone(), king::block(round, 1, 0));
        messages[1..].iter().for_each(|message| king::add(&whole, &mut sum, message));
        messages.push(sum);
    }
    (all, world.corrections)
}

/// The statistic of two samples over the 256 values of a byte.
fn two_samples(a: &[u8], b: &[u8]) -> f64 {
    let mut bins = [[0f64; 2]; 256];
    for (k, sample) in [a, b].iter().enumerate() {
        for v in *sample {
            bins[usize::from(*v)][k] += 1.0;
        }
    }
    bins.iter().filter(|[a, b]| a + b > 0.0).map(|[a, b]| (a - b) * (a - b) / (a + b)).sum()
}

/// What a uniform table of so many bins exceeds once in a million.
fn limit(bins: usize) -> f64 {
    let k = bins as f64 - 1.0;
    let part = 2.0 / (9.0 * k);
    k * (1.0 - part + 4.753 * part.sqrt()).powi(3)
}

/// The statistic of how often two values occur together.
fn together(a: &[u8], b: &[u8], bins: (usize, usize)) -> f64 {
    let mut counts = vec![0f64; bins.0 * bins.1];
    a.iter().zip(b).for_each(|(a, b)| counts[usize::from(*a) * bins.1 + usize::from(*b)] += 1.0);
    let mean = a.len() as f64 / counts.len() as f64;
    counts.iter().map(|c| (c - mean) * (c - mean) / mean).sum()
}

#[test]
fn messages_and_what_they_open_are_uniform_whatever_the_values_are() {
    let relu = |compare| On { protocol: relu::Relu::new(40, 12, compare), len: LEN };
    let cut = |parties| Truncation { truncate: truncate::Truncate { n: 40, t: 12, m: 26 }, parties, len: LEN };
    let axis = Axis { outer: 1, size: 4, inner: LEN };
    let windows = Windows { size: [1, 2, 2], kernel: [1, 2, 2], stride: [1; 3], padding: [0; 3], channels: LEN };
    let usual = Compare::new(26);
    // an index opens its bits together with others: they are long enough on the second level
    let unit = 1 << 9;
    let swish = Function {
        thresholds: vec![-3 * unit, 3 * unit],
        pieces: vec![Piece::constant(-1), Piece { square: 1, slope: 3 * unit, offset: 0 }, Piece::line(6 * unit, 0)],
    };
    let function = On { protocol: Piecewise::new(40, 12, usual, &swish), len: LEN };
    let search = |group| Search { axis, k: 1, group, values: false };
    let curve = |function, approx| {
        let f = crate::plan::fit::tests::fitted(function, approx, (40, 12, 26));
        let width = f.m + u32::from(!f.curve.thresholds.is_empty());
        let t = if f.curve.by == 1 { 12 } else { 40 - f.m };
        On { protocol: Evaluation::new(40, t, Compare::new(f.m), width, &f.curve), len: LEN }
    };
    let compact = |function| {
        let scales = crate::plan::fit::Scales { input: 1 << 12, output: 1 << 12 };
        let room = crate::plan::fit::Room { ring: 40, m: 26, largest: 1.0 };
        let function = crate::plan::fit::compact(function, scales, room).unwrap().unwrap();
        On { protocol: Scaled::new(40, 12, usual, 27, &function), len: LEN }
    };
    let all: [(&str, usize, &dyn Protocol<u64>, usize); 18] = [
        ("relu", 3, &relu(usual), 1),
        ("relu by 2", 3, &relu(Compare { digit: 2, radix: 4, ..usual }), 1),
        ("relu, fused", 3, &relu(Compare { digit: 8, fused: true, ..usual }), 1),
        ("function", 3, &function, 1),
        ("above", 3, &On { protocol: Above::new(12, usual, 77), len: LEN }, 1),
        ("gelu", 3, &curve(Smooth::Gelu, Approx::Everywhere), 1),
        ("exponential", 2, &curve(Smooth::Exp, Approx::Everywhere), 1),
        ("a polynomial", 3, &curve(Smooth::Sigmoid, Approx::Within(0.5)), 1),
        ("compact root", 3, &compact(Smooth::Sqrt), 1),
        ("compact logarithm", 2, &compact(Smooth::Log), 1),
        ("sine", 3, &curve(Smooth::Sin, Approx::Everywhere), 1),
        ("top k by 2", 3, &TopK::new(26, usual, &search(2), 1), 4),
        ("top k by 4", 3, &TopK::new(26, usual, &search(4), 1), 4),
        ("truncation of two", 2, &cut(2), 1),
        ("truncation", 3, &cut(3), 1),
        ("arg max", 3, &ArgMax::new(usual, axis, 2, 1), 4),
        ("max", 3, &max::Max::new(64, usual, &windows, 1), 4),
        ("pool", 3, &Pool::new(64, usual, 4, &windows, 1), 4),
    ];
    for (name, parties, protocol, inputs) in all {
        let zeros = vec![0u64; inputs * LEN];
        // both ends of what a comparison allows, in turns: of the sums for a shift, of the differences for a maximum
        let (low, high) = if inputs == 1 { (-1i64 << 36, (1i64 << 36) - (3 << 12)) } else { (-1i64 << 23, (1i64 << 23) - 1) };
        let ends: Vec<u64> = (0..inputs * LEN).map(|i| if i % 3 == 0 { high as u64 } else { low as u64 }).collect();
        let (a, first) = streams(parties, 1, protocol, &zeros, LEN);
        let (b, second) = streams(parties, 2, protocol, &ends, LEN);
        for (round, (a, b)) in a.iter().zip(&b).enumerate() {
            for (k, (a, b)) in a.iter().zip(b).enumerate() {
                let what = format!("{name}, round {round}, stream {k} of {parties} parties and their sum");
                assert!(a.len() >= 16_384, "{what}: {} bytes", a.len());
                assert!(chi_square(a) < LIMIT && chi_square(b) < LIMIT, "{what}: {} and {}", chi_square(a), chi_square(b));
                assert!(two_samples(a, b) < LIMIT, "{what}, two inputs: {}", two_samples(a, b));
            }
        }
        assert!(chi_square(&first) < LIMIT && chi_square(&second) < LIMIT, "{name}, corrections");
        assert!(two_samples(&first, &second) < LIMIT, "{name}, corrections of two inputs");
    }
}

/// The opened values of a ReLU, element by element: the low nibble of Y, then every bit.
fn opened(relu: &On<relu::Relu>, all: &Streams) -> Vec<(usize, Vec<u8>)> {
    let mut values = vec![];
    for (message, streams) in Protocol::<u64>::traffic(relu).rounds.iter().zip(all) {
        let sum = streams.last().unwrap();
        let mut start = 0;
        for segment in message {
            let bytes = &sum[start..start + segment.bytes];
            start += segment.bytes;
            if let Sum::Planes(m) = segment.sum {
                let mut y = vec![0u64; relu.len];
                planes::unpack(m, bytes, &mut y);
                values.push((16, y.iter().map(|y| (y & 15) as u8).collect()));
                continue;
            }
            let rows: Vec<u32> = bytes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
            let variables = rows.len() * 32 / relu.len;
            for v in 0..variables {
                let bit = |i: usize| (rows[(i / GROUP * variables + v) * WORDS + i % GROUP / 32] >> (i % 32) & 1) as u8;
                values.push((2, (0..relu.len).map(bit).collect()));
            }
        }
    }
    values
}

#[test]
fn opened_values_say_nothing_about_each_other_or_the_secret() {
    for compare in [Compare::new(26), Compare { m: 26, digit: 8, radix: 3, fused: true }] {
        let relu = On { protocol: relu::Relu::new(40, 12, compare), len: LEN };
        let secret: Vec<u8> = (0..LEN).map(|i| u8::from(i % 2 == 0)).collect();
        let x: Vec<u64> = secret.iter().map(|s| if *s == 1 { (1u64 << 36) - (3 << 12) } else { 0u64.wrapping_sub(1 << 36) }).collect();
        let (all, _) = streams(3, 7, &relu, &x, LEN);
        let values = opened(&relu, &all);
        assert!(values.len() >= 6, "Y and its bits");
        for (i, (bins, value)) in values.iter().enumerate() {
            let with_secret = together(value, &secret, (*bins, 2));
            assert!(with_secret < limit(bins * 2), "{compare:?}, value {i} and the secret: {with_secret}");
            for (j, (others, other)) in values.iter().enumerate().skip(i + 1) {
                let both = together(value, other, (*bins, *others));
                assert!(both < limit(bins * others), "{compare:?}, values {i} and {j}: {both}");
            }
        }
        // the controls: a value and itself, and the secret under no mask
        assert!(together(&secret, &secret, (2, 2)) > 1e4);
        let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert!(chi_square(&bytes) > 1e6);
    }
}

#[test]
fn two_inputs_under_one_tape_show_their_difference_and_under_two_do_not() {
    let relu = On { protocol: relu::Relu::new(40, 12, Compare::new(26)), len: LEN };
    let difference = |seed: u64| {
        let (a, _) = streams(3, 7, &relu, &vec![0; LEN], LEN);
        let (b, _) = streams(3, seed, &relu, &vec![5 << 12; LEN], LEN);
        let y = |streams: &Streams| {
            let mut y = vec![0u64; LEN];
            planes::unpack(26, streams[0].last().unwrap(), &mut y);
            y
        };
        let bytes: Vec<u8> = y(&a).iter().zip(y(&b)).map(|(a, b)| b.wrapping_sub(*a) as u8).collect();
        chi_square(&bytes)
    };
    assert!(difference(8) < LIMIT);
    assert!(difference(7) > 1e6, "the control must fail");
}

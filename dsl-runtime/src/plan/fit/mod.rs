//! Smooth functions as data of a plan: which pieces, which words, how many bits.
//!
//! A function becomes a [`Curve`] of integers: constants, the value itself, and pieces of words. All numbers of a curve are made from committed integers and by operations on
//! floats that IEEE 754 fixes, because every endpoint makes its plan by itself and all must find the same.

mod compact;
#[allow(clippy::unreadable_literal, reason = "numbers that nobody reads, as the script writes them")]
mod fourier;
mod functions;
mod real;
mod segments;
#[cfg(test)]
pub(crate) mod tests;

use crate::protocol::PARTIES;
use crate::protocol::curve::{Curve, Form};
use crate::protocol::words::{Exponential, Family, Waves, Words};
pub(crate) use compact::compact;
use fourier::Fourier;
pub(crate) use functions::{Fitted, Room, curve, exponential_below, exponential_within, is_itself, positive};
pub(crate) use real::exp;
pub(crate) use real::{ln, log2_above, two};

/// The integers that stand for 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scales {
    /// In what a function is made of.
    pub input: u64,
    /// In its result.
    pub output: u64,
}

impl Scales {
    /// The output as a power of two times a number from 1 to before 2.
    fn split(self) -> (i32, f64) {
        let power = self.output.max(1).ilog2() as i32;
        (power, self.output as f64 / two(power))
    }

    /// The integer that stands for a real number, the nearest.
    fn input(self, x: f64) -> i64 {
        // casts saturate
        (x * self.input as f64).round() as i64
    }

    fn output(self, x: f64) -> i64 {
        (x * self.output as f64).round() as i64
    }
}

/// A magnitude as an integer that is not less.
fn magnitude(x: f64) -> u64 {
    x.ceil() as u64 + 1
}

/// The bits of an opening of integers of at most this magnitude, whatever number of parties rounds them.
fn opened(most: f64) -> u32 {
    (most.ceil() as u64).saturating_add(2 * PARTIES as u64 + 2).checked_next_power_of_two().map_or(64, u64::ilog2) + 2
}

/// A constant, of which the function is off by at most `error`.
fn constant(value: f64, error: f64, scales: Scales) -> Form {
    Form::Constant { value: scales.output(value), error: magnitude(error * scales.output as f64) }
}

/// What the words and public numbers of a Fourier extension may lose together.
const ROUNDED: f64 = 1.0 / 8192.0;

/// Words of a Fourier extension, less a base; `most` is the largest magnitude on its interval. `mirrored` is the function `-f(-x)`. `None` where the input has no power of two
/// as its unit.
fn waves(fit: &Fourier, mirrored: bool, base: f64, most: f64, scales: Scales) -> Option<Words> {
    if !scales.input.is_power_of_two() {
        return None;
    }
    let (power, _) = scales.split();
    // half a unit of each word and of each public number, times the other: both have as many fraction bits as that takes
    let sizes: f64 = fit.cosines.iter().chain(fit.sines).map(|c| f64::from(c.unsigned_abs())).sum::<f64>() / two(fourier::BITS as i32);
    let lost = 0.5 * sizes + 0.71 * fit.cosines.len() as f64;
    let bits = log2_above(lost / ROUNDED).clamp(17, 22);
    // public numbers have as many fraction bits
    let (mut finer, plain) = (bits, bits);
    while finer + plain < power {
        finer += 1;
    }
    // coefficients at their own fraction bits, times what the output is more than a power of two; of large ones, fewer bits
    let ratio = |c: i32, drop: u32| {
        let scaled = i128::from(c) * i128::from(scales.output);
        (scaled + (1i128 << (power as u32 + drop) >> 1)) >> (power as u32 + drop)
    };
    let fits = |drop: u32| {
        let sum = |(a, b): (&i32, &i32)| ratio(*a, drop).unsigned_abs() + ratio(*b, drop).unsigned_abs();
        fit.cosines.iter().zip(fit.sines).all(|pair| sum(pair) < 1 << 31)
    };
    let drop = (0..8).find(|drop| fits(*drop))?;
    let all = |list: &[i32], sign: i128| list.iter().map(|c| (sign * ratio(*c, drop)) as i32).collect::<Vec<i32>>();
    let sign = if mirrored { -1 } else { 1 };
    let t = u32::try_from(finer + plain - power).ok()?;
    let mean = f64::from(fit.mean) / two(fourier::BITS as i32) * f64::from(sign as i8) - base;
    let words = Words {
        family: Family::Waves(Waves {
            e: fit.period + scales.input.ilog2(),
            cosines: all(fit.cosines, sign),
            sines: all(fit.sines, 1),
            shift: fourier::BITS - drop + 30 - finer as u32,
            bits: plain as u32,
        }),
        constant: (mean * scales.output as f64 * two(t as i32)).round() as i64,
        t,
        m: opened(most * scales.output as f64),
        error: magnitude(f64::from(fit.error) / two(fourier::BITS as i32) * scales.output as f64),
    };
    (words.t <= 61 && words.q() <= 64).then_some(words)
}

/// Words of `alpha e^x` on integers from `lo` to before `hi`, whose words and public numbers lose at most about `tolerance` together, or that part of the value
/// where it is larger than 1. The cheapest for the dealer of those that fit.
fn exponential([lo, hi]: [i64; 2], alpha: f64, tolerance: f64, scales: Scales) -> Option<Words> {
    let span = u64::try_from(hi.checked_sub(lo)?).ok().filter(|span| *span > 0)?;
    let (power, ratio) = scales.split();
    let top = exp(hi as f64 / scales.input as f64);
    let most = (alpha * top).abs();
    let of = |w: u32| {
        let e = (w + 1..40).find(|e| span <= (1 << e) - (1 << (e - w)))?;
        // by how much a word may grow
        let grown = exp(two((e - w) as i32) / scales.input as f64);
        let mut bits = log2_above(2.0 * grown * alpha.abs().max(1.0) / tolerance);
        let g = log2_above(2.0 / tolerance).clamp(1, 20);
        bits = bits.max(power - g);
        let t = u32::try_from(bits + g - power).ok()?;
        let gain = alpha * top * ratio * two(bits);
        let words = Words {
            family: Family::Exponential(Exponential {
                lo,
                span,
                e,
                w,
                unit: scales.input,
                gain: if gain.abs() < two(61) { gain.round() as i64 } else { return None },
                g: g as u32,
            }),
            constant: 0,
            t,
            m: opened(most * scales.output as f64 * 1.01),
            error: 1,
        };
        // valid wherever enough bits are opened
        words.is_valid(64, 64).then_some(words)
    };
    let cost = |words: &Words| words.count() as u32 * words.q();
    (1..=4).filter_map(of).reduce(|best, next| if cost(&next) < cost(&best) { next } else { best })
}

/// Pieces one after the other, the first from the left end on, where all values are at most `limit` in magnitude: those that no value reaches are left out.
fn joined(first: Form, rest: Vec<(i64, Form)>, base: i64, limit: i64) -> Curve {
    let mut curve = Curve { by: 1, thresholds: vec![], pieces: vec![first], base };
    for (start, form) in rest {
        if start <= -limit || curve.thresholds.last() == Some(&start) {
            if let Some(last) = curve.pieces.last_mut() {
                *last = form;
            }
        } else if start < limit {
            curve.thresholds.push(start);
            curve.pieces.push(form);
        }
    }
    if let ([], [Form::Constant { .. } | Form::Line { .. }]) = (&curve.thresholds[..], &curve.pieces[..]) {
        // all values are on one piece that needs no words: another one begins where no value is
        curve.thresholds.push(limit);
        curve.pieces.push(Form::Constant { value: base, error: 0 });
    }
    curve
}

//! An exponential function on an interval: e to the sum of two numbers is the product of e to either.
//!
//! Let y be in [lo, lo + span) with span <= 2^e - 2^L, L = e - w, and v = (y + r - lo) mod 2^e, which is public. With D = v >> L and a = y - lo - (v mod 2^L),
//!
//! ```text
//! e^((y - lo) / unit) = e^((v mod 2^L) / unit) e^(a / unit)          a = ((D - (r >> L)) mod 2^w) 2^L - (r mod 2^L)
//! ```
//!
//! where r is meant mod 2^e. The first factor is public; the second depends on r and on the w bits D, so the dealer deals it for each of the 2^w values of D and the one that
//! came out is used. No borrow has to be known, for a may have either sign; the guard of 2^L between span and 2^e keeps apart the two values that a could have mod 2^e.
//! Where a >= span no y of the interval leads to this D, and the word is 0.

use super::{Group, Lanes, integer, low};
use serde::{Deserialize, Serialize};
use undertone_ring::rows::GROUP;

/// Fraction bits of the finer of two tables.
const LOW: u32 = 22;

/// The largest exponent of the coarser table's entries: together with their fraction bits they are below 2^40.
const COARSE: u32 = 40;

/// The most bits D of which words are chosen.
const CHOOSES: u32 = 4;

/// `gain e^((y - lo - span) / unit) 2^g`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Exponential {
    /// Where the interval begins.
    pub lo: i64,
    /// How many integers it has.
    pub span: u64,
    /// e.
    pub e: u32,
    /// w: 2^w words are dealt.
    pub w: u32,
    /// The integers that make 1.
    pub unit: u64,
    /// The largest word, where the interval ends.
    pub gain: i64,
    /// Fraction bits of the public numbers.
    pub g: u32,
}

/// e^(k 2^l / unit) and e^(k / unit).
pub(in super::super) struct Tables {
    high: Vec<i64>,
    low: Vec<i64>,
    /// l.
    shift: u32,
}

impl Exponential {
    pub(super) fn count(&self) -> usize {
        1 << self.w
    }

    /// L: bits of v that the public number depends on.
    const fn below(&self) -> u32 {
        self.e - self.w
    }

    /// Entries of the tables of public numbers.
    pub(in super::super) const fn entries(&self) -> usize {
        2 << self.below().div_ceil(2)
    }

    pub(super) fn is_valid(&self) -> bool {
        if !((2..=40).contains(&self.e) && (1..=CHOOSES).contains(&self.w) && self.w < self.e && (1..=20).contains(&self.g)) {
            return false;
        }
        let below = 1u64 << self.below();
        // tables of at most 2^14 entries
        self.below() <= 28
            && (1..1 << 60).contains(&self.unit)
            // e^x is below 2^(3 x / 2)
            && u128::from(below) * 3 <= u128::from(2 * (COARSE - self.g)) * u128::from(self.unit)
            && self.span > 0
            && self.span <= (1 << self.e) - below
            && self.lo.unsigned_abs() < 1 << 62
            && self.gain.unsigned_abs() < 1 << 62
    }

    pub(super) fn tables(&self) -> Tables {
        let shift = self.below() / 2;
        let table = |bits: u32, step: u32, fraction: u32| (0..1 << bits).map(|k| integer::exp(k << step, self.unit, fraction)).collect();
        Tables { high: table(self.below() - shift, shift, self.g), low: table(shift, 0, LOW), shift }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn words(&self, r: &[u64], all: &mut [Vec<u64>]) {
        let (below, unit, count) = (self.below(), self.unit as f64, 1u64 << self.w);
        let span = self.span as i64;
        let steps: Vec<i64> = (0..count as i64).map(|u| u << below).collect();
        let factors: Vec<f64> = steps.iter().map(|a| self.gain as f64 * ((a - span) as f64 / unit).exp()).collect();
        for (i, r) in r.iter().enumerate() {
            let (digit, rest) = ((r & low(self.e)) >> below, (r & low(below)) as i64);
            let back = (-(rest as f64) / unit).exp();
            for (u, (step, factor)) in (0u64..).zip(steps.iter().zip(&factors)) {
                // the word of D = u + digit; which that is, is the dealer's, so all are written
                let there = i64::from(step - rest < span).wrapping_neg();
                let value = (back * factor).round_ties_even() as i64 & there;
                for (d, word) in (0u64..).zip(all.iter_mut()) {
                    let chosen = u64::from((u + digit) & (count - 1) == d).wrapping_neg();
                    word[i] |= value as u64 & chosen;
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn evaluate(&self, tables: &Tables, y: &Lanes, words: Group<'_>, sum: &mut Lanes) {
        let (below, half) = (self.below(), 1i64 << (LOW - 1));
        let (mut digit, mut number) = ([0u64; GROUP], [0u64; GROUP]);
        for i in 0..GROUP {
            let v = y[i].wrapping_sub(self.lo as u64) & low(self.e);
            digit[i] = v >> below;
            let v = v & low(below);
            let product = tables.high[(v >> tables.shift) as usize] * tables.low[(v & ((1 << tables.shift) - 1)) as usize];
            number[i] = ((product + half) >> LOW) as u64;
        }
        for d in 0..1u64 << self.w {
            let word = words.word(d as usize);
            for i in 0..GROUP {
                let chosen = u64::from(digit[i] == d).wrapping_neg();
                sum[i] = sum[i].wrapping_add(number[i].wrapping_mul(word[i] & chosen));
            }
        }
    }

    pub(super) fn at(&self, y: i64) -> f64 {
        let x = (y.wrapping_sub(self.lo) as f64 - self.span as f64) / self.unit as f64;
        self.gain as f64 * x.exp() * (1u64 << self.g) as f64
    }

    pub(super) fn rounding(&self, y: i64) -> f64 {
        let (one, largest) = ((1u64 << self.g) as f64, ((1u64 << self.below()) as f64 / self.unit as f64).exp());
        // of a word, at most as often as the public number is large; of the public number, half a unit of the coarser table and half of its own, and what the finer table loses
        // of the product
        0.5 * largest * one + self.at(y).abs() / one * (1.1 + one / f64::from(1u32 << LOW))
    }
}

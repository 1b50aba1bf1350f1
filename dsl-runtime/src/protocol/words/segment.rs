//! A polynomial on a segment, shifted by the dealer.
//!
//! Let y be in [lo, lo + h) with h = 2^(e-1), and v = (y + r - lo) mod 2^e, which is public, r_e = r mod 2^e. Then, as in the opening itself but with e bits,
//!
//! ```text
//! y - lo = v - r_e + 2^e top(r_e) (1 - top(v))             top: bit e-1
//! ```
//!
//! so for each of the two values of the public bit top(v) = c the dealer knows by how much y differs from v. With xi = (y - lo) / h - 1/2 in [-1/2, 1/2), and
//! s in [-1, 1) the place of v within its half, xi = delta_c + s / 2 for a delta_c that is the dealer's. It shifts the polynomial p(xi) there and deals the
//! coefficients of p(delta_c + s / 2) in s, for both c; everybody evaluates those of the c that came out, at the public s. Where |delta_c| >= 1 no y of the segment leads to
//! this c, and the words are 0.

use super::{Group, Lanes, low};
use serde::{Deserialize, Serialize};
use undertone_ring::rows::GROUP;

/// The largest degree.
pub const DEGREE: usize = 8;

/// The most fraction bits of public numbers.
const FINEST: u32 = 30;

/// `p(xi)` with `xi = (y - lo) / 2^(e - 1) - 1/2`, in units of `2^-g`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segment {
    /// Where the segment begins.
    pub lo: i64,
    /// It has at most 2^(e-1) integers.
    pub e: u32,
    /// The coefficients of p, the constant first, in units of 2^-`fine` of a word.
    pub coefficients: Vec<i64>,
    /// More fraction bits of the coefficients than words have.
    pub fine: u32,
    /// Fraction bits of the public numbers.
    pub g: u32,
}

impl Segment {
    pub(super) fn count(&self) -> usize {
        2 * self.coefficients.len()
    }

    pub(super) fn is_valid(&self) -> bool {
        (1..=DEGREE + 1).contains(&self.coefficients.len())
            && self.coefficients.iter().all(|c| c.unsigned_abs() < 1 << 62)
            && self.lo.unsigned_abs() < 1 << 62
            && (2..=62).contains(&self.e)
            && self.fine <= 60
            && (1..=FINEST).contains(&self.g)
    }

    /// The coefficients in words.
    fn real(&self) -> [f64; DEGREE + 1] {
        let one = 2f64.powi(-(self.fine as i32));
        let mut all = [0.0; DEGREE + 1];
        all.iter_mut().zip(&self.coefficients).for_each(|(to, c)| *to = *c as f64 * one);
        all
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn words(&self, r: &[u64], all: &mut [Vec<u64>]) {
        let (d, half, p) = (self.coefficients.len(), (1u64 << (self.e - 1)) as f64, self.real());
        let (without, with) = all.split_at_mut(d);
        for (c, set) in [(0.0, without), (1.0, with)] {
            for (i, r) in r.iter().enumerate() {
                let r = r & low(self.e);
                let top = (r >> (self.e - 1)) as f64;
                let delta = (c * half + half / 2.0 - r as f64 + 2.0 * half * top * (1.0 - c)) / half - 0.5;
                let here = f64::from(u8::from(delta.abs() < 1.0));
                let mut q = p;
                shift(&mut q[..d], delta * here);
                for (set, q) in set.iter_mut().zip(q) {
                    set[i] = (q * here).round_ties_even() as i64 as u64;
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn evaluate(&self, y: &Lanes, words: Group<'_>, sum: &mut Lanes) {
        let (d, e, g) = (self.coefficients.len(), self.e, self.g);
        let (mut top, mut s, mut p) = ([0u64; GROUP], [0i64; GROUP], [1i64 << g; GROUP]);
        for i in 0..GROUP {
            let v = y[i].wrapping_sub(self.lo as u64) & low(e);
            top[i] = (v >> (e - 1)).wrapping_neg();
            let v = 2 * (v & low(e - 1)) as i64 - (1 << (e - 1));
            s[i] = if e - 1 <= g { v << (g + 1 - e) } else { (v + (1 << (e - 2 - g))) >> (e - 1 - g) };
        }
        let half = 1i64 << (g - 1);
        for k in 0..d {
            let (without, with) = (words.word(k), words.word(d + k));
            for i in 0..GROUP {
                let word = without[i] ^ ((without[i] ^ with[i]) & top[i]);
                sum[i] = sum[i].wrapping_add((p[i] as u64).wrapping_mul(word));
                p[i] = (p[i] * s[i] + half) >> g;
            }
        }
    }

    pub(super) fn at(&self, y: i64) -> f64 {
        let xi = (y.wrapping_sub(self.lo)) as f64 / (1u64 << (self.e - 1)) as f64 - 0.5;
        let p = self.real();
        p[..self.coefficients.len()].iter().rev().fold(0.0, |sum, c| sum * xi + c) * (1u64 << self.g) as f64
    }

    /// What the words are at most, each over all shifts.
    pub(crate) fn sizes(&self) -> Vec<f64> {
        let d = self.coefficients.len();
        let mut most = vec![0f64; d];
        for k in 0..=40 {
            let mut q = self.real();
            shift(&mut q[..d], f64::from(k) / 20.0 - 1.0);
            most.iter_mut().zip(q).for_each(|(most, q)| *most = most.max(q.abs()));
        }
        most
    }

    pub(super) fn rounding(&self) -> f64 {
        let one = (1u64 << self.g) as f64;
        // a public power is off by half a unit of its own and by what the power before it was off; the place of v by half a unit
        let powers = self.sizes().iter().zip(0u32..).map(|(q, k)| q * f64::from(k)).sum::<f64>();
        self.coefficients.len() as f64 * 0.5 * one + powers * 1.05
    }
}

/// The coefficients in s of p(delta + s / 2).
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
fn shift(p: &mut [f64], delta: f64) {
    let d = p.len();
    for k in 0..d {
        for j in (k..d - 1).rev() {
            p[j] += delta * p[j + 1];
        }
    }
    let mut half = 1.0;
    for p in p {
        *p *= half;
        half /= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_is_shifted() {
        let p = [3.0, -2.0, 0.5, 1.0, -0.25];
        let at = |p: &[f64], x: f64| p.iter().rev().fold(0.0, |sum, c| sum * x + c);
        for delta in [0.0, 0.7, -0.9] {
            let mut q = p;
            shift(&mut q, delta);
            for s in [-1.0, -0.3, 0.0, 0.8] {
                assert!((at(&q, s) - at(&p, delta + s / 2.0)).abs() < 1e-12);
            }
        }
    }
}

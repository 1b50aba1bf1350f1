//! Sums of cosines and sines: with theta = 2 pi (y mod 2^e) / 2^e, and likewise theta_Y of y + r and theta_r of r,
//!
//! ```text
//! a cos k theta + b sin k theta = (a cos k theta_Y + b sin k theta_Y) cos k theta_r + (a sin k theta_Y - b cos k theta_Y) sin k theta_r
//! ```
//!
//! since theta = theta_Y - theta_r: the first factors are public, the words are cos k theta_r and sin k theta_r. An angle is the same for all y that differ by a period, so
//! the wrap of the opening does not matter, e bits of it are enough, and the sum is bounded wherever y is.
//!
//! Of angles, cosines and sines are taken from tables for k = 1 and by turning on for the next k.

use super::integer::{ANGLE, BITS, Circle, turned};
use super::{Group, Lanes, low};
use serde::{Deserialize, Serialize};
use undertone_ring::rows::GROUP;

/// The most harmonics.
pub const HARMONICS: usize = 32;

/// The most fraction bits of words.
const FINEST: u32 = 28;

/// `sum over k of (cosines[k - 1] cos(2 pi k y / 2^e) + sines[k - 1] sin(2 pi k y / 2^e)) 2^(30 - shift + bits)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Waves {
    /// The period is 2^e.
    pub e: u32,
    /// Coefficients, as many as there are harmonics.
    pub cosines: Vec<i32>,
    /// See [`cosines`](Self::cosines).
    pub sines: Vec<i32>,
    /// How far the public numbers, made of cosines of 30 fraction bits, are shifted right.
    pub shift: u32,
    /// Fraction bits of the words.
    pub bits: u32,
}

impl Waves {
    pub(super) fn count(&self) -> usize {
        2 * self.cosines.len()
    }

    pub(super) fn is_valid(&self) -> bool {
        let pairs = self.cosines.iter().zip(&self.sines);
        (1..=HARMONICS).contains(&self.cosines.len())
            && self.sines.len() == self.cosines.len()
            && (1..=62).contains(&self.e)
            && (1..=61).contains(&self.shift)
            && (1..=FINEST).contains(&self.bits)
            // no sum of products leaves a word, even if a cosine is off by some units
            && pairs.into_iter().all(|(a, b)| u64::from(a.unsigned_abs()) + u64::from(b.unsigned_abs()) < 1 << 31)
    }

    /// The angle of a value.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    fn angle(&self, y: u64) -> u32 {
        let y = y & low(self.e);
        let angle = if self.e <= ANGLE { y << (ANGLE - self.e) } else { (y + (1 << (self.e - ANGLE - 1))) >> (self.e - ANGLE) };
        angle as u32 & low(ANGLE) as u32
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn words(&self, r: &[u64], all: &mut [Vec<u64>]) {
        let (circle, down) = (Circle::get(), BITS - self.bits);
        let word = |v: i32| ((i64::from(v) + (1 << down >> 1)) >> down) as u64;
        let first: Vec<[i32; 2]> = r.iter().map(|r| circle.at(self.angle(*r))).collect();
        let mut now = first.clone();
        for pair in all.chunks_exact_mut(2) {
            for (i, (z, first)) in now.iter_mut().zip(&first).enumerate() {
                (pair[0][i], pair[1][i]) = (word(z[0]), word(z[1]));
                *z = turned(*z, *first);
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn evaluate(&self, y: &Lanes, words: Group<'_>, sum: &mut Lanes) {
        let circle = Circle::get();
        let (mut c1, mut s1) = ([0i32; GROUP], [0i32; GROUP]);
        for i in 0..GROUP {
            [c1[i], s1[i]] = circle.at(self.angle(y[i]));
        }
        let (mut c, mut s) = (c1, s1);
        let half = 1i64 << (self.shift - 1);
        for (k, (a, b)) in self.cosines.iter().zip(&self.sines).enumerate() {
            let (of_c, of_s) = (words.word(2 * k), words.word(2 * k + 1));
            let (a, b) = (i64::from(*a), i64::from(*b));
            for i in 0..GROUP {
                let (x, y) = (i64::from(c[i]), i64::from(s[i]));
                let p = (a * x + b * y + half) >> self.shift;
                let q = (a * y - b * x + half) >> self.shift;
                let more = (p as u64).wrapping_mul(of_c[i]).wrapping_add((q as u64).wrapping_mul(of_s[i]));
                sum[i] = sum[i].wrapping_add(more);
                [c[i], s[i]] = turned([c[i], s[i]], [c1[i], s1[i]]);
            }
        }
    }

    pub(super) fn at(&self, y: i64) -> f64 {
        let theta = (y as u64 & low(self.e)) as f64 / (1u64 << self.e) as f64 * core::f64::consts::TAU;
        let each = self.cosines.iter().zip(&self.sines).zip(1u32..);
        let sum: f64 = each
            .map(|((a, b), k)| {
                let (s, c) = (theta * f64::from(k)).sin_cos();
                f64::from(*a) * c + f64::from(*b) * s
            })
            .sum();
        sum * self.size()
    }

    /// What 1 is in a sum of products of coefficients.
    fn size(&self) -> f64 {
        2f64.powi(BITS as i32 - self.shift as i32 + self.bits as i32)
    }

    pub(super) fn rounding(&self) -> f64 {
        let one = (1u64 << self.bits) as f64;
        let all = || self.cosines.iter().zip(&self.sines).map(|(a, b)| f64::from(*a).hypot(f64::from(*b))).zip(1u32..);
        // of a word, of a public number; of cosines, which lose some units with each turn; and of an angle
        let numbers = self.cosines.len() as f64 * 2f64.sqrt() * (0.5 * one);
        let words = all().map(|(a, _)| a * self.size() / one * 2f64.sqrt() * 0.5).sum::<f64>();
        let turns = all().map(|(a, k)| a * self.size() * f64::from(8 * k) / 2f64.powi(BITS as i32)).sum::<f64>();
        let angle = if self.e > ANGLE { core::f64::consts::TAU * 2f64.powi(-(ANGLE as i32)) } else { 0.0 };
        numbers + words + turns + all().map(|(a, k)| a * self.size() * f64::from(k) * angle).sum::<f64>()
    }
}

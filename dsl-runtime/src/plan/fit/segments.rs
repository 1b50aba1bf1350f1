//! Functions as polynomials on segments: the longest that a degree allows within a tolerance, one after the other, as Chebyshev interpolations, then each with the lowest
//! degree that still does; and the degree that costs the dealer least.
//!
//! Everything here is data of a plan, which every endpoint makes for itself: only operations whose result IEEE 754 fixes.

use super::real::{cos, log2_above, two};
use super::{Scales, magnitude, opened};
use crate::protocol::words::{DEGREE, Family, Segment, Words};

/// What is fitted: a function of real numbers, on integers from `lo` to before `hi`.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The function, without the base.
    pub function: &'a dyn Fn(f64) -> f64,
    /// The largest error that is allowed at a real number.
    pub tolerance: &'a dyn Fn(f64) -> f64,
    /// The first integer.
    pub lo: i64,
    /// One after the last.
    pub hi: i64,
    /// What integers stand for.
    pub scales: Scales,
}

/// How much of the tolerance is for the polynomial; the rest is for words and public numbers.
const FITTED: f64 = 0.6;

/// Points at which a segment is looked at.
const POINTS: i64 = 160;

/// The most segments.
const MOST: usize = 48;

/// Fraction bits of public numbers, and more bits of coefficients than words have.
const FINEST: i32 = 30;
const FINE: i32 = 12;

impl Target<'_> {
    /// Segments with their first integers; `None` where words would not fit.
    pub(crate) fn segments(&self, ring: u32) -> Option<Vec<(i64, Words)>> {
        // what is dealt for an element, and besides for each segment: comparisons and bits
        let cost = |all: &[(i64, Words)]| -> u32 {
            let one = |words: &Words| words.count() as u32 * words.q() + 3 * (ring.saturating_sub(words.m)) + 2 * ring + 60;
            all.iter().map(|(_, words)| one(words)).sum()
        };
        let all = (3..DEGREE).filter_map(|most| self.of_degree(most));
        all.map(|segments| (cost(&segments), segments)).reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, all)| all)
    }

    /// One polynomial on all of it, of the lowest degree that does.
    pub(crate) fn whole(&self) -> Option<Words> {
        let degree = (0..=DEGREE).find(|d| self.error(self.lo, self.hi, *d).0 <= FITTED)?;
        self.words(self.lo, self.hi, degree)
    }

    /// The same, and how far the function is from it in real numbers.
    pub(crate) fn whole_with_error(&self) -> Option<(Words, f64)> {
        let words = self.whole()?;
        let degree = words.count() / 2 - 1;
        Some((words, self.error(self.lo, self.hi, degree).1))
    }

    fn of_degree(&self, most: usize) -> Option<Vec<(i64, Words)>> {
        let fits = |a: i64, b: i64| self.error(a, b, most).0 <= FITTED;
        let (mut all, mut a, mut len) = (vec![], self.lo, 4);
        while a < self.hi {
            if all.len() == MOST {
                return None;
            }
            let end = if fits(a, self.hi) {
                self.hi
            } else {
                let (mut good, mut bad) = (a + 1, self.hi.min(a + len));
                while bad < self.hi && fits(a, bad) {
                    (good, bad) = (bad, self.hi.min(a + 2 * (bad - a)));
                }
                while bad - good > 1.max((bad - a) / 64) {
                    let middle = good.midpoint(bad);
                    if fits(a, middle) { good = middle } else { bad = middle }
                }
                good
            };
            let degree = (0..=most).find(|d| self.error(a, end, *d).0 <= FITTED)?;
            all.push((a, self.words(a, end, degree)?));
            (len, a) = ((end - a).max(4), end);
        }
        Some(all)
    }

    fn real(&self, y: f64) -> f64 {
        y / self.scales.input as f64
    }

    /// The largest error of an interpolation, as part of the tolerance; and by itself.
    fn error(&self, a: i64, b: i64, degree: usize) -> (f64, f64) {
        let (low, high) = (a as f64, (b - 1).max(a + 1) as f64);
        let c = interpolation(&|y| (self.function)(self.real(y)), low, high, degree);
        let (mut part, mut most) = (0f64, 0f64);
        let points = POINTS.min(b - a);
        let step = (b - 1 - a) as f64 / (points - 1).max(1) as f64;
        for k in 0..points {
            let y = (low + step * k as f64).floor();
            let x = self.real(y);
            let off = (chebyshev(&c, (2.0 * y - low - high) / (high - low)) - (self.function)(x)).abs();
            (part, most) = (part.max(off / (self.tolerance)(x)), most.max(off));
        }
        (part, most)
    }

    fn words(&self, a: i64, b: i64, degree: usize) -> Option<Words> {
        let e = 2.max((u64::BITS - ((b - a - 1) as u64).leading_zeros()) + 1);
        let half = two(e as i32 - 1);
        let end = (b - 1 - a).max(1) as f64 / half - 0.5;
        // in units of the result, up to a power of two
        let (power, ratio) = self.scales.split();
        let scaled = |xi: f64| ratio * (self.function)(self.real(a as f64 + (xi + 0.5) * half));
        let p = monomials(&interpolation(&scaled, -0.5, end, degree), -0.5, end);
        let places = (0..50).map(|k| self.real(a as f64 + (b - 1 - a) as f64 * f64::from(k) / 49.0));
        let tolerance = places.fold(f64::INFINITY, |t, x| t.min((self.tolerance)(x))) * ratio * (1.0 - FITTED);
        let terms = (degree + 1) as f64;
        let mut bits = 0.max(log2_above(4.0 * terms / tolerance) - 1);
        let segment = |bits: i32, g: i32| {
            let largest = p.iter().fold(0f64, |m, c| m.max(c.abs()));
            let fine = FINE.min(60 - bits - log2_above(largest.max(two(-60)))).max(0);
            let coefficients = p.iter().map(|c| (c * two(bits + fine)).round() as i64).collect();
            Segment { lo: a, e, coefficients, fine: fine as u32, g: g as u32 }
        };
        let sizes = segment(bits, 1).sizes();
        let slopes = sizes.iter().zip(0u32..).map(|(q, k)| q * f64::from(k)).sum::<f64>() / two(bits);
        let mut g = 6.max(log2_above((slopes * 4.0 / tolerance).max(1e-9))).max(power - bits);
        if g > FINEST {
            (bits, g) = (bits + g - FINEST, FINEST);
        }
        let t = u32::try_from(bits + g - power).ok()?;
        let most = self.most(a, b);
        let (_, off) = self.error(a, b, degree);
        let words = Words {
            family: Family::Segment(segment(bits, g)),
            constant: 0,
            t,
            m: opened(most * self.scales.output as f64 * 1.01),
            // between the points that were looked at it may be a little more
            error: magnitude(1.05 * off * self.scales.output as f64),
        };
        (words.t <= 61 && words.q() <= 64).then_some(words)
    }

    /// The largest magnitude between two integers.
    fn most(&self, a: i64, b: i64) -> f64 {
        let step = (b - 1 - a) as f64 / 499.0;
        (0..500).fold(0f64, |most, k| most.max((self.function)(self.real(a as f64 + step * f64::from(k))).abs()))
    }
}

/// Coefficients of the Chebyshev polynomials on [low, high].
fn interpolation(f: &dyn Fn(f64) -> f64, low: f64, high: f64, degree: usize) -> Vec<f64> {
    let count = degree + 1;
    let mut c = vec![0.0; count];
    for j in 0..count {
        let x = cos(core::f64::consts::PI * (j as f64 + 0.5) / count as f64);
        let value = f(f64::midpoint(low, high) + (high - low) / 2.0 * x) * 2.0 / count as f64;
        let (mut now, mut next) = (1.0, x);
        for c in &mut c {
            *c += value * now;
            (now, next) = (next, 2.0 * x * next - now);
        }
    }
    c[0] /= 2.0;
    c
}

/// A sum of Chebyshev polynomials at x in [-1, 1].
fn chebyshev(c: &[f64], x: f64) -> f64 {
    let (mut one, mut two) = (0.0, 0.0);
    for c in c[1..].iter().rev() {
        (one, two) = (2.0 * x * one - two + c, one);
    }
    x * one - two + c[0]
}

/// The same polynomial as a sum of powers.
fn monomials(c: &[f64], low: f64, high: f64) -> Vec<f64> {
    let count = c.len();
    let (slope, offset) = (2.0 / (high - low), -(low + high) / (high - low));
    // T_k as powers of xi, by their recurrence
    let times = |p: &[f64]| -> Vec<f64> { (0..count).map(|k| offset * p[k] + if k > 0 { slope * p[k - 1] } else { 0.0 }).collect() };
    let mut now = vec![0.0; count];
    now[0] = 1.0;
    let mut next = times(&now);
    let mut sum = vec![0.0; count];
    for c in c {
        sum.iter_mut().zip(&now).for_each(|(s, t)| *s += c * t);
        let after = times(&next).iter().zip(&now).map(|(a, b)| 2.0 * a - b).collect();
        (now, next) = (next, after);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpolation_is_the_same_in_powers() {
        let f = |x: f64| 1.0 / (x + 3.0);
        let c = interpolation(&f, -0.5, 0.3, 6);
        let p = monomials(&c, -0.5, 0.3);
        for k in 0..=20 {
            let x = -0.5 + 0.8 * f64::from(k) / 20.0;
            let (a, b) = (chebyshev(&c, (2.0 * x + 0.2) / 0.8), p.iter().rev().fold(0.0, |sum, p| sum * x + p));
            assert!((a - b).abs() < 1e-12 && (a - f(x)).abs() < 1e-8, "at {x}: {a}, {b}, {}", f(x));
        }
    }
}

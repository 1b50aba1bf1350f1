//! Functions that repeat from one power of 4 to the next, as data of a plan.

use super::super::piecewise::THRESHOLDS;
use super::super::words::{Family, Words};
use serde::{Deserialize, Serialize};

/// A function of an integer y: `words` at `(y << shift) >> drop`, times or plus the scale of the interval that y lies in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Compact {
    /// Where y is multiplied and the result scaled in another way, ascending. The first is also where the domain begins.
    pub intervals: Vec<Interval>,
    /// What everything below the first interval acts as.
    pub below: Below,
    /// How far the multiple of y is shifted right before it is opened.
    pub drop: u32,
    /// A polynomial of what is opened; its `t` and `m` are those of the scaled result.
    pub words: Words,
    /// Whether the scale is a factor; otherwise it is added.
    pub product: bool,
}

/// From `from` on, up to the next interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// The first integer.
    pub from: i64,
    /// How far y is shifted left.
    pub shift: u32,
    /// The factor of the result, or what is added to it in units of 2^-t.
    pub scale: i64,
    /// How far the function that is meant may be from the value, in units.
    pub error: u64,
}

/// What is below all intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Below {
    /// In the place of the multiple of y.
    pub place: i64,
    /// As in an interval.
    pub scale: i64,
    /// As in an interval.
    pub error: u64,
}

impl Compact {
    /// Whether all of it can be computed from an opening of m bits, in a ring of n.
    pub fn is_valid(&self, n: u32, m: u32) -> bool {
        let limit = 1u64 << (m.clamp(2, 64) - 2);
        let ascend = self.intervals.is_sorted_by(|a, b| a.from < b.from);
        let fits = |i: &Interval| i.from.unsigned_abs() <= limit && i.shift < m;
        (4..=62).contains(&m)
            && (1..=THRESHOLDS).contains(&self.intervals.len())
            && ascend
            && self.intervals.iter().all(fits)
            && self.below.place.unsigned_abs() < 1 << 62
            && self.drop < m
            && matches!(self.words.family, Family::Segment(_))
            && self.words.reads() >= 3
            && self.words.is_valid(m - self.drop, n)
    }

    /// The first integers of all intervals.
    pub fn thresholds(&self) -> Vec<i64> {
        self.intervals.iter().map(|i| i.from).collect()
    }

    /// Bits of the shares of the bit of an interval, and of the bit times the mask of y: what the shifts leave, of the ring of the result and of that of the multiple of y.
    pub(super) fn bits(&self, m: u32, interval: &Interval) -> [u32; 2] {
        let left = |bits: u32, v: i64| bits.saturating_sub(v.trailing_zeros());
        let masked = m - interval.shift;
        let scaled = left(self.words.q(), interval.scale.wrapping_sub(self.below.scale));
        [masked.max(scaled).max(left(m, self.below.place)), masked]
    }

    /// The place in the polynomial, the scale, and how far the function may be from it.
    fn place(&self, y: i64) -> (i64, i64, u64) {
        let interval = self.intervals.partition_point(|i| i.from <= y).checked_sub(1).and_then(|k| self.intervals.get(k));
        let (place, scale, error) =
            interval.map_or((self.below.place, self.below.scale, self.below.error), |i| (y.wrapping_shl(i.shift), i.scale, i.error));
        (place >> self.drop, scale, error)
    }

    fn value(&self, place: i64, scale: i64) -> f64 {
        let p = self.words.at(place);
        if self.product { p * scale as f64 } else { p + scale as f64 / 2f64.powi(self.words.t as i32) }
    }

    /// The nearest integer to the value at y, before anything rounds, and how far the function that is meant may be from it.
    pub fn at(&self, y: i64) -> (i64, u64) {
        let (place, scale, error) = self.place(y);
        (self.value(place, scale).round() as i64, error)
    }

    /// How far a private value at y may be from that of [`at`](Self::at) among so many parties.
    pub fn rounding(&self, y: i64, parties: usize) -> f64 {
        let (place, scale, _) = self.place(y);
        let size = if self.product { scale.unsigned_abs() as f64 } else { 1.0 };
        // the multiple of y was rounded before it was opened
        let away = if self.drop == 0 { 0 } else { parties.div_ceil(2) as i64 };
        let here = self.value(place, scale);
        let moved = [-away, away].map(|by| (self.value(place + by, scale) - here).abs()).into_iter().fold(0.0, f64::max);
        // the numbers of the words, but not the division, are scaled
        moved + size * self.words.rounding(place) + parties as f64 / 2.0 + 0.5
    }

    /// The largest magnitude of the values.
    pub fn most(&self) -> u128 {
        1 << (self.words.m - 2)
    }

    /// Words that are dealt for an element, but for those of the comparison.
    pub fn words(&self) -> usize {
        self.words.count() + 2 * self.intervals.len()
    }
}

impl core::fmt::Display for Compact {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "compact of {} words at {} thresholds", self.words.count(), self.intervals.len())
    }
}

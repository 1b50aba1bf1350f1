//! Which widths each step's protocol works with: the one place that turns settings into protocols, for the cost, the dealer, the parties and the passes.

use super::step::Geometry;
use super::{Opening, Settings, Value};
use crate::protocol::argmax::{ArgMax, Axis};
use crate::protocol::group::LARGEST;
use crate::protocol::linear::Linear;
use crate::protocol::max::{Max, Windows};
use crate::protocol::release::Release;
use crate::protocol::relu::Relu;
use crate::protocol::truncate::Truncate;
use crate::protocol::{Fold, open};

impl Settings {
    /// Division by 2^t.
    pub(crate) fn truncate(&self, t: u32) -> Truncate {
        Truncate { n: self.ring, t, m: self.opened }
    }

    /// Division by 2^t, then ReLU.
    pub(crate) fn relu(&self, t: u32) -> Relu {
        Relu::new(Fold { n: self.ring, t, m: self.opened })
    }

    /// The largest of each window of `batch` samples, opening m bits; in the ring of m bits where `narrow`.
    pub(crate) fn max(&self, windows: &Windows, m: u32, narrow: bool, batch: usize) -> Max {
        Max::new(Fold { n: if narrow { m } else { self.ring }, t: 0, m }, windows, batch)
    }

    /// A product of `batch` samples.
    pub(crate) fn linear(&self, geometry: &Geometry, batch: usize) -> Linear {
        Linear { n: self.ring, conv: geometry.conv(), batch }
    }

    /// The release of a value: a fraction leaves at f bits; an index as it is.
    pub(crate) fn release(&self, value: &Value) -> Release {
        match value.integer {
            Some(q) => Release { t: 0, m: q },
            None => Release { t: value.bits - self.fraction, m: self.opened },
        }
    }

    /// The cost of opening `len` elements.
    pub(crate) fn open_cost(&self, len: usize, opening: Opening) -> crate::protocol::Cost {
        if opening.is_sent() { open::cost::<u64>(self.ring, len) } else { crate::protocol::Cost::default() }
    }
}

/// Nanoseconds of a round between machines that stand next to each other, and of a byte at 1 Gbit/s.
const ROUND: u64 = 100_000;
const BYTE: u64 = 8;

/// By how many neighbours at once the index of the largest is found fastest, for one sample. Larger groups take fewer rounds and more bytes, most of them the dealer's.
/// A plan is one for all places where it may run, so the choice assumes a fast network: where rounds take longer, a larger group would win more often.
pub(super) fn group(axis: Axis, m: u32) -> usize {
    let time = |group: &usize| {
        let cost = ArgMax::new(m, axis, *group, 1).cost::<u64>();
        cost.rounds * ROUND + (cost.sent + cost.corrections) * BYTE
    };
    (2..=LARGEST).min_by_key(time).unwrap_or(2)
}

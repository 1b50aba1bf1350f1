//! Which widths each step's protocol works with: the one place that turns settings into protocols, for the cost, the dealer, the parties and the passes.

use super::step::Geometry;
use super::{Opening, Settings, Value};
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

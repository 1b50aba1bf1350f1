//! What a protocol costs, exactly: the bytes are those of the messages, padding included. How they travel is up to `king`.

use core::ops::{Add, AddAssign};
use serde::{Deserialize, Serialize};

/// The largest number of computing parties.
pub(crate) const PARTIES: usize = 5;

/// Rounds and bytes of a step, or of several: what each party sends is added up first, and that of the busiest one counts, so a sum of costs is what one party really sends.
///
/// Counted is what the parties send in the online half, to each other and to clients: openings, the messages of protocols, releases. Not counted are what clients send
/// (shares of inputs and weights), the weights, which are shared once, the dealer's corrections, which stand by themselves, and what the endpoints say to agree on a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Messages that have to wait for one another: a simultaneous exchange counts one, one through kings two.
    pub rounds: u64,
    /// Bytes that the busiest party sends, to all of its peers together.
    pub sent: u64,
    /// Bytes that the dealer sends to the last party; the others get a key.
    pub corrections: u64,
    /// Multiply-adds in the ring, online, of each party.
    pub multiply_adds: u64,
    /// Bytes that each party sends; `sent` is the largest.
    pub(crate) by_party: [u64; PARTIES],
}

impl Cost {
    /// Messages that take `rounds`, of which party k sends `sent(k)` bytes to all of its peers together.
    pub(crate) fn messages(rounds: u64, parties: usize, sent: impl Fn(usize) -> u64) -> Self {
        let by_party = core::array::from_fn(|k| if k < parties { sent(k) } else { 0 });
        Self { rounds, sent: most(by_party), by_party, ..Self::default() }
    }
}

/// What the busiest party sends.
pub(crate) fn most(by_party: [u64; PARTIES]) -> u64 {
    by_party.into_iter().max().unwrap_or(0)
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let by_party = core::array::from_fn(|k| self.by_party[k] + other.by_party[k]);
        Self {
            rounds: self.rounds + other.rounds,
            sent: most(by_party),
            by_party,
            corrections: self.corrections + other.corrections,
            multiply_adds: self.multiply_adds + other.multiply_adds,
        }
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl core::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

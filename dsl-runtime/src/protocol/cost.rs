//! What a protocol costs, exactly: the bytes are those of the messages, padding included. How they travel is up to `king`.

use core::ops::{Add, AddAssign};
use serde::{Deserialize, Serialize};

/// Rounds and bytes of a step, for the party that sends most.
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
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            rounds: self.rounds + other.rounds,
            sent: self.sent + other.sent,
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

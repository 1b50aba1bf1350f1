//! How the sign of an opened value is found: the parameters of a comparison, which are data of a plan.
//!
//! An opening of m bits is compared digit by digit. Wider digits and more of them at once take fewer rounds, and more corrections from the dealer. For ReLU, per
//! element, at n = 40, t = 12, m = 26, and at n = 64, t = 16, m = 34 (bits sent by a party, rounds, bits of corrections):
//!
//! | digit | radix | fused | 40, 12, 26 | 64, 16, 34 |
//! |---|---|---|---|---|
//! | 2 | 2 | | 56, 6, 177 | 76, 6, 293 |
//! | 4 | 3 | | 38, 4, 233 | 51, 4, 367 |
//! | 4 | 3 | yes | 38, 3, 514 | 51, 3, 2732 |
//! | 4 | 4 | | 38, 4, 237 | 50, 4, 385 |
//! | 4 | 4 | yes | 38, 3, 518 | 50, 3, 858 |
//! | 6 | 4 | | 33, 3, 390 | 46, 4, 555 |
//! | 6 | 3 | yes | 33, 3, 662 | 46, 3, 1024 |
//! | 8 | 3 | | 31, 3, 893 | 41, 4, 1245 |
//! | 8 | 3 | yes | 31, 2, 2298 | 41, 3, 1718 |
//!
//! *Fused* is the last round of combining together with the selection: see [`select`](super::select).

use super::merge;
use serde::{Deserialize, Serialize};
use undertone_ring::{digits, planes};

/// The parameters of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Compare {
    /// m: bits that are opened. What is compared with 0 lies in [-2^(m-2), 2^(m-2)), less what rounding adds.
    pub m: u32,
    /// Bits of a digit, 2 to 8.
    pub digit: u32,
    /// Digits that are combined in one round, 2 to 4.
    pub radix: u32,
    /// Whether the last combination and the selection share a round.
    pub fused: bool,
}

/// Digits of this width are looked up by byte shuffles, others by bit rows.
const NIBBLE: u32 = 4;

/// The most rounds of combining, for which there are streams.
const LEVELS: usize = 4;

impl Compare {
    /// Of m bits, with the digits and the radix that are fastest where rounds are short.
    pub const fn new(m: u32) -> Self {
        Self { m, digit: 4, radix: 3, fused: false }
    }

    /// The same parameters for an opening of other width.
    #[must_use]
    pub const fn opening(self, m: u32) -> Self {
        Self { m, ..self }
    }

    /// Whether there is such a comparison: parameters in their ranges, at most four rounds of combining, and where the last one is fused, 2 or 3 digits left for it.
    pub fn is_valid(self) -> bool {
        let known = (3..=64).contains(&self.m) && (2..=digits::WIDEST).contains(&self.digit) && (2..=merge::RADIX).contains(&self.radix);
        if !known {
            return false;
        }
        let (mut levels, mut left, mut last) = (0, self.count(), 1);
        while left > 1 {
            (levels, last, left) = (levels + 1, left, left.div_ceil(self.radix as usize));
        }
        levels <= LEVELS && (!self.fused || (2..=3).contains(&last))
    }

    /// Rounds of combining, where the last one is not fused.
    pub(crate) const fn levels(self) -> usize {
        let (mut levels, mut left) = (0, self.count());
        while left > 1 {
            (levels, left) = (levels + 1, left.div_ceil(self.radix as usize));
        }
        levels
    }

    /// The number of digits.
    pub(super) const fn count(self) -> usize {
        digits::count(self.m, self.digit)
    }

    /// Whether digits are looked up by byte shuffles.
    pub(super) const fn shuffles(self) -> bool {
        self.digit == NIBBLE
    }

    /// Bytes of tables that are sent for a block of 32 elements. Of a digit of 4 bits that is narrower, only the half that is read.
    pub(super) fn table_bytes(self) -> usize {
        if !self.shuffles() {
            return 4 * digits::table_rows(self.m, self.digit);
        }
        (0..self.count()).map(|j| self.digit_bytes(j)).sum()
    }

    /// Bytes of digit `j`'s table of a block, where digits have 4 bits: the upper half of a narrow digit's table is never read.
    pub(super) const fn digit_bytes(self, j: usize) -> usize {
        if planes::digit_width(self.m, j) == NIBBLE { planes::TABLE } else { planes::TABLE / 2 }
    }
}

#[cfg(test)]
mod tests;

//! Public numbers in a plan: what a value is multiplied with and what is added to it, one number for all elements or one a channel; and the rounding of a value that one
//! party has by itself. All of it is local.
//!
//! A product with a public number c = p / (2^k q) multiplies the integers by p and leaves k more fraction bits and a q times larger public factor. With p = 2^k q the
//! value stays what it is and its scale becomes finer: so values of different scales are made ready to be added. With p near 2^k / q a public factor of q goes, and the value
//! stays nearly what it is.

use serde::{Deserialize, Serialize};
use undertone_ring::Word;

/// Public integers: element e of a sample has number `(e / inner) mod all.len()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// One for all elements, or one a channel.
    pub all: Vec<i64>,
    /// Neighbours in memory that have the same number.
    pub inner: usize,
}

/// Multiplication by public integers, and what that makes of the scale: the value times `numbers over / (2^bits factor)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// What the integers are multiplied with.
    pub numbers: Numbers,
    /// How many more fraction bits the result has.
    pub bits: u32,
    /// How many times larger its public factor is,
    pub factor: u64,
    /// after it was divided by this.
    pub over: u64,
}

/// Addition of public integers by one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plus {
    /// What is added.
    pub numbers: Numbers,
    /// Who adds: the party that has the value by itself, or party 0.
    pub by: usize,
}

impl Numbers {
    /// The same for all elements.
    pub fn one(number: i64) -> Self {
        Self { all: vec![number], inner: 1 }
    }

    /// The largest magnitude.
    pub(crate) fn largest(&self) -> u64 {
        self.all.iter().map(|v| v.unsigned_abs()).max().unwrap_or(0)
    }

    /// Whether none is below 0.
    pub(super) fn are_positive(&self) -> bool {
        self.all.iter().all(|v| *v >= 0)
    }

    /// Whether samples of `len` elements have whole channels, of numbers that a ring of n bits holds.
    pub(super) fn fit(&self, len: usize, n: u32) -> bool {
        let period = self.inner.checked_mul(self.all.len());
        period.is_some_and(|p| p > 0 && len.is_multiple_of(p)) && self.largest() < 1 << (n - 1)
    }

    /// What `f` makes of each element of a sample and its number.
    pub(crate) fn run<W: Word>(&self, x: &[W], out: &mut [W], f: impl Fn(W, W) -> W) {
        let blocks = x.chunks(self.inner).zip(out.chunks_mut(self.inner));
        if let [one] = *self.all {
            let number = W::from_u64(one as u64);
            out.iter_mut().zip(x).for_each(|(o, x)| *o = f(*x, number));
            return;
        }
        for ((x, out), number) in blocks.zip(self.all.iter().cycle()) {
            let number = W::from_u64(*number as u64);
            out.iter_mut().zip(x).for_each(|(o, x)| *o = f(*x, number));
        }
    }
}

impl Times {
    /// Another value at the same scale: a whole number of times as large.
    pub fn whole(number: i64) -> Self {
        Self { numbers: Numbers::one(number), bits: 0, factor: 1, over: 1 }
    }

    /// The same value with more fraction bits and a larger factor.
    pub fn finer(bits: u32, factor: u64) -> Self {
        Self { numbers: Numbers::one((factor << bits) as i64), bits, factor, over: 1 }
    }

    /// Whether nothing was rounded to make these numbers.
    pub(crate) fn is_exact(&self) -> bool {
        let same = i128::from(self.factor) << self.bits.min(64);
        self.over == 1 && (self.bits == 0 || self.numbers.all.iter().all(|v| i128::from(*v) == same))
    }
}

/// Half a unit is added before the shift, so that a value in the middle goes up. A party that has the value by itself rounds it, and zero, which the others have, stays.
pub(crate) fn round<W: Word>(n: u32, t: u32, v: W) -> W {
    let signed = (v.to_u64() << (64 - n)) as i64 >> (64 - n);
    W::from_u64(rounded(signed, t) as u64)
}

/// The nearest multiple of 2^t, divided by it.
pub(crate) fn rounded(v: i64, t: u32) -> i64 {
    v.wrapping_add(1 << (t - 1)) >> t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_its_own_number_wherever_it_lies() {
        let x: Vec<u64> = (0..12).collect();
        let of = |all: &[i64], inner: usize| {
            let (numbers, mut out) = (Numbers { all: all.to_vec(), inner }, vec![0; 12]);
            assert!(numbers.fit(12, 64));
            numbers.run(&x, &mut out, u64::mul);
            out.iter().map(|v| *v as i64).collect::<Vec<_>>()
        };
        assert_eq!(of(&[3], 1), (0..12).map(|v| 3 * v).collect::<Vec<i64>>());
        assert_eq!(of(&[1, -2, 3], 1), [0, -2, 6, 3, -8, 15, 6, -14, 24, 9, -20, 33]);
        assert_eq!(of(&[1, -2, 3], 4), [0, 1, 2, 3, -8, -10, -12, -14, 24, 27, 30, 33]);
        assert_eq!(of(&[1, -2], 3), [0, 1, 2, -6, -8, -10, 6, 7, 8, -18, -20, -22]);
        assert!(!Numbers { all: vec![1, 2], inner: 4 }.fit(12, 64) && !Numbers { all: vec![], inner: 1 }.fit(12, 64));
        assert!(!Numbers { all: vec![1], inner: 0 }.fit(12, 64) && !Numbers { all: vec![1; 2], inner: usize::MAX }.fit(12, 64));
        assert!(!Numbers::one(1 << 31).fit(12, 32) && Numbers::one(-(1 << 31) + 1).fit(12, 32) && !Numbers::one(i64::MIN).fit(12, 64));
    }

    #[test]
    fn rounding_is_to_the_nearest_and_leaves_zero() {
        for n in [32, 40, 63, 64] {
            for (v, expected) in
                [(0i64, 0), (7, 0), (8, 1), (23, 1), (24, 2), (-8, 0), (-9, -1), (-24, -1), (-25, -2), (-(1 << 30), -(1 << 26))]
            {
                // whatever lies above the ring
                let word = (v as u64) ^ if n == 64 { 0 } else { 0xa5a5_a5a5 << n };
                assert_eq!(round::<u64>(n, 4, word) as i64, expected, "{v} in {n} bits");
            }
        }
        assert_eq!(round::<u32>(32, 4, (-25i32) as u32) as i32, -2);
    }
}

//! Products of 64-bit words with narrow weights, `-2^39 <= w < 2^39`, in two digits.
//!
//! ```text
//! x = x_0 + 2^12 x_1            x_0 below 2^12, x_1 below 2^52
//! u = w + 2^39                  below 2^40
//! sum x w = sum x_0 u + 2^12 sum x_1 u - 2^39 sum x          mod 2^64
//! ```
//!
//! `vpmadd52luq` adds the low 52 bits of a product to a sum of 64: x_0 u has no more, and of x_1 u no more count. So two of them do
//! what takes `vpmullq`, three operations on Intel's processors, and an addition. The sums of x belong to a pixel: as the pair sums
//! of [`pairs`](super::pairs), they are taken off at the end.

use crate::Word;

/// Bits of the low digit.
pub const LOW: u32 = 12;

/// Weights are below 2^this, and no less than its negative.
pub const NARROW: u32 = 39;

/// What is added to a weight.
pub fn offset<W: Word>() -> W {
    W::from_u64(1 << NARROW)
}

/// The two digits of every word.
#[inline(always)]
pub fn digits<W: Word>(x: &[W], digits: &mut Vec<[W; 2]>) {
    let low = W::from_u64((1 << LOW) - 1);
    digits.clear();
    digits.extend(x.iter().map(|x| [x.and(low), x.shr(LOW)]));
}

/// Appends sums such that `sums[j / unit] - sums[i / unit]` is 2^39 times the sum of the words `i .. j`, both multiples of the unit.
#[inline(always)]
pub fn sums<W: Word>(x: &[W], unit: usize, sums: &mut Vec<W>) {
    let mut total = W::from_u64(0);
    sums.push(total);
    let mut next = |sum: W| {
        total = total.add(sum.shl(NARROW));
        total
    };
    // The common units have loops of their own, as short as they are.
    match unit {
        1 => sums.extend(x.iter().map(|x| next(*x))),
        2 => sums.extend(x.as_chunks::<2>().0.iter().map(|[a, b]| next(a.add(*b)))),
        _ => sums.extend(x.chunks_exact(unit).map(|unit| next(unit.iter().fold(W::from_u64(0), |sum, x| sum.add(*x))))),
    }
}

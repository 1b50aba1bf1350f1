//! Bit rows: boolean variables of 256 elements, next to each other.
//!
//! Layout `[group of 256 elements][row][8 words of 32 bits]`, so messages, masks and products of one step are one
//! sequential stream each. (`[row][all elements]` would make as many streams as rows, at a stride that is often a large
//! power of two, and they would fall into the same sets of the cache.) Word `k` of a row is the block of elements
//! `32 k .. 32 k + 31`; bit `i` of it is element `i` of the block.
//!
//! The helpers here are plain loops over eight words; inside [`simd::vectorize`](crate::simd::vectorize) each is one or
//! two instructions.

/// Elements of a group.
pub const GROUP: usize = 256;

/// Words of a row: one for each block of 32 elements in a group.
pub const WORDS: usize = 8;

/// One variable of one group, as bits.
pub type Row = [u32; WORDS];

/// All ones, or all zeros.
#[inline(always)]
pub const fn fill(on: bool) -> Row {
    [if on { u32::MAX } else { 0 }; WORDS]
}

/// Exclusive or.
#[inline(always)]
pub fn xor(a: Row, b: Row) -> Row {
    core::array::from_fn(|i| a[i] ^ b[i])
}

/// And.
#[inline(always)]
pub fn and(a: Row, b: Row) -> Row {
    core::array::from_fn(|i| a[i] & b[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_those_of_bits() {
        let (a, b): (Row, Row) = (core::array::from_fn(|i| 0x1234_5678 << i), core::array::from_fn(|i| 0xf0f0_00ff >> i));
        assert_eq!(xor(a, fill(true)), a.map(|w| !w));
        assert_eq!(and(a, fill(true)), a);
        assert_eq!(and(a, fill(false)), fill(false));
        for i in 0..WORDS {
            assert_eq!((xor(a, b)[i], and(a, b)[i]), (a[i] ^ b[i], a[i] & b[i]));
        }
    }
}

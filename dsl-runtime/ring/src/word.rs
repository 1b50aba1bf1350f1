//! Ring words: integers mod 2^32 and 2^64.
//!
//! A ring of n bits below the word's width uses the word as it is: nothing is reduced, because addition, subtraction and
//! multiplication never carry downwards; only what is sent is cut to n bits.

use crate::{bytes::Pod, planes::blocks::Blocks, tile::Tiles};
use core::{fmt::Debug, hash::Hash};

/// An unsigned word with wrapping arithmetic: `u32` or `u64`.
pub trait Word: Pod + Tiles + Blocks + Debug + PartialEq + Eq + Hash + 'static {
    /// Bits of a word.
    const BITS: u32;
    /// The low bits of `x`.
    fn from_u64(x: u64) -> Self;
    /// Zero-extended.
    fn to_u64(self) -> u64;
    /// `self + other` mod 2^BITS.
    fn add(self, other: Self) -> Self;
    /// `self - other` mod 2^BITS.
    fn sub(self, other: Self) -> Self;
    /// `self * other` mod 2^BITS.
    fn mul(self, other: Self) -> Self;
    /// `-self` mod 2^BITS.
    fn neg(self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    fn or(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Bitwise complement.
    fn not(self) -> Self;
    /// Shift left; 0 for `bits >= BITS`.
    fn shl(self, bits: u32) -> Self;
    /// Logical shift right; 0 for `bits >= BITS`.
    fn shr(self, bits: u32) -> Self;
}

macro_rules! word {
    ($t:ty) => {
        impl Word for $t {
            const BITS: u32 = <$t>::BITS;
            #[inline(always)]
            fn from_u64(x: u64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn to_u64(self) -> u64 {
                u64::from(self)
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                self.wrapping_mul(other)
            }
            #[inline(always)]
            fn neg(self) -> Self {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
            #[inline(always)]
            fn not(self) -> Self {
                !self
            }
            #[inline(always)]
            fn shl(self, bits: u32) -> Self {
                // no branch: in a vector loop it would stay one
                self.wrapping_shl(bits) & (bits < <$t>::BITS) as $t * <$t>::MAX
            }
            #[inline(always)]
            fn shr(self, bits: u32) -> Self {
                self.wrapping_shr(bits) & (bits < <$t>::BITS) as $t * <$t>::MAX
            }
        }
    };
}
word!(u32);
word!(u64);

#[cfg(test)]
mod tests {
    use super::*;

    fn wraps<W: Word>() {
        let top = W::from_u64(1).shl(W::BITS - 1);
        assert_eq!(top.add(top), W::from_u64(0));
        assert_eq!(W::from_u64(0).sub(W::from_u64(1)), W::from_u64(u64::MAX));
        assert_eq!(top.mul(W::from_u64(3)), top);
        assert_eq!(W::from_u64(5).neg().add(W::from_u64(5)), W::from_u64(0));
        assert_eq!(W::from_u64(u64::MAX).shr(W::BITS - 1), W::from_u64(1));
        for bits in [W::BITS, W::BITS + 1, u32::MAX] {
            assert_eq!(W::from_u64(u64::MAX).shr(bits), W::from_u64(0));
            assert_eq!(W::from_u64(u64::MAX).shl(bits), W::from_u64(0));
        }
        let (a, b) = (W::from_u64(0b1100), W::from_u64(0b1010));
        assert_eq!(a.and(b).to_u64(), 0b1000);
        assert_eq!(a.or(b).to_u64(), 0b1110);
        assert_eq!(a.xor(b).to_u64(), 0b0110);
        assert_eq!(a.not().and(W::from_u64(15)).to_u64(), 0b0011);
    }

    #[test]
    fn words_wrap() {
        wraps::<u32>();
        wraps::<u64>();
    }
}

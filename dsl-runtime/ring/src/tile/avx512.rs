//! 512-bit vectors: 8 words of 64 or 52 bits, or 16 of 32 bits.

use super::{
    Job, pairs, portable, split,
    vectors::{Operands, Vectors, tile},
};
use crate::{
    Word,
    level::{Avx512, Avx512Ifma},
};
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;

/// Vectors of eight 64-bit words.
#[derive(Clone, Copy)]
pub struct Words64(pub Avx512);

/// Vectors of eight words whose low 52 bits count.
#[derive(Clone, Copy)]
pub struct Words52(pub Avx512Ifma);

/// Vectors of eight 64-bit words times narrow weights in two 52-bit products: see [`split`](super::split).
#[derive(Clone, Copy)]
pub struct Digits64(pub Avx512Ifma);

/// Vectors of sixteen 32-bit words.
#[derive(Clone, Copy)]
pub struct Words32(pub Avx512);

/// # Safety
/// As [`tile`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
unsafe fn tile_512<V: Vectors, const ROWS: usize, const VECTORS: usize>(
    v: V,
    job: &Job<'_, V::Word>,
    operands: Operands<V>,
    pixel: usize,
    z: *mut V::Word,
) {
    // SAFETY: promised by the caller.
    unsafe { tile::<V, ROWS, VECTORS>(v, job, operands, pixel, z) };
}

/// # Safety
/// As [`tile`].
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")]
unsafe fn tile_ifma<V: Vectors, const ROWS: usize, const VECTORS: usize>(
    v: V,
    job: &Job<'_, V::Word>,
    operands: Operands<V>,
    pixel: usize,
    z: *mut V::Word,
) {
    // SAFETY: promised by the caller.
    unsafe { tile::<V, ROWS, VECTORS>(v, job, operands, pixel, z) };
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn multiply_add<W: Word>(x: &[W], w: &[W], z: &mut [W]) {
    portable::multiply_add(x, w, z);
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
pub fn pair_sums<W: Word>(x: &[W], unit: usize, sums: &mut Vec<W>) {
    pairs::sums(x, unit, sums);
}

/// The methods that differ in one instruction.
macro_rules! common {
    ($tile:ident, $rows:literal, $splat:ident, $t:ty, $add:ident, $sub:ident) => {
        type Vector = __m512i;
        const ROWS: usize = $rows;

        unsafe fn tile<const ROWS: usize, const VECTORS: usize>(
            self,
            job: &Job<'_, Self::Word>,
            operands: Operands<Self>,
            pixel: usize,
            z: *mut Self::Word,
        ) {
            // SAFETY: `self` proves the level; the rest is promised by the caller.
            unsafe { $tile::<Self, ROWS, VECTORS>(self, job, operands, pixel, z) }
        }

        #[inline(always)]
        fn splat(self, word: Self::Word) -> __m512i {
            // SAFETY: `self` proves AVX-512.
            unsafe { $splat(word as $t) }
        }

        #[inline(always)]
        unsafe fn load(self, from: *const Self::Word) -> __m512i {
            // SAFETY: `self` proves AVX-512; the caller promises the words.
            unsafe { _mm512_loadu_si512(from.cast()) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut Self::Word, vector: __m512i) {
            // SAFETY: `self` proves AVX-512; the caller promises the words.
            unsafe { _mm512_storeu_si512(to.cast(), vector) }
        }

        #[inline(always)]
        fn add(self, a: __m512i, b: __m512i) -> __m512i {
            // SAFETY: `self` proves AVX-512.
            unsafe { $add(a, b) }
        }

        #[inline(always)]
        fn sub(self, a: __m512i, b: __m512i) -> __m512i {
            // SAFETY: `self` proves AVX-512.
            unsafe { $sub(a, b) }
        }
    };
}

/// An input of words, and one sum.
macro_rules! words {
    () => {
        type Input = Self::Word;
        type Splat = __m512i;
        type Sum = __m512i;

        #[inline(always)]
        fn zero(self) -> __m512i {
            // SAFETY: `self` proves AVX-512.
            unsafe { _mm512_setzero_si512() }
        }

        #[inline(always)]
        fn spread(self, x: Self::Word) -> __m512i {
            self.splat(x)
        }

        #[inline(always)]
        fn multiply_pair(self, sum: __m512i, [x_0, x_1]: [__m512i; 2], [w_0, w_1]: [__m512i; 2]) -> __m512i {
            self.multiply_add(sum, self.add(x_0, w_1), self.add(x_1, w_0))
        }

        #[inline(always)]
        fn total(self, sum: __m512i) -> __m512i {
            sum
        }
    };
}

impl Vectors for Words64 {
    type Word = u64;
    const LANES: usize = 8;

    common!(tile_512, 8, _mm512_set1_epi64, i64, _mm512_add_epi64, _mm512_sub_epi64);
    words!();

    #[inline(always)]
    fn multiply_add(self, sum: __m512i, x: __m512i, w: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512 DQ.
        unsafe { _mm512_add_epi64(sum, _mm512_mullo_epi64(x, w)) }
    }
}

impl Vectors for Words52 {
    type Word = u64;
    const LANES: usize = 8;

    common!(tile_ifma, 8, _mm512_set1_epi64, i64, _mm512_add_epi64, _mm512_sub_epi64);
    words!();

    /// The instruction reads the low 52 bits of x and of w, and adds the low 52 bits of their product to all 64 of the sum:
    /// right mod 2^52, whatever the bits above were and are.
    #[inline(always)]
    fn multiply_add(self, sum: __m512i, x: __m512i, w: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512 IFMA.
        unsafe { _mm512_madd52lo_epu64(sum, x, w) }
    }
}

impl Vectors for Digits64 {
    type Word = u64;
    type Input = [u64; 2];
    type Splat = [__m512i; 2];
    /// One of the products of each digit.
    type Sum = [__m512i; 2];
    const LANES: usize = 8;

    common!(tile_ifma, 6, _mm512_set1_epi64, i64, _mm512_add_epi64, _mm512_sub_epi64);

    #[inline(always)]
    fn zero(self) -> [__m512i; 2] {
        // SAFETY: `self` proves AVX-512.
        [unsafe { _mm512_setzero_si512() }; 2]
    }

    #[inline(always)]
    fn spread(self, x: [u64; 2]) -> [__m512i; 2] {
        x.map(|digit| self.splat(digit))
    }

    #[inline(always)]
    fn multiply_add(self, [low, high]: [__m512i; 2], x: [__m512i; 2], w: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` proves AVX-512 IFMA.
        unsafe { [_mm512_madd52lo_epu64(low, x[0], w), _mm512_madd52lo_epu64(high, x[1], w)] }
    }

    /// Nothing is saved by pairs here.
    #[inline(always)]
    fn multiply_pair(self, sum: [__m512i; 2], [x_0, x_1]: [[__m512i; 2]; 2], [w_0, w_1]: [__m512i; 2]) -> [__m512i; 2] {
        self.multiply_add(self.multiply_add(sum, x_0, w_0), x_1, w_1)
    }

    #[inline(always)]
    fn total(self, [low, high]: [__m512i; 2]) -> __m512i {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_add_epi64(low, _mm512_slli_epi64::<{ split::LOW }>(high)) }
    }
}

impl Vectors for Words32 {
    type Word = u32;
    const LANES: usize = 16;

    common!(tile_512, 8, _mm512_set1_epi32, i32, _mm512_add_epi32, _mm512_sub_epi32);
    words!();

    #[inline(always)]
    fn multiply_add(self, sum: __m512i, x: __m512i, w: __m512i) -> __m512i {
        // SAFETY: `self` proves AVX-512.
        unsafe { _mm512_add_epi32(sum, _mm512_mullo_epi32(x, w)) }
    }
}

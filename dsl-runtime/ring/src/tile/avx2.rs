//! 256-bit vectors: 4 words of 64 bits, or 8 of 32 bits.

use super::{
    Job, pairs, portable,
    vectors::{Operands, Vectors, tile},
};
use crate::{Word, level::Avx2};
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;

/// Vectors of four 64-bit words.
#[derive(Clone, Copy)]
pub struct Quads(pub Avx2);

/// Vectors of eight 32-bit words.
#[derive(Clone, Copy)]
pub struct Octets(pub Avx2);

/// A sum mod 2^64 in two parts: products of low halves, and cross products mod 2^32 in both halves of a word.
#[derive(Clone, Copy)]
pub struct Halves {
    low: __m256i,
    cross: __m256i,
}

/// # Safety
/// As [`tile`].
#[target_feature(enable = "avx2")]
unsafe fn tile_256<V: Vectors, const ROWS: usize, const VECTORS: usize>(
    v: V,
    job: &Job<'_, V::Word>,
    operands: Operands<V>,
    pixel: usize,
    z: *mut V::Word,
) {
    // SAFETY: promised by the caller.
    unsafe { tile::<V, ROWS, VECTORS>(v, job, operands, pixel, z) };
}

#[target_feature(enable = "avx2")]
pub fn multiply_add<W: Word>(x: &[W], w: &[W], z: &mut [W]) {
    portable::multiply_add(x, w, z);
}

#[target_feature(enable = "avx2")]
pub fn pair_sums<W: Word>(x: &[W], unit: usize, sums: &mut Vec<W>) {
    pairs::sums(x, unit, sums);
}

/// The methods that 256-bit vectors of both words share. Every `SAFETY` of them: a value of `Avx2` exists only where AVX2
/// was detected.
macro_rules! common {
    ($splat:ident, $t:ty, $add:ident, $sub:ident) => {
        type Input = Self::Word;
        type Splat = __m256i;
        type Vector = __m256i;

        unsafe fn tile<const ROWS: usize, const VECTORS: usize>(
            self,
            job: &Job<'_, Self::Word>,
            operands: Operands<Self>,
            pixel: usize,
            z: *mut Self::Word,
        ) {
            // SAFETY: `self` proves AVX2; the rest is promised by the caller.
            unsafe { tile_256::<Self, ROWS, VECTORS>(self, job, operands, pixel, z) }
        }

        #[inline(always)]
        fn spread(self, x: Self::Word) -> __m256i {
            self.splat(x)
        }

        #[inline(always)]
        fn multiply_pair(self, sum: Self::Sum, [x_0, x_1]: [__m256i; 2], [w_0, w_1]: [__m256i; 2]) -> Self::Sum {
            self.multiply_add(sum, self.add(x_0, w_1), self.add(x_1, w_0))
        }

        #[inline(always)]
        fn splat(self, word: Self::Word) -> __m256i {
            // SAFETY: `self` proves AVX2.
            unsafe { $splat(word as $t) }
        }

        #[inline(always)]
        unsafe fn load(self, from: *const Self::Word) -> __m256i {
            // SAFETY: `self` proves AVX2; the caller promises the words.
            unsafe { _mm256_loadu_si256(from.cast()) }
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut Self::Word, vector: __m256i) {
            // SAFETY: `self` proves AVX2; the caller promises the words.
            unsafe { _mm256_storeu_si256(to.cast(), vector) }
        }

        #[inline(always)]
        fn add(self, a: __m256i, b: __m256i) -> __m256i {
            // SAFETY: `self` proves AVX2.
            unsafe { $add(a, b) }
        }

        #[inline(always)]
        fn sub(self, a: __m256i, b: __m256i) -> __m256i {
            // SAFETY: `self` proves AVX2.
            unsafe { $sub(a, b) }
        }
    };
}

impl Vectors for Quads {
    type Word = u64;
    type Sum = Halves;
    const LANES: usize = 4;
    const ROWS: usize = 4;

    common!(_mm256_set1_epi64x, i64, _mm256_add_epi64, _mm256_sub_epi64);

    #[inline(always)]
    fn zero(self) -> Halves {
        // SAFETY: `self` proves AVX2.
        unsafe { Halves { low: _mm256_setzero_si256(), cross: _mm256_setzero_si256() } }
    }

    /// Two instructions multiply: `vpmuludq` the low halves, and `vpmulld` a with half-swapped b, which is both cross
    /// products mod 2^32 at once.
    #[inline(always)]
    fn multiply_add(self, sum: Halves, a: __m256i, b: __m256i) -> Halves {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let cross = _mm256_mullo_epi32(a, _mm256_shuffle_epi32::<0b10_11_00_01>(b));
            Halves { low: _mm256_add_epi64(sum.low, _mm256_mul_epu32(a, b)), cross: _mm256_add_epi32(sum.cross, cross) }
        }
    }

    #[inline(always)]
    fn total(self, sum: Halves) -> __m256i {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let both = _mm256_add_epi32(sum.cross, _mm256_shuffle_epi32::<0b10_11_00_01>(sum.cross));
            _mm256_add_epi64(sum.low, _mm256_slli_epi64::<32>(both))
        }
    }
}

impl Vectors for Octets {
    type Word = u32;
    type Sum = __m256i;
    const LANES: usize = 8;
    const ROWS: usize = 8;

    common!(_mm256_set1_epi32, i32, _mm256_add_epi32, _mm256_sub_epi32);

    #[inline(always)]
    fn zero(self) -> __m256i {
        // SAFETY: `self` proves AVX2.
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    fn multiply_add(self, sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: `self` proves AVX2.
        unsafe { _mm256_add_epi32(sum, _mm256_mullo_epi32(a, b)) }
    }

    #[inline(always)]
    fn total(self, sum: __m256i) -> __m256i {
        sum
    }
}

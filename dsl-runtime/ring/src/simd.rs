//! Plain safe loops, compiled a second time for the widest instruction set present.

use crate::level::{self, Level};

pub use crate::level::Limit;

/// Runs `f` with the widest instruction set present: the closure is inlined into a function compiled for AVX2, so that
/// the compiler vectorises plain loops in it for 256-bit registers.
///
/// Mark the closure `#[inline(always)]`; without it a large one stays a function of its own, compiled for the baseline,
/// and gains nothing. The same holds for what it calls: methods of [`Word`](crate::Word), [`rows`](crate::rows),
/// iterators and slices are inlined; a large function is not, unless it is marked so too.
///
/// ```
/// use undertone_ring::{Word, simd};
///
/// let (mut sums, x) = (vec![1_u64; 100], vec![2; 100]);
/// simd::vectorize(#[inline(always)] || {
///     for (sum, x) in sums.iter_mut().zip(&x) {
///         *sum = sum.add(x.mul(3));
///     }
/// });
/// assert_eq!(sums, [7; 100]);
/// ```
#[inline]
pub fn vectorize<R>(f: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if Level::get().avx2().is_some() {
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        return unsafe { call_avx2(f) };
    }
    f()
}

/// Makes every later call in this process use at most these instructions: the results are the same. For measurements,
/// and for tests of all paths. Generators choose when they are made, weights when they are packed.
pub fn limit(limit: Limit) {
    level::limit(limit);
}

/// As [`vectorize`], and with 512-bit vectors where the processor has AVX-512: for loops whose time goes into products of
/// 64-bit words, for which AVX2 has no instruction. Others are no faster by it, and some slower.
#[inline]
pub fn vectorize_products<R>(f: impl FnOnce() -> R) -> R {
    match Level::get() {
        // SAFETY: values of `Avx512` and `Avx512Ifma` exist only where AVX-512 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => unsafe { call_avx512(f) },
        _ => vectorize(f),
    }
}

/// Makes every later call in this process use portable code (`true`), or the widest again (`false`): the results are the
/// same, only slower. [`limit`] is finer.
pub fn force_portable(on: bool) {
    limit(if on { Limit::Portable } else { Limit::Widest });
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn call_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn call_avx512<R>(f: impl FnOnce() -> R) -> R {
    f()
}

//! Plain safe loops, compiled a second time for the widest instruction set present.

use crate::level::{self, Level};

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
    match Level::get() {
        Level::Portable => f(),
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => unsafe { call_avx2(f) },
    }
}

/// Makes every later call in this process use portable code (`true`), or the widest again (`false`): the results are the
/// same, only slower. For measurements, and for tests of both paths. Generators choose when they are made.
pub fn force_portable(on: bool) {
    level::force_portable(on);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn call_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

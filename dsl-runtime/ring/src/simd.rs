//! Plain safe loops, compiled a second time for the widest instruction set present.

use crate::level::{self, Level};

/// Runs `f` with the widest instruction set present: the closure is inlined into a function compiled for AVX2, so that
/// the compiler vectorises plain loops in it for 256-bit registers.
///
/// Only what is inlined into `f` gains: methods of [`Word`](crate::Word), iterators and slices do, calls of large
/// functions do not. The compiler may decline to inline a very large closure; write such a body as a named function and
/// use [`vectorize_call`].
#[inline]
pub fn vectorize<R>(f: impl FnOnce() -> R) -> R {
    vectorize_call((), #[inline(always)] |()| f())
}

/// `f(args)` as in [`vectorize`], for a named function marked `#[inline(always)]`, which the compiler then has to inline
/// however large it is.
#[inline]
pub fn vectorize_call<A, R>(args: A, f: impl FnOnce(A) -> R) -> R {
    match Level::get() {
        Level::Portable => f(args),
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => unsafe { call_avx2(args, f) },
    }
}

/// Makes every later call in this process use portable code (`true`), or the widest again (`false`): the results are the
/// same, only slower. For measurements, and for tests of both paths. Generators choose when they are made.
pub fn force_portable(on: bool) {
    level::force_portable(on);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn call_avx2<A, R>(args: A, f: impl FnOnce(A) -> R) -> R {
    f(args)
}

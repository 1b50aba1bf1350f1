//! Which instruction set the kernels use: found once at run time, or portable code.
//!
//! A value of [`Avx2`] is a proof: only [`Level::get`] makes one, after detection, so a function that takes one may call
//! code compiled for AVX2.

use std::sync::atomic::{AtomicBool, Ordering};

/// An instruction set that is present on this machine.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// Plain Rust for the baseline of the target.
    Portable,
    /// 256-bit integer vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
}

/// Proof that AVX2 is present.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

static PORTABLE: AtomicBool = AtomicBool::new(false);

/// From now on, [`Level::get`] answers `Portable` (or the widest again).
pub fn force_portable(on: bool) {
    PORTABLE.store(on, Ordering::Relaxed);
}

/// Whether portable code was asked for.
#[cfg(target_arch = "x86_64")]
pub fn portable_forced() -> bool {
    PORTABLE.load(Ordering::Relaxed)
}

impl Level {
    /// The widest level of this machine; the standard library keeps the result of the detection.
    #[inline]
    pub fn get() -> Level {
        #[cfg(target_arch = "x86_64")]
        if !portable_forced() && is_x86_feature_detected!("avx2") {
            return Level::Avx2(Avx2(()));
        }
        Level::Portable
    }

    /// Every level of this machine.
    #[cfg(test)]
    pub fn all() -> Vec<Level> {
        let mut all = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            all.push(Level::Avx2(Avx2(())));
        }
        all
    }
}

//! Which instruction set the kernels use: found once at run time, or portable code.
//!
//! A value of [`Avx2`], [`Avx512`] or [`Avx512Ifma`] is a proof: only [`Level::get`] makes one, after detection, so a
//! function that takes one may call code compiled for that instruction set.

use std::sync::atomic::{AtomicU8, Ordering};

/// An instruction set that is present on this machine.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// Plain Rust for the baseline of the target.
    Portable,
    /// 256-bit integer vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 512-bit integer vectors, with products of 64-bit words.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// Products of 52-bit words that are added at once.
    #[cfg(target_arch = "x86_64")]
    Avx512Ifma(Avx512Ifma),
    /// The same for 64-bit words with narrow weights, in two digits. Weights are packed for it; no machine is asked for it.
    #[cfg(target_arch = "x86_64")]
    Avx512Split(Avx512Ifma),
}

/// Proof that AVX2 is present.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

/// Proof that AVX-512 F, BW, DQ and VL are present, and AVX2.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx512(Avx2);

/// Proof that AVX-512 IFMA is present, and what [`Avx512`] proves.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub struct Avx512Ifma(Avx512);

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    /// The lesser proof.
    #[inline(always)]
    pub fn avx2(self) -> Avx2 {
        self.0
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx512Ifma {
    /// The lesser proof.
    #[inline(always)]
    pub fn avx512(self) -> Avx512 {
        self.0
    }
}

/// The widest ring whose products [`Level::Avx512Ifma`] gets right.
pub const IFMA_BITS: u32 = 52;

static LIMIT: AtomicU8 = AtomicU8::new(Limit::Widest as u8);

/// The most that kernels may use of a machine, whatever it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Plain Rust.
    Portable,
    /// AVX2.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// Everything there is code for: at present AVX-512 IFMA.
    Widest,
}

/// From now on, [`Level::get`] answers at most this.
pub fn limit(limit: Limit) {
    LIMIT.store(limit as u8, Ordering::Relaxed);
}

/// Whether portable code was asked for.
pub fn portable_forced() -> bool {
    LIMIT.load(Ordering::Relaxed) == Limit::Portable as u8
}

/// Whether `vpmullq` is three operations, as on all processors of Intel, and not one, as on those of AMD.
#[cfg(target_arch = "x86_64")]
fn slow_products() -> bool {
    static SLOW: std::sync::LazyLock<bool> = std::sync::LazyLock::new(|| {
        let vendor = core::arch::x86_64::__cpuid(0);
        [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"GenuineIntel"
    });
    *SLOW
}

impl Level {
    /// The widest level of this machine within the limit; the standard library keeps the result of the detection.
    #[inline]
    pub fn get() -> Level {
        Level::detect(LIMIT.load(Ordering::Relaxed))
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn detect(_limit: u8) -> Level {
        Level::Portable
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn detect(limit: u8) -> Level {
        if limit < Limit::Avx2 as u8 || !is_x86_feature_detected!("avx2") {
            return Level::Portable;
        }
        let avx2 = Avx2(());
        let wide = limit >= Limit::Avx512 as u8
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        if !wide {
            return Level::Avx2(avx2);
        }
        let avx512 = Avx512(avx2);
        if limit >= Limit::Widest as u8 && is_x86_feature_detected!("avx512ifma") {
            return Level::Avx512Ifma(Avx512Ifma(avx512));
        }
        Level::Avx512(avx512)
    }

    /// This level, or the next one below whose products are right mod 2^bits.
    #[must_use]
    pub fn for_ring(self, bits: u32) -> Level {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(ifma) if bits > IFMA_BITS => Level::Avx512(ifma.avx512()),
            _ => self,
        }
    }

    /// This level, or the one for products mod 2^bits with narrow weights: two 52-bit products, where they take the processor less time
    /// than one of 64 bits. They do on Intel's, whose `vpmullq` takes three times as long; AMD's multiply 64 bits as fast as 52.
    #[must_use]
    pub fn for_narrow(self, bits: u32) -> Level {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(ifma) if bits > IFMA_BITS && slow_products() => Level::Avx512Split(ifma),
            _ => self.for_ring(bits),
        }
    }

    /// Whether the input is split in digits.
    pub fn splits(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Split(_) => true,
            _ => false,
        }
    }

    /// The proof of AVX2, at every level that has it.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub fn avx2(self) -> Option<Avx2> {
        match self {
            Level::Portable => None,
            Level::Avx2(avx2) => Some(avx2),
            Level::Avx512(avx512) => Some(avx512.avx2()),
            Level::Avx512Ifma(ifma) | Level::Avx512Split(ifma) => Some(ifma.avx512().avx2()),
        }
    }

    /// This level with the input split in digits, whatever it gains.
    #[cfg(test)]
    pub fn split(self) -> Option<Level> {
        match self {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(ifma) => Some(Level::Avx512Split(ifma)),
            _ => None,
        }
    }

    /// Every level that machines are asked for, of this one.
    #[cfg(test)]
    pub fn all() -> Vec<Level> {
        let mut all = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        for limit in [Limit::Avx2, Limit::Avx512, Limit::Widest] {
            let level = Level::detect(limit as u8);
            if core::mem::discriminant(&level) != core::mem::discriminant(&all[all.len() - 1]) {
                all.push(level);
            }
        }
        all
    }
}

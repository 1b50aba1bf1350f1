//! The register tile that matrix products and convolutions are built on: a few pixels times one panel of output channels.
//!
//! A pixel's operand is never copied into a matrix ("im2col"): it is a list of contiguous runs of the input, the same for
//! every pixel up to the pixel's own start. The kernel reads them in place, one word of each pixel at a time, multiplies
//! it by the panel's channels and keeps all sums in registers until the list ends.
//!
//! * [`panels`]: how many channels a panel has.
//! * [`pairs`]: one multiplication for two products.
//! * [`split`]: products of 64-bit words with narrow weights, in two digits.
//! * `vectors`: the tile, over the vectors of a level; `avx2` and `avx512` are those vectors.

use crate::level::Level;
pub use walk::{Run, Strip, Taps, Walk};

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod pairs;
pub mod panels;
mod portable;
pub mod split;
#[cfg(target_arch = "x86_64")]
mod vectors;
mod walk;

/// The most pixels of a tile.
const MAX_ROWS: usize = 8;

/// The tile kernels of a word; implemented for `u32` and `u64` only.
pub trait Tiles: Sized + Copy + Default {
    /// How the channels of a layer are divided at a level.
    fn blocks(level: Level) -> panels::Blocks;

    /// Whether a product of pairs is faster at this level, where a word of the input is in `uses` products and the channels
    /// are even in number, or not: the pair sums of the input cost more then.
    fn pairs(level: Level, even: bool, uses: usize) -> bool;

    /// `z[p * ldz + j] += sum over k of x[pixel p, k] * w[k * width + j]`, for every pixel p of the strip and `j < channels`. The
    /// width is one of [`Tiles::blocks`] of this level; portable code takes those of all.
    fn sweep(level: Level, job: &Job<'_, Self>, z: &mut [Self]);

    /// `z[c] += x[c] * w[c]`.
    fn multiply_add(level: Level, x: &[Self], w: &[Self], z: &mut [Self]);

    /// [`pairs::sums`], compiled for the level.
    fn pair_sums(level: Level, x: &[Self], unit: usize, sums: &mut Vec<Self>);
}

/// What one call of [`Tiles::sweep`] multiplies.
pub struct Job<'a, W> {
    pub x: Input<'a, W>,
    pub strip: &'a Strip,
    pub taps: &'a Taps,
    /// `[k][width]`, `k` in the order of the runs.
    pub w: &'a [W],
    /// The panel of the next call, which the kernel brings into the cache meanwhile.
    pub next: &'a [W],
    pub width: usize,
    pub channels: usize,
    pub ldz: usize,
    /// The kernel multiplies pairs, not word by word.
    pub paired: bool,
    /// What the kernel takes off its sums. Of the calls that make up a sum one has it.
    pub less: Option<Less<'a, W>>,
}

/// An input, as a kernel reads it.
#[derive(Clone, Copy)]
pub enum Input<'a, W> {
    /// As it is.
    Words(&'a [W]),
    /// Each word in the two digits of [`split`].
    Digits(&'a [[W; 2]]),
}

/// What sums are too large by: one word for each of `width` channels, and one for each pixel of the strip.
#[derive(Clone, Copy)]
pub struct Less<'a, W> {
    pub weights: &'a [W],
    pub pixels: &'a [W],
}

impl<W> Job<'_, W> {
    /// The tiles of at most `most` pixels each: (first pixel, pixels).
    ///
    /// # Panics
    /// If a pixel's operand lies outside of the input, of `x` elements, the panel does not hold all products, or `z` has too few words:
    /// tiles may rely on it.
    #[inline(always)]
    fn tiles(&self, most: usize, x: usize, z: &[W]) -> impl Iterator<Item = (usize, usize)> + use<W> {
        let pixels = self.strip.starts().len();
        assert!(self.strip.last() + self.taps.reach <= x, "a pixel's operand lies outside the input");
        assert!(self.w.len() >= self.taps.depth * self.width, "a panel of weights is too short");
        assert!(self.channels <= self.width, "more channels than the panel has");
        assert!(pixels == 0 || z.len() >= (pixels - 1) * self.ldz + self.channels, "the output is too short");
        if let Some(less) = &self.less {
            assert!(less.weights.len() >= self.width && less.pixels.len() >= pixels, "a sum that is taken off is missing");
        }
        (0..pixels).step_by(most).map(move |first| (first, most.min(pixels - first)))
    }
}

/// `f::<ROWS>(..)` for `rows` of 1 to 8.
macro_rules! by_rows {
    ($rows:expr, $f:ident $(.$method:ident)?, [$($more:tt)*], $args:tt) => {
        match $rows {
            1 => $f$(.$method)?::<1 $($more)*> $args,
            2 => $f$(.$method)?::<2 $($more)*> $args,
            3 => $f$(.$method)?::<3 $($more)*> $args,
            4 => $f$(.$method)?::<4 $($more)*> $args,
            5 => $f$(.$method)?::<5 $($more)*> $args,
            6 => $f$(.$method)?::<6 $($more)*> $args,
            7 => $f$(.$method)?::<7 $($more)*> $args,
            _ => $f$(.$method)?::<8 $($more)*> $args,
        }
    };
}
use by_rows;

impl<'a, W> Job<'a, W> {
    /// The input of a level that takes words.
    fn words(&self) -> &'a [W] {
        match self.x {
            Input::Words(x) => x,
            Input::Digits(_) => panic!("digits, which the level has no kernel for"),
        }
    }
}

impl Tiles for u64 {
    fn blocks(level: Level) -> panels::Blocks {
        match level {
            Level::Portable => panels::Blocks { vector: 4, most: 1, narrow: None },
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => panels::Blocks { vector: 4, most: 1, narrow: None },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) => panels::Blocks { vector: 8, most: 2, narrow: Some(4) },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(_) => panels::Blocks { vector: 8, most: 3, narrow: None },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Split(_) => panels::Blocks { vector: 8, most: 2, narrow: None },
        }
    }

    /// The sum of a product costs nothing with IFMA, the two sums in front of one product would.
    fn pairs(level: Level, even: bool, uses: usize) -> bool {
        match level {
            Level::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) | Level::Avx512(_) => uses >= if even { 16 } else { 128 },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(_) | Level::Avx512Split(_) => false,
        }
    }

    fn sweep(level: Level, job: &Job<'_, Self>, z: &mut [Self]) {
        match level {
            Level::Portable => portable::sweep::<u64, 4>(job, job.words(), z),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(avx2) => vectors::sweep::<_, 1>(avx2::Quads(avx2), job, job.words(), z),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(avx512) => match job.width {
                4 => vectors::sweep::<_, 1>(avx2::Quads(avx512.avx2()), job, job.words(), z),
                8 => vectors::sweep::<_, 1>(avx512::Words64(avx512), job, job.words(), z),
                _ => vectors::sweep::<_, 2>(avx512::Words64(avx512), job, job.words(), z),
            },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(ifma) => match job.width {
                8 => vectors::sweep::<_, 1>(avx512::Words52(ifma), job, job.words(), z),
                16 => vectors::sweep::<_, 2>(avx512::Words52(ifma), job, job.words(), z),
                _ => vectors::sweep::<_, 3>(avx512::Words52(ifma), job, job.words(), z),
            },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Split(ifma) => {
                let Input::Digits(x) = job.x else { panic!("words, which the level has no kernel for") };
                match job.width {
                    8 => vectors::sweep::<_, 1>(avx512::Digits64(ifma), job, x, z),
                    _ => vectors::sweep::<_, 2>(avx512::Digits64(ifma), job, x, z),
                }
            }
        }
    }

    #[inline]
    fn multiply_add(level: Level, x: &[Self], w: &[Self], z: &mut [Self]) {
        match level {
            Level::Portable => portable::multiply_add(x, w, z),
            // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => unsafe { avx2::multiply_add(x, w, z) },
            // SAFETY: values of `Avx512` and `Avx512Ifma` exist only where AVX-512 was detected.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => unsafe { avx512::multiply_add(x, w, z) },
        }
    }

    fn pair_sums(level: Level, x: &[Self], unit: usize, sums: &mut Vec<Self>) {
        pair_sums(level, x, unit, sums);
    }
}

impl Tiles for u32 {
    fn blocks(level: Level) -> panels::Blocks {
        match level {
            Level::Portable => panels::Blocks { vector: 8, most: 2, narrow: None },
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(_) => panels::Blocks { vector: 8, most: 1, narrow: None },
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => panels::Blocks { vector: 16, most: 2, narrow: Some(8) },
        }
    }

    fn pairs(level: Level, even: bool, uses: usize) -> bool {
        !matches!(level, Level::Portable) && uses >= if even { 32 } else { 1024 }
    }

    fn sweep(level: Level, job: &Job<'_, Self>, z: &mut [Self]) {
        #[cfg(target_arch = "x86_64")]
        let wide = |avx512: crate::level::Avx512, z: &mut [Self]| match job.width {
            8 => vectors::sweep::<_, 1>(avx2::Octets(avx512.avx2()), job, job.words(), z),
            16 => vectors::sweep::<_, 1>(avx512::Words32(avx512), job, job.words(), z),
            _ => vectors::sweep::<_, 2>(avx512::Words32(avx512), job, job.words(), z),
        };
        match level {
            Level::Portable => portable::sweep::<u32, 8>(job, job.words(), z),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2(avx2) => vectors::sweep::<_, 1>(avx2::Octets(avx2), job, job.words(), z),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512(avx512) => wide(avx512, z),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512Ifma(ifma) | Level::Avx512Split(ifma) => wide(ifma.avx512(), z),
        }
    }

    #[inline]
    fn multiply_add(level: Level, x: &[Self], w: &[Self], z: &mut [Self]) {
        // Bound by memory, which shorter vectors suit better.
        #[cfg(target_arch = "x86_64")]
        if level.avx2().is_some() {
            // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
            return unsafe { avx2::multiply_add(x, w, z) };
        }
        portable::multiply_add(x, w, z);
    }

    fn pair_sums(level: Level, x: &[Self], unit: usize, sums: &mut Vec<Self>) {
        pair_sums(level, x, unit, sums);
    }
}

fn pair_sums<W: crate::Word>(level: Level, x: &[W], unit: usize, sums: &mut Vec<W>) {
    match level {
        Level::Portable => pairs::sums(x, unit, sums),
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => unsafe { avx2::pair_sums(x, unit, sums) },
        // SAFETY: a value of `Avx512` or `Avx512Ifma` exists only where AVX-512 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => unsafe { avx512::pair_sums(x, unit, sums) },
    }
}

//! The register tile that matrix products and convolutions are built on: `MR` pixels times one panel of output channels.
//!
//! A pixel's operand is never copied into a matrix ("im2col"): it is a list of contiguous runs of the input, the same for
//! every pixel up to the pixel's own start. The kernel reads them in place, one word of each pixel at a time, multiplies
//! it by the panel's channels and keeps all sums in registers until the list ends.

use crate::level::Level;

#[cfg(target_arch = "x86_64")]
mod avx2;
mod portable;

/// Pixels of a tile.
pub const MR: usize = 6;

/// The largest number of products of one sum between two visits of the output: so much of a panel stays in the L1 cache.
const DEPTH: usize = 512;

/// Bytes of input that one strip of pixels may touch: a part of the L2 cache.
const STRIP: usize = 256 << 10;

/// The tile kernels of a word; implemented for `u32` and `u64` only.
pub trait Tiles: Sized + Copy + Default {
    /// Output channels of a panel, but for the last.
    const WIDE: usize;
    /// Output channels of the last panel where that many are enough.
    const NARROW: usize;

    /// `z[p * ldz + j] += sum over k of x[pixel p, k] * w[k * width + j]`, for the pixels `first .. first + count` and
    /// `j < channels`.
    fn sweep(level: Level, job: &Job<'_, Self>, z: &mut [Self]);

    /// `z[c] += x[c] * w[c]`.
    fn multiply_add(level: Level, x: &[Self], w: &[Self], z: &mut [Self]);
}

/// The runs of a pixel's operand, relative to the pixel's start.
pub struct Taps {
    runs: Vec<Run>,
    depth: usize,
    reach: usize,
}

/// `len` words from `at` on.
#[derive(Clone, Copy)]
pub struct Run {
    pub at: usize,
    pub len: usize,
}

/// What one call of [`Tiles::sweep`] multiplies.
pub struct Job<'a, W> {
    pub x: &'a [W],
    pub walk: Walk,
    pub first: usize,
    pub count: usize,
    pub taps: &'a Taps,
    /// `[k][width]`, `k` in the order of the runs.
    pub w: &'a [W],
    /// `Tiles::WIDE` or `Tiles::NARROW`.
    pub width: usize,
    pub channels: usize,
    pub ldz: usize,
}

/// The starts of the pixels `[sample][oy][ox]` in the input.
#[derive(Clone, Copy)]
pub struct Walk {
    /// Pixels of a row, rows of a sample.
    pub size: (usize, usize),
    /// Words from a pixel to the next in the row, from a row to the next, from a sample to the next.
    pub step: (usize, usize, usize),
}

impl Taps {
    /// The runs, cut into lists of at most [`DEPTH`] words, each with the number of words before it.
    pub fn chunks(runs: impl Iterator<Item = Run>) -> Vec<(usize, Taps)> {
        let mut out: Vec<(usize, Taps)> = Vec::new();
        let mut before = 0;
        for mut run in runs {
            while run.len > 0 {
                if out.last().is_none_or(|(_, taps)| taps.depth == DEPTH) {
                    out.push((before, Taps { runs: Vec::new(), depth: 0, reach: 0 }));
                }
                let taps = &mut out.last_mut().expect("pushed above").1;
                let len = run.len.min(DEPTH - taps.depth);
                taps.runs.push(Run { at: run.at, len });
                taps.depth += len;
                taps.reach = taps.reach.max(run.at + len);
                before += len;
                run = Run { at: run.at + len, len: run.len - len };
            }
        }
        out
    }

    /// Words of all runs.
    pub fn depth(&self) -> usize {
        self.depth
    }
}

impl Walk {
    /// The starts from pixel `first` on.
    #[inline(always)]
    fn from(&self, first: usize) -> Position {
        let (w, h) = self.size;
        let (x, y, sample) = (first % w, first / w % h, first / w / h);
        let row = sample * self.step.2 + y * self.step.1;
        Position { x, y, at: row + x * self.step.0, row, sample: sample * self.step.2 }
    }
}

struct Position {
    x: usize,
    y: usize,
    at: usize,
    row: usize,
    sample: usize,
}

impl Position {
    #[inline(always)]
    fn next(&mut self, walk: &Walk) -> usize {
        let at = self.at;
        self.x += 1;
        self.at += walk.step.0;
        if self.x == walk.size.0 {
            self.x = 0;
            self.y += 1;
            self.row += walk.step.1;
            if self.y == walk.size.1 {
                self.y = 0;
                self.sample += walk.step.2;
                self.row = self.sample;
            }
            self.at = self.row;
        }
        at
    }
}

/// The panels of `channels` outputs: (first channel, width, channels in use).
pub fn panels<W: Tiles>(channels: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..channels).step_by(W::WIDE).map(move |first| {
        let left = channels - first;
        let width = if left <= W::NARROW { W::NARROW } else { W::WIDE };
        (first, width, left.min(width))
    })
}

/// Pixels `0 .. pixels` in strips whose input, about `touched` words a pixel, stays in the cache: (first, count).
pub fn strips<W>(pixels: usize, touched: usize) -> impl Iterator<Item = (usize, usize)> {
    let strip = (STRIP / (touched.max(1) * size_of::<W>()) / MR).max(4) * MR;
    (0..pixels).step_by(strip).map(move |first| (first, strip.min(pixels - first)))
}

/// Calls `tile(rows, starts of the rows, place in z)` for every tile of the job.
#[inline(always)]
fn each_tile<W>(job: &Job<'_, W>, mut tile: impl FnMut(usize, &[usize; MR], usize)) {
    let mut position = job.walk.from(job.first);
    let (mut p, end) = (job.first, job.first + job.count);
    while p < end {
        let rows = MR.min(end - p);
        let mut starts = [0; MR];
        for start in &mut starts[..rows] {
            *start = position.next(&job.walk);
        }
        tile(rows, &starts, p * job.ldz);
        p += rows;
    }
}

/// `f::<ROWS>(..)` for `rows` of 1 to 6.
macro_rules! by_rows {
    ($rows:expr, $f:ident, [$($more:tt)*], $args:tt) => {
        match $rows {
            1 => $f::<1 $($more)*> $args,
            2 => $f::<2 $($more)*> $args,
            3 => $f::<3 $($more)*> $args,
            4 => $f::<4 $($more)*> $args,
            5 => $f::<5 $($more)*> $args,
            _ => $f::<6 $($more)*> $args,
        }
    };
}
use by_rows;

macro_rules! tiles {
    ($t:ty, $wide:literal, $narrow:literal, $avx2:ident) => {
        impl Tiles for $t {
            const WIDE: usize = $wide;
            const NARROW: usize = $narrow;

            fn sweep(level: Level, job: &Job<'_, Self>, z: &mut [Self]) {
                match level {
                    Level::Portable if job.width == $narrow => portable::sweep::<$t, $narrow>(job, z),
                    Level::Portable => portable::sweep::<$t, $wide>(job, z),
                    // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2(_) => unsafe { avx2::$avx2(job, z) },
                }
            }

            #[inline]
            fn multiply_add(level: Level, x: &[Self], w: &[Self], z: &mut [Self]) {
                match level {
                    Level::Portable => portable::multiply_add(x, w, z),
                    // SAFETY: as above.
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2(_) => unsafe { avx2::multiply_add(x, w, z) },
                }
            }
        }
    };
}
tiles!(u64, 4, 4, sweep_64);
tiles!(u32, 16, 8, sweep_32);

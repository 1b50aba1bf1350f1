//! The tile with 256-bit vectors: six pixels by 4 channels of 64 bits, or by 8 or 16 channels of 32 bits.

use super::{Job, MR, Taps, by_rows, each_tile, portable};
use crate::Word;
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;

#[target_feature(enable = "avx2")]
pub fn sweep_64(job: &Job<'_, u64>, z: &mut [u64]) {
    each_tile(job, |rows, starts, at| {
        by_rows!(rows, tile_64, [], (job.x, starts, job.taps, job.w, &mut z[at..], job.ldz, job.channels));
    });
}

#[target_feature(enable = "avx2")]
pub fn sweep_32(job: &Job<'_, u32>, z: &mut [u32]) {
    if job.width == 16 {
        each_tile(job, |rows, starts, at| {
            by_rows!(rows, tile_32, [, 2], (job.x, starts, job.taps, job.w, &mut z[at..], job.ldz, job.channels));
        });
    } else {
        each_tile(job, |rows, starts, at| {
            by_rows!(rows, tile_32, [, 1], (job.x, starts, job.taps, job.w, &mut z[at..], job.ldz, job.channels));
        });
    }
}

#[target_feature(enable = "avx2")]
pub fn multiply_add<W: Word>(x: &[W], w: &[W], z: &mut [W]) {
    portable::multiply_add(x, w, z);
}

/// Products mod 2^64 by two instructions: `vpmuludq` of the low halves, and `vpmulld` of x with half-swapped w, which is
/// both cross products mod 2^32 at once; they are added up at the end.
#[target_feature(enable = "avx2")]
#[inline]
fn tile_64<const ROWS: usize>(x: &[u64], starts: &[usize; MR], taps: &Taps, w: &[u64], z: &mut [u64], ldz: usize, channels: usize) {
    check::<ROWS, 4, u64>(x, starts, taps, w, z, ldz, channels);
    let mut low = [_mm256_setzero_si256(); ROWS];
    let mut cross = [_mm256_setzero_si256(); ROWS];
    let mut w = w.as_ptr();
    for run in &taps.runs {
        let mut rows = [x.as_ptr(); ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            // SAFETY: start + reach is inside x (checked), and the run is inside reach.
            *row = unsafe { row.add(start + run.at) };
        }
        for k in 0..run.len {
            // SAFETY: the runs of `taps` are `depth` words in all, so that many panels of 4 are read (checked).
            let b = unsafe { _mm256_loadu_si256(w.cast()) };
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(4) };
            let swapped = _mm256_shuffle_epi32::<0b10_11_00_01>(b);
            for i in 0..ROWS {
                // SAFETY: k < run.len, inside the run.
                let a = _mm256_set1_epi64x(unsafe { *rows[i].add(k) } as i64);
                low[i] = _mm256_add_epi64(low[i], _mm256_mul_epu32(a, b));
                cross[i] = _mm256_add_epi32(cross[i], _mm256_mullo_epi32(a, swapped));
            }
        }
    }
    for i in 0..ROWS {
        let both = _mm256_add_epi32(cross[i], _mm256_shuffle_epi32::<0b10_11_00_01>(cross[i]));
        let sum = _mm256_add_epi64(low[i], _mm256_slli_epi64::<32>(both));
        let z = &mut z[i * ldz..];
        if let (4, Some(z)) = (channels, z.first_chunk_mut::<4>()) {
            let p: *mut __m256i = z.as_mut_ptr().cast();
            // SAFETY: z is 4 words.
            unsafe { _mm256_storeu_si256(p, _mm256_add_epi64(_mm256_loadu_si256(p), sum)) };
            continue;
        }
        let mut sums = [0u64; 4];
        // SAFETY: sums is 4 words.
        unsafe { _mm256_storeu_si256(sums.as_mut_ptr().cast(), sum) };
        for (z, sum) in z[..channels].iter_mut().zip(sums) {
            *z = z.wrapping_add(sum);
        }
    }
}

/// `VECTORS` times 8 channels.
#[target_feature(enable = "avx2")]
#[inline]
fn tile_32<const ROWS: usize, const VECTORS: usize>(
    x: &[u32],
    starts: &[usize; MR],
    taps: &Taps,
    w: &[u32],
    z: &mut [u32],
    ldz: usize,
    channels: usize,
) {
    if VECTORS == 2 {
        check::<ROWS, 16, u32>(x, starts, taps, w, z, ldz, channels);
    } else {
        check::<ROWS, 8, u32>(x, starts, taps, w, z, ldz, channels);
    }
    let mut sums = [[_mm256_setzero_si256(); VECTORS]; ROWS];
    let mut w = w.as_ptr();
    for run in &taps.runs {
        let mut rows = [x.as_ptr(); ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            // SAFETY: start + reach is inside x (checked), and the run is inside reach.
            *row = unsafe { row.add(start + run.at) };
        }
        for k in 0..run.len {
            let mut b = [_mm256_setzero_si256(); VECTORS];
            for (v, b) in b.iter_mut().enumerate() {
                // SAFETY: the runs of `taps` are `depth` words in all, so that many panels are read (checked).
                *b = unsafe { _mm256_loadu_si256(w.add(8 * v).cast()) };
            }
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(8 * VECTORS) };
            for i in 0..ROWS {
                // SAFETY: k < run.len, inside the run.
                let a = _mm256_set1_epi32(unsafe { *rows[i].add(k) } as i32);
                for v in 0..VECTORS {
                    sums[i][v] = _mm256_add_epi32(sums[i][v], _mm256_mullo_epi32(a, b[v]));
                }
            }
        }
    }
    for i in 0..ROWS {
        let z = &mut z[i * ldz..];
        for (v, sum) in sums[i].iter().enumerate() {
            let first = 8 * v;
            if first >= channels {
                break;
            }
            let z = &mut z[first..];
            if let (true, Some(z)) = (first + 8 <= channels, z.first_chunk_mut::<8>()) {
                let p: *mut __m256i = z.as_mut_ptr().cast();
                // SAFETY: z is 8 words.
                unsafe { _mm256_storeu_si256(p, _mm256_add_epi32(_mm256_loadu_si256(p), *sum)) };
                continue;
            }
            let mut part = [0u32; 8];
            // SAFETY: part is 8 words.
            unsafe { _mm256_storeu_si256(part.as_mut_ptr().cast(), *sum) };
            for (z, sum) in z[..channels - first].iter_mut().zip(part) {
                *z = z.wrapping_add(sum);
            }
        }
    }
}

/// What the tiles rely on: every pixel's reach lies in x, and the panel holds all products.
#[inline(always)]
fn check<const ROWS: usize, const NR: usize, W>(x: &[W], starts: &[usize; MR], taps: &Taps, w: &[W], z: &[W], ldz: usize, channels: usize) {
    for start in &starts[..ROWS] {
        assert!(*start <= x.len() && taps.reach <= x.len() - start, "a pixel's operand lies outside the input");
    }
    assert!(w.len() >= taps.depth * NR, "a panel of weights is too short");
    assert!(channels <= NR && z.len() >= (ROWS - 1) * ldz + channels, "the output is too short");
}

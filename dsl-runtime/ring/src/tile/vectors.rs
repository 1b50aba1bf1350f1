//! The tile over the vectors of a level.

use super::{Job, Pairing, by_rows};
use crate::Word;

/// Vectors of words, and the instructions on them. A value is a proof that those instructions are present.
///
/// The methods compile to one or a few instructions each, and only where they are inlined into a function that is compiled
/// for the level: [`Vectors::tile`] is that function.
pub trait Vectors: Copy {
    type Word: Word;
    type Vector: Copy;
    /// A sum of products, in the form in which it is cheap to add to.
    type Sum: Copy;
    /// Words of a vector.
    const LANES: usize;
    /// The pixels of a tile that keep its sums in registers.
    const ROWS: usize;

    /// [`tile`], compiled for the level.
    ///
    /// # Safety
    /// As [`tile`].
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(self, job: &Job<'_, Self::Word>, pixel: usize, z: *mut Self::Word);

    /// A sum of no products.
    fn zero(self) -> Self::Sum;
    /// The same word in every lane.
    fn splat(self, word: Self::Word) -> Self::Vector;
    /// # Safety
    /// `LANES` words are read from `from`.
    unsafe fn load(self, from: *const Self::Word) -> Self::Vector;
    /// # Safety
    /// `LANES` words are written to `to`.
    unsafe fn store(self, to: *mut Self::Word, vector: Self::Vector);
    /// Brings the memory at an address into the cache, if it is any.
    #[inline(always)]
    fn prefetch(self, at: *const Self::Word) {
        // SAFETY: SSE is part of the target, and the instruction reads nothing that the program sees.
        unsafe { core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(at.cast()) };
    }
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `sum + a * b`.
    fn multiply_add(self, sum: Self::Sum, a: Self::Vector, b: Self::Vector) -> Self::Sum;
    fn total(self, sum: Self::Sum) -> Self::Vector;
}

/// All tiles of a job whose panel is `VECTORS` vectors wide.
pub fn sweep<V: Vectors, const VECTORS: usize>(vectors: V, job: &Job<'_, V::Word>, z: &mut [V::Word]) {
    assert_eq!(job.width, VECTORS * V::LANES, "the panel has another width");
    assert!(job.channels > job.width - V::LANES, "a vector of the panel has no channel");
    let tiles = job.tiles(V::ROWS, z);
    let z = z.as_mut_ptr();
    for (first, rows) in tiles {
        // SAFETY: `tiles` checked the job and z, and gives pixels of the strip.
        unsafe { by_rows!(rows, vectors.tile, [, VECTORS], (job, first, z.add(first * job.ldz))) };
    }
}

/// `ROWS` pixels from `pixel` on times one panel, added to `z`.
///
/// # Safety
/// The strip has the pixels, and what [`Job::tiles`] checks holds, where `z` is the output of the first of the pixels. The panel is
/// `VECTORS` vectors wide, and each of them has a channel.
#[inline(always)]
pub unsafe fn tile<V: Vectors, const ROWS: usize, const VECTORS: usize>(v: V, job: &Job<'_, V::Word>, pixel: usize, z: *mut V::Word) {
    let mut starts = [job.x.as_ptr(); ROWS];
    for (i, start) in starts.iter_mut().enumerate() {
        // SAFETY: the strip has the pixel, whose start is inside x.
        *start = unsafe { start.add(*job.strip.starts().get_unchecked(pixel + i)) };
    }
    // The output is far away in memory, and wanted at the end.
    for i in 0..ROWS {
        for n in 0..VECTORS {
            // An address is computed and nothing read, so it may lie anywhere.
            v.prefetch(z.wrapping_add(i * job.ldz + n * V::LANES));
        }
    }
    let mut sums = [[v.zero(); VECTORS]; ROWS];
    let mut w = job.w.as_ptr();
    for run in &job.taps.runs {
        // SAFETY: start + reach is inside x, and the run is inside reach.
        let rows = starts.map(|start| unsafe { start.add(run.at) });
        let pairs = if matches!(job.pairing, Pairing::Single) { 0 } else { run.len / 2 * 2 };
        let mut k = 0;
        while k < pairs {
            // SAFETY: the runs of `taps` are `depth` words in all, and so many rows of the panel are read.
            let w_0: [V::Vector; VECTORS] = unsafe { row(v, w) };
            // SAFETY: as above.
            let w_1: [V::Vector; VECTORS] = unsafe { row(v, w.add(VECTORS * V::LANES)) };
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(2 * VECTORS * V::LANES) };
            for (sums, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: k + 1 < run.len, inside the run.
                let (x_0, x_1) = unsafe { (v.splat(*row.add(k)), v.splat(*row.add(k + 1))) };
                for i in 0..VECTORS {
                    sums[i] = v.multiply_add(sums[i], v.add(x_0, w_1[i]), v.add(x_1, w_0[i]));
                }
            }
            k += 2;
        }
        while k < run.len {
            // SAFETY: as above.
            let w_0: [V::Vector; VECTORS] = unsafe { row(v, w) };
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(VECTORS * V::LANES) };
            for (sums, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: k < run.len, inside the run.
                let x = v.splat(unsafe { *row.add(k) });
                for i in 0..VECTORS {
                    sums[i] = v.multiply_add(sums[i], x, w_0[i]);
                }
            }
            k += 1;
        }
    }
    for (i, sums) in sums.into_iter().enumerate() {
        for (n, sum) in sums.into_iter().enumerate() {
            let (mut sum, first) = (v.total(sum), n * V::LANES);
            if let Pairing::Less { weights, pixels } = job.pairing {
                // SAFETY: there are as many pair sums as channels of the panel, and as pixels of the strip.
                let more = unsafe { v.add(v.load(weights.as_ptr().add(first)), v.splat(*pixels.get_unchecked(pixel + i))) };
                sum = v.sub(sum, more);
            }
            // SAFETY: z has `channels` words for the pixel.
            let z = unsafe { z.add(i * job.ldz + first) };
            if first + V::LANES <= job.channels {
                // SAFETY: as above, and they are a whole vector.
                unsafe { v.store(z, v.add(v.load(z), sum)) };
            } else {
                // SAFETY: as above.
                unsafe { add_part(v, sum, z, job.channels - first) };
            }
        }
    }
}

/// One row of a panel.
///
/// # Safety
/// `VECTORS` vectors are read from `from`.
#[inline(always)]
unsafe fn row<V: Vectors, const VECTORS: usize>(v: V, from: *const V::Word) -> [V::Vector; VECTORS] {
    // SAFETY: promised by the caller.
    core::array::from_fn(|i| unsafe { v.load(from.add(i * V::LANES)) })
}

/// Adds the first `len` lanes, fewer than all, to `z`.
///
/// # Safety
/// `z` is `len` words.
#[inline(always)]
unsafe fn add_part<V: Vectors>(v: V, sum: V::Vector, z: *mut V::Word, len: usize) {
    let mut part = [V::Word::default(); 16];
    assert!(V::LANES <= part.len());
    // SAFETY: `part` is no shorter than a vector (checked).
    unsafe { v.store(part.as_mut_ptr(), sum) };
    for (i, sum) in part.iter().take(len).enumerate() {
        // SAFETY: promised by the caller.
        unsafe { *z.add(i) = (*z.add(i)).add(*sum) };
    }
}

//! The tile over the vectors of a level.

use super::{Job, Less, by_rows};
use crate::Word;

/// Vectors of words, and the instructions on them. A value is a proof that those instructions are present.
///
/// The methods compile to one or a few instructions each, and only where they are inlined into a function that is compiled
/// for the level: [`Vectors::tile`] is that function.
pub trait Vectors: Copy {
    type Word: Word;
    /// An element of the input.
    type Input: Copy;
    /// An element of the input in every lane.
    type Splat: Copy;
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
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(
        self,
        job: &Job<'_, Self::Word>,
        operands: Operands<Self>,
        pixel: usize,
        z: *mut Self::Word,
    );

    /// A sum of no products.
    fn zero(self) -> Self::Sum;
    /// The same word in every lane.
    fn splat(self, word: Self::Word) -> Self::Vector;
    /// The same element of the input in every lane.
    fn spread(self, x: Self::Input) -> Self::Splat;
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
    /// `sum + x * w`.
    fn multiply_add(self, sum: Self::Sum, x: Self::Splat, w: Self::Vector) -> Self::Sum;
    /// `sum + (x_0 + w_1) (x_1 + w_0)`.
    fn multiply_pair(self, sum: Self::Sum, x: [Self::Splat; 2], w: [Self::Vector; 2]) -> Self::Sum;
    fn total(self, sum: Self::Sum) -> Self::Vector;
}

/// What a tile reads besides its job.
pub struct Operands<V: Vectors> {
    /// The start of the input.
    x: *const V::Input,
    /// What is brought into the cache for a later job, and how many words of it with every product of a sum.
    next: (*const V::Word, usize),
}

/// All tiles of a job whose panel is `VECTORS` vectors wide, and whose input is `x`.
pub fn sweep<V: Vectors, const VECTORS: usize>(vectors: V, job: &Job<'_, V::Word>, x: &[V::Input], z: &mut [V::Word]) {
    assert_eq!(job.width, VECTORS * V::LANES, "the panel has another width");
    assert!(job.channels > job.width - V::LANES, "a vector of the panel has no channel");
    let tiles = job.tiles(V::ROWS, x.len(), z);
    let z = z.as_mut_ptr();
    // Every tile brings in its part, spread over its products: all at once they would wait for each other.
    let part = job.next.len().div_ceil(job.strip.starts().len().div_ceil(V::ROWS).max(1));
    for (first, rows) in tiles {
        let next = job.next.as_ptr().wrapping_add(first / V::ROWS * part);
        let operands = Operands { x: x.as_ptr(), next: (next, part.div_ceil(job.taps.depth.max(1))) };
        // SAFETY: `tiles` checked the job, its operands and z, and gives pixels of the strip.
        unsafe { by_rows!(rows, vectors.tile, [, VECTORS], (job, operands, first, z.add(first * job.ldz))) };
    }
}

/// `ROWS` pixels from `pixel` on times one panel, added to `z`.
///
/// # Safety
/// The strip has the pixels, and what [`Job::tiles`] checks holds of the operands, where `z` is the output of the first of the pixels.
/// The panel is `VECTORS` vectors wide, and each of them has a channel.
#[inline(always)]
pub unsafe fn tile<V: Vectors, const ROWS: usize, const VECTORS: usize>(
    v: V,
    job: &Job<'_, V::Word>,
    Operands { x, next: (mut next, step) }: Operands<V>,
    pixel: usize,
    z: *mut V::Word,
) {
    let mut w = job.w.as_ptr();
    let mut starts = [x; ROWS];
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
    for run in &job.taps.runs {
        // SAFETY: start + reach is inside x, and the run is inside reach.
        let rows = starts.map(|start| unsafe { start.add(run.at) });
        let pairs = if job.paired { run.len / 2 * 2 } else { 0 };
        let mut k = 0;
        while k < pairs {
            // SAFETY: the runs of `taps` are `depth` words in all, and so many rows of the panel are read.
            let w_0: [V::Vector; VECTORS] = unsafe { row(v, w) };
            // SAFETY: as above.
            let w_1: [V::Vector; VECTORS] = unsafe { row(v, w.add(VECTORS * V::LANES)) };
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(2 * VECTORS * V::LANES) };
            v.prefetch(next);
            next = next.wrapping_add(2 * step);
            for (sums, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: k + 1 < run.len, inside the run.
                let x = unsafe { [v.spread(*row.add(k)), v.spread(*row.add(k + 1))] };
                for i in 0..VECTORS {
                    sums[i] = v.multiply_pair(sums[i], x, [w_0[i], w_1[i]]);
                }
            }
            k += 2;
        }
        while k < run.len {
            // SAFETY: as above.
            let w_0: [V::Vector; VECTORS] = unsafe { row(v, w) };
            // SAFETY: as above; one past the end after the last.
            w = unsafe { w.add(VECTORS * V::LANES) };
            v.prefetch(next);
            next = next.wrapping_add(step);
            for (sums, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: k < run.len, inside the run.
                let x = v.spread(unsafe { *row.add(k) });
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
            if let Some(Less { weights, pixels }) = job.less {
                // SAFETY: there are as many of these sums as channels of the panel, and as pixels of the strip.
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

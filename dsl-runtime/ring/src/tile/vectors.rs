//! The tile over the vectors of a level.

use super::{Job, MAX_ROWS, Pairing, by_rows, each_tile};
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
    fn tile<const ROWS: usize, const VECTORS: usize>(
        self,
        job: &Job<'_, Self::Word>,
        starts: &[usize; MAX_ROWS],
        pixel: usize,
        z: &mut [Self::Word],
    );

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
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `sum + a * b`.
    fn multiply_add(self, sum: Self::Sum, a: Self::Vector, b: Self::Vector) -> Self::Sum;
    fn total(self, sum: Self::Sum) -> Self::Vector;
}

/// All tiles of a job whose panel is `VECTORS` vectors wide.
pub fn sweep<V: Vectors, const VECTORS: usize>(vectors: V, job: &Job<'_, V::Word>, z: &mut [V::Word]) {
    each_tile(job, V::ROWS, |rows, starts, p| {
        by_rows!(rows, vectors.tile, [, VECTORS], (job, starts, p, &mut z[p * job.ldz..]));
    });
}

/// `ROWS` pixels from `pixel` on times one panel, added to `z`.
#[inline(always)]
pub fn tile<V: Vectors, const ROWS: usize, const VECTORS: usize>(
    v: V,
    job: &Job<'_, V::Word>,
    starts: &[usize; MAX_ROWS],
    pixel: usize,
    z: &mut [V::Word],
) {
    check::<V, ROWS, VECTORS>(job, starts, z);
    let mut sums = [[v.zero(); VECTORS]; ROWS];
    let mut w = job.w.as_ptr();
    for run in &job.taps.runs {
        let mut rows = [job.x.as_ptr(); ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            // SAFETY: start + reach is inside x (checked), and the run is inside reach.
            *row = unsafe { row.add(start + run.at) };
        }
        let pairs = if matches!(job.pairing, Pairing::Single) { 0 } else { run.len / 2 * 2 };
        let mut k = 0;
        while k < pairs {
            // SAFETY: the runs of `taps` are `depth` words in all, so that many rows of the panel are read (checked).
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
        let z = &mut z[i * job.ldz..][..job.channels];
        for (n, sum) in sums.into_iter().enumerate() {
            let mut sum = v.total(sum);
            if let Pairing::Less { weights, pixels } = job.pairing {
                let weights = &weights[n * V::LANES..][..V::LANES];
                // SAFETY: `weights` is a vector long.
                let more = v.add(unsafe { v.load(weights.as_ptr()) }, v.splat(pixels[pixel - job.first + i]));
                sum = v.sub(sum, more);
            }
            match z.get_mut(n * V::LANES..(n + 1) * V::LANES) {
                Some(z) => {
                    // SAFETY: `z` is a vector long.
                    unsafe { v.store(z.as_mut_ptr(), v.add(v.load(z.as_ptr()), sum)) };
                }
                None => add_part(v, sum, z.get_mut(n * V::LANES..).unwrap_or(&mut [])),
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

/// Adds the first lanes to `z`, which is shorter than a vector.
#[inline(always)]
fn add_part<V: Vectors>(v: V, sum: V::Vector, z: &mut [V::Word]) {
    let mut part = [V::Word::default(); 16];
    assert!(V::LANES <= part.len());
    // SAFETY: `part` is no shorter than a vector (checked).
    unsafe { v.store(part.as_mut_ptr(), sum) };
    for (z, sum) in z.iter_mut().zip(part) {
        *z = z.add(sum);
    }
}

/// What the tiles rely on: every pixel's reach lies in x, and the panel holds all products.
#[inline(always)]
fn check<V: Vectors, const ROWS: usize, const VECTORS: usize>(job: &Job<'_, V::Word>, starts: &[usize; MAX_ROWS], z: &[V::Word]) {
    for start in &starts[..ROWS] {
        assert!(*start <= job.x.len() && job.taps.reach <= job.x.len() - start, "a pixel's operand lies outside the input");
    }
    assert!(job.w.len() >= job.taps.depth * VECTORS * V::LANES, "a panel of weights is too short");
    assert!(z.len() >= (ROWS - 1) * job.ldz + job.channels, "the output is too short");
}

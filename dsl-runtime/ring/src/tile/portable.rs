//! The tile in plain Rust. It reads panels of every level.

use super::{Job, MAX_ROWS, by_rows, each_tile};
use crate::Word;

/// Pixels of a tile.
const ROWS: usize = 6;

/// `NR` channels of the panel at a time.
pub fn sweep<W: Word, const NR: usize>(job: &Job<'_, W>, z: &mut [W]) {
    for first in (0..job.channels).step_by(NR) {
        each_tile(job, ROWS, |rows, starts, p| {
            by_rows!(rows, tile, [, NR, W], (job, first, starts, &mut z[p * job.ldz + first..]));
        });
    }
}

#[inline]
fn tile<const ROWS: usize, const NR: usize, W: Word>(job: &Job<'_, W>, first: usize, starts: &[usize; MAX_ROWS], z: &mut [W]) {
    assert!(job.w.len() >= job.taps.depth * job.width, "a panel of weights is too short");
    let mut sums = [[W::from_u64(0); NR]; ROWS];
    let mut w = &job.w[first..];
    for run in &job.taps.runs {
        let mut rows = [&job.x[..0]; ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            *row = &job.x[start + run.at..][..run.len];
        }
        for (k, w) in w.chunks(job.width).take(run.len).enumerate() {
            let w = w.first_chunk::<NR>().expect("a panel is a whole number of blocks wide");
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let x = row[k];
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = sum.add(x.mul(*w));
                }
            }
        }
        w = &w[(run.len * job.width).min(w.len())..];
    }
    let channels = NR.min(job.channels - first);
    for (z, sums) in z.chunks_mut(job.ldz).zip(&sums) {
        for (z, sum) in z[..channels].iter_mut().zip(sums) {
            *z = z.add(*sum);
        }
    }
}

#[inline(always)]
pub fn multiply_add<W: Word>(x: &[W], w: &[W], z: &mut [W]) {
    for (z, (x, w)) in z.iter_mut().zip(x.iter().zip(w)) {
        *z = z.add(x.mul(*w));
    }
}

//! The tile in plain Rust.

use super::{Job, MR, Taps, by_rows, each_tile};
use crate::Word;

pub fn sweep<W: Word, const NR: usize>(job: &Job<'_, W>, z: &mut [W]) {
    each_tile(job, |rows, starts, at| {
        by_rows!(rows, tile, [, NR, W], (job.x, starts, job.taps, job.w, &mut z[at..], job.ldz, job.channels));
    });
}

#[inline]
fn tile<const ROWS: usize, const NR: usize, W: Word>(
    x: &[W],
    starts: &[usize; MR],
    taps: &Taps,
    w: &[W],
    z: &mut [W],
    ldz: usize,
    channels: usize,
) {
    let mut sums = [[W::from_u64(0); NR]; ROWS];
    let mut w = w.as_chunks::<NR>().0;
    for run in &taps.runs {
        let mut rows = [&x[..0]; ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            *row = &x[start + run.at..][..run.len];
        }
        let (now, later) = w.split_at(run.len);
        w = later;
        for (k, w) in now.iter().enumerate() {
            for (sums, row) in sums.iter_mut().zip(&rows) {
                let x = row[k];
                for (sum, w) in sums.iter_mut().zip(w) {
                    *sum = sum.add(x.mul(*w));
                }
            }
        }
    }
    for (z, sums) in z.chunks_mut(ldz).zip(&sums) {
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

//! The tile in plain Rust. It reads panels of every level.

use super::{Job, by_rows};
use crate::Word;

/// Pixels of a tile.
const ROWS: usize = 6;

/// `NR` channels of the panel at a time.
pub fn sweep<W: Word, const NR: usize>(job: &Job<'_, W>, x: &[W], z: &mut [W]) {
    for channel in (0..job.channels).step_by(NR) {
        for (first, rows) in job.tiles(ROWS, x.len(), z) {
            by_rows!(rows, tile, [, NR, W], (job, x, channel, first, &mut z[first * job.ldz + channel..]));
        }
    }
}

#[inline]
fn tile<const ROWS: usize, const NR: usize, W: Word>(job: &Job<'_, W>, x: &[W], channel: usize, pixel: usize, z: &mut [W]) {
    let starts = &job.strip.starts()[pixel..];
    let mut w = &job.w[channel..];
    let mut sums = [[W::from_u64(0); NR]; ROWS];
    for run in &job.taps.runs {
        let mut rows = [&x[..0]; ROWS];
        for (row, start) in rows.iter_mut().zip(starts) {
            *row = &x[start + run.at..][..run.len];
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
    let channels = NR.min(job.channels - channel);
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

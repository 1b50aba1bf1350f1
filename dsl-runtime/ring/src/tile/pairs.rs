//! One multiplication for two products.
//!
//! ```text
//! x_0 w_0 + x_1 w_1 = (x_0 + w_1) (x_1 + w_0) - x_0 x_1 - w_0 w_1
//! ```
//!
//! After Winograd (IEEE Trans. Computers 1968). The sums of `x_0 x_1` belong to a pixel and those of `w_0 w_1` to an output
//! channel, so each is computed once and taken off at the end. Integers mod 2^n lose nothing by it, as floats would. A
//! multiplication of 64-bit or 32-bit words takes a processor two to three operations and an addition one: with pairs two
//! products take one multiplication and three additions in place of two and two.

use super::{Run, Walk};
use crate::Word;

/// The pairs of a run are its words two by two from its start; the last of an odd number has no partner. Where runs start
/// and end at whole units of an even number of words, sums are kept for units, and otherwise, with a unit of 1, for words.
pub const fn unit(channels: usize) -> usize {
    if channels.is_multiple_of(2) && channels > 0 { channels } else { 1 }
}

/// Appends sums such that `sums[j / unit] - sums[i / unit]` is the sum of `x_0 x_1` over the pairs of words `i .. j`.
#[inline(always)]
pub fn sums<W: Word>(x: &[W], unit: usize, sums: &mut Vec<W>) {
    let mut total = W::from_u64(0);
    if unit == 1 {
        // Pairs that start at even words, and pairs that start at odd ones.
        let mut other = total;
        sums.push(total);
        for pair in x.windows(2) {
            sums.push(other);
            (total, other) = (other, total.add(pair[0].mul(pair[1])));
        }
        sums.push(other);
        return;
    }
    for unit in x.chunks_exact(unit) {
        sums.push(total);
        for [a, b] in unit.as_chunks::<2>().0 {
            total = total.add(a.mul(*b));
        }
    }
    sums.push(total);
}

/// The pair sums of the pixels `first .. first + count`, from the `sums` of the input, whose word `start` is the first of
/// the first pixel of all.
pub fn of_pixels<W: Word>(
    sums: &[W],
    unit: usize,
    start: usize,
    walk: Walk,
    runs: &[Run],
    (first, count): (usize, usize),
    out: &mut Vec<W>,
) {
    let step = (walk.step.0 / unit).max(1);
    out.clear();
    for (first, len) in walk.parts(first, count) {
        let from = out.len();
        out.resize(from + len, W::from_u64(0));
        for run in runs {
            let at = start + first + run.at;
            let (begin, end) = (&sums[at / unit..], &sums[(at + run.len / 2 * 2) / unit..]);
            let out = &mut out[from..];
            if step == 1 {
                for (out, (end, begin)) in out.iter_mut().zip(end.iter().zip(begin)) {
                    *out = out.add(end.sub(*begin));
                }
            } else {
                for (out, (end, begin)) in out.iter_mut().zip(end.iter().step_by(step).zip(begin.iter().step_by(step))) {
                    *out = out.add(end.sub(*begin));
                }
            }
        }
    }
}

/// The pair sums of channels: adds `w_0 w_1` of every two rows of a run to `sums`, which is one row.
pub fn of_rows<W: Word>(run: &[W], width: usize, sums: &mut [W]) {
    for pair in run.chunks_exact(2 * width) {
        let (a, b) = pair.split_at(width);
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum = sum.add(a.mul(*b));
        }
    }
}

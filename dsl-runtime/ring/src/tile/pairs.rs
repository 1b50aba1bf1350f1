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

/// The pairs of a run are its words two by two from its start; the last of an odd number has no partner. Sums of the input are
/// kept for units of words: a pixel's where runs start and end at pixels and these have many words, so that vectors add
/// up each; else pairs where the words are even in number; else words.
pub const fn unit(channels: usize) -> usize {
    match channels.is_multiple_of(2) {
        true if channels >= 64 => channels,
        true => 2,
        false => 1,
    }
}

/// Appends sums such that `sums[j / unit] - sums[i / unit]` is the sum of `x_0 x_1` over the pairs of words `i .. j`.
#[inline(always)]
pub fn sums<W: Word>(x: &[W], unit: usize, sums: &mut Vec<W>) {
    let mut total = W::from_u64(0);
    match unit {
        1 => {
            // Pairs that start at even words, and pairs that start at odd ones.
            let mut other = total;
            sums.resize(x.len() + 1, total);
            for (sums, x) in sums[1..].iter_mut().zip(x.windows(2)) {
                *sums = other;
                (total, other) = (other, total.add(x[0].mul(x[1])));
            }
            if let (Some(last), false) = (sums.last_mut(), x.is_empty()) {
                *last = other;
            }
            return;
        }
        2 => {
            sums.resize(x.len() / 2 + 1, total);
            for (sum, [a, b]) in sums.iter_mut().zip(x.as_chunks::<2>().0) {
                *sum = total;
                total = total.add(a.mul(*b));
            }
            if let Some(last) = sums.last_mut() {
                *last = total;
            }
            return;
        }
        _ => {}
    }
    for unit in x.chunks_exact(unit) {
        sums.push(total);
        for [a, b] in unit.as_chunks::<2>().0 {
            total = total.add(a.mul(*b));
        }
    }
    sums.push(total);
}

/// The sums of the pixels `first .. first + count`, from the `sums` of the input, whose word `start` is the first of
/// the first pixel of all: of pairs, or of single words.
pub fn of_pixels<W: Word>(
    sums: &[W],
    (unit, paired): (usize, bool),
    start: usize,
    walk: Walk,
    runs: &[Run],
    (first, count): (usize, usize),
    out: &mut Vec<W>,
) {
    let step = (walk.step.0 / unit).max(1);
    out.clear();
    for (first, len) in walk.parts(first, count) {
        let ends = |run: &Run| {
            let at = start + first + run.at;
            let of = |word: usize| &sums[word / unit..][..=(len - 1) * step];
            (of(at), of(at + if paired { run.len / 2 * 2 } else { run.len }))
        };
        let from = out.len();
        out.resize(from + len, W::from_u64(0));
        for run in runs {
            let (begin, end) = ends(run);
            let out = &mut out[from..];
            // The common steps have loops of their own, which the compiler unrolls or vectorises.
            match step {
                1 => subtract_every(1, begin, end, out),
                3 => subtract_every(3, begin, end, out),
                _ => subtract_every(step, begin, end, out),
            }
        }
    }
}

/// Adds `end - begin` of every `step`-th element.
#[inline(always)]
fn subtract_every<W: Word>(step: usize, begin: &[W], end: &[W], out: &mut [W]) {
    for (i, out) in out.iter_mut().enumerate() {
        *out = out.add(end[i * step].sub(begin[i * step]));
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

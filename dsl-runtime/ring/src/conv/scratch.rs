//! Memory that calls of convolutions share.

use super::Conv;
use crate::Word;
use crate::simd;
use crate::threads::Threads;
use crate::tile::split;
use core::fmt;
use zeroize::Zeroize;

/// Memory for padded inputs and for sums of theirs, reused between calls. Erased when dropped; never printed.
#[derive(Default)]
pub struct Scratch<W: Word> {
    pub(super) padded: Padded<W>,
    pub(super) sums: Sums<W>,
    pub(super) threads: Threads,
}

/// Inputs between zeros.
#[derive(Default)]
pub(super) struct Padded<W: Word> {
    words: Vec<W>,
    /// The border is zero for this geometry.
    border: Option<(Border, usize)>,
}

/// Slices, rows and words of a row; and of padding.
type Border = [(usize, usize, usize); 2];

/// The sums of the input, its digits where it is split, and, for each thread, the sums of the pixels of one strip.
#[derive(Default)]
pub(super) struct Sums<W: Word> {
    pub input: Vec<W>,
    pub digits: Vec<[W; 2]>,
    pub pixels: Vec<Vec<W>>,
}

impl<W: Word> Scratch<W> {
    /// No memory yet.
    pub fn new() -> Self {
        Scratch::default()
    }

    /// No memory yet; products are shared among these threads.
    pub fn with(threads: &Threads) -> Self {
        let mut scratch = Scratch::default();
        scratch.threads = threads.clone();
        scratch
    }
}

impl<W: Word> Padded<W> {
    /// Copies `x` between zeros.
    pub fn fill(&mut self, conv: &Conv, batch: usize, x: &[W]) -> &[W] {
        let (row, side) = (conv.w * conv.c, conv.pw * conv.c);
        let padded_row = row + 2 * side;
        let padded_slice = (conv.h + 2 * conv.ph) * padded_row;
        let padded = (conv.d + 2 * conv.pd) * padded_slice;
        let border = Some(([(conv.d, conv.h, row), (conv.pd, conv.ph, side)], batch));
        if self.border != border {
            self.border = border;
            empty(&mut self.words, batch * padded);
            self.words.resize(batch * padded, W::default());
        }
        let slice = conv.h * row;
        if conv.d * slice > 0 {
            for (from, to) in x.chunks_exact(conv.d * slice).zip(self.words.chunks_exact_mut(padded)) {
                for (from, to) in from.chunks_exact(slice).zip(to[conv.pd * padded_slice..].chunks_exact_mut(padded_slice)) {
                    for (from, to) in from.chunks_exact(row).zip(to[conv.ph * padded_row..].chunks_exact_mut(padded_row)) {
                        to[side..side + row].copy_from_slice(from);
                    }
                }
            }
        }
        &self.words
    }
}

impl<W: Word> Sums<W> {
    /// Room for `input` words, and for `pixels` words with each of the threads.
    pub fn make_room(&mut self, input: usize, pixels: usize, threads: usize) {
        empty(&mut self.input, input);
        self.pixels.resize_with(self.pixels.len().max(threads), Vec::new);
        self.pixels.iter_mut().take(threads).for_each(|words| empty(words, pixels));
    }

    /// The digits of an input, and the sums of its units.
    pub fn split(&mut self, x: &[W], unit: usize) {
        empty(&mut self.digits, x.len());
        let Sums { input, digits, .. } = self;
        simd::vectorize(
            #[inline(always)]
            || {
                split::digits(x, digits);
                split::sums(x, unit, input);
            },
        );
    }
}

/// Room for `len` words and nothing in it; memory that is given back is erased first.
fn empty<T: Zeroize>(words: &mut Vec<T>, len: usize) {
    if words.capacity() < len {
        words.zeroize();
        words.reserve_exact(len);
    }
    words.clear();
}

impl<W: Word> Drop for Scratch<W> {
    fn drop(&mut self) {
        self.padded.words.zeroize();
        self.sums.input.zeroize();
        self.sums.digits.zeroize();
        self.sums.pixels.zeroize();
    }
}

impl<W: Word> fmt::Debug for Scratch<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

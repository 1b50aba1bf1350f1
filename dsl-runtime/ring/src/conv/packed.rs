//! Weights in the order in which a kernel reads them.

use super::Conv;
use crate::{
    Word,
    level::{Level, portable_forced},
    simd,
    tile::{pairs, panels::panels, split},
};
use core::fmt;
use zeroize::{Zeroize, Zeroizing};

/// The weights of a convolution in the order in which the kernel reads them. Erased when dropped; never printed.
///
/// The order suits one instruction set, the widest there is when they are packed, and it is that one that multiplies them:
/// or portable code, once that is asked for.
pub struct PackedWeights<W: Word> {
    conv: Conv,
    level: Level,
    paired: bool,
    /// `[group][panel of outputs]`, and of each panel the row of sums that its level takes off, if it does, then `[kd][kh][kw][channel][output of
    /// the panel]`; `[kd][kh][kw][channel]` where depthwise.
    words: Vec<W>,
}

/// One panel of packed weights.
pub(super) struct Panel<'a, W> {
    /// The first output, the width, the outputs in use.
    pub first: usize,
    pub width: usize,
    pub channels: usize,
    /// One for each output, or none where nothing is taken off.
    pub sums: &'a [W],
    /// `[k][width]`.
    rows: &'a [W],
}

impl<'a, W: Word> Panel<'a, W> {
    /// So many rows, from one on.
    pub fn rows(&self, first: usize, count: usize) -> &'a [W] {
        &self.rows[first * self.width..][..count * self.width]
    }

    /// The same rows as the weights that they are, from the form in which they multiply digits.
    pub fn moved_back(&self, first: usize, count: usize) -> Zeroizing<Vec<W>> {
        Zeroizing::new(self.rows(first, count).iter().map(|w| w.sub(split::offset())).collect())
    }
}

impl<W: Word> PackedWeights<W> {
    /// Packs `weights`, given as `[o][kd][kh][kw][c / groups]`, for products mod 2^BITS. They serve every size of input.
    ///
    /// # Panics
    /// If `weights` is not [`Conv::weights`] long, a size of `conv` is 0, or groups do not divide the channels.
    pub fn new(conv: &Conv, weights: &[W]) -> Self {
        Self::new_in(W::BITS, conv, weights)
    }

    /// As [`PackedWeights::new`], for products mod 2^n: nothing is promised of the bits from n on. Rings of 33 to 52 bits are
    /// multiplied about twice as fast as whole words of 64 where the processor has AVX-512 IFMA.
    ///
    /// # Panics
    /// As [`PackedWeights::new`], or if n is not in `1..=W::BITS`.
    pub fn new_in(n: u32, conv: &Conv, weights: &[W]) -> Self {
        assert!((1..=W::BITS).contains(&n), "{n} bits of a {}-bit word", W::BITS);
        Self::new_at(Level::get().for_ring(n), conv, weights)
    }

    /// As [`PackedWeights::new_in`], for weights that as signed words are in `-2^bits .. 2^bits`. The bound must be public: it chooses how
    /// products are made. Up to 39 bits, products of 64-bit words take two thirds of the time on processors with AVX-512 IFMA whose products of
    /// whole words are slow, as Intel's are.
    ///
    /// # Panics
    /// As [`PackedWeights::new_in`], or if a weight that is to be multiplied so is not in that range.
    pub fn within(n: u32, bits: u32, conv: &Conv, weights: &[W]) -> Self {
        assert!((1..=W::BITS).contains(&n), "{n} bits of a {}-bit word", W::BITS);
        let (level, narrow) = (Level::get(), bits <= split::NARROW && W::BITS == 64 && conv.splits());
        Self::new_at(if narrow { level.for_narrow(n) } else { level.for_ring(n) }, conv, weights)
    }

    pub(super) fn new_at(level: Level, conv: &Conv, weights: &[W]) -> Self {
        conv.check();
        assert_eq!(weights.len(), conv.weights(), "the number of weights of {conv:?}");
        let (outputs, depth) = (conv.o / conv.groups, conv.depth());
        let paired = conv.pairs::<W>(level);
        if conv.depthwise() {
            let mut words = Vec::with_capacity(weights.len());
            for tap in 0..depth {
                words.extend(weights.iter().skip(tap).step_by(depth));
            }
            return PackedWeights { conv: *conv, level, paired, words };
        }
        let splits = level.splits();
        let offset = if splits { split::offset() } else { W::default() };
        if splits {
            // All of them are looked at, wherever one is too large.
            let beyond = weights.iter().fold(0, |beyond, w| beyond | w.add(offset).to_u64() >> (split::NARROW + 1));
            assert!(beyond == 0, "a weight is not in -2^{0} .. 2^{0}", split::NARROW);
        }
        // At its full size at once: growing would leave copies behind.
        let mut words = Vec::with_capacity(conv.groups * packed_words::<W>(level, outputs, depth + usize::from(paired || splits)));
        for group in 0..conv.groups {
            for (first, width, channels) in panels::<W>(level, outputs) {
                let panel = &weights[(group * outputs + first) * depth..][..channels * depth];
                let start = words.len();
                if paired || splits {
                    words.resize(start + width, W::default());
                }
                for k in 0..depth {
                    words.extend(panel.iter().skip(k).step_by(depth).map(|w| w.add(offset)));
                    words.resize(words.len() + width - channels, W::default());
                }
                if paired {
                    let (sums, rows) = words[start..].split_at_mut(width);
                    for run in rows.chunks_exact(conv.run().1 * width) {
                        pairs::of_rows(run, width, sums);
                    }
                }
            }
        }
        PackedWeights { conv: *conv, level, paired, words }
    }

    /// The linear layer whose weights are `matrix[c][o]`, packed for its own pixels alone: so few that packing matters.
    pub(crate) fn of_matrix(level: Level, linear: &Conv, matrix: &[W]) -> Self {
        /// Below so many pixels the pair sums of the weights cost more than pairs save.
        const PIXELS_FOR_PAIRS: usize = 8;
        let paired = linear.pairs::<W>(level) && linear.w >= PIXELS_FOR_PAIRS;
        let mut words = vec![W::default(); packed_words::<W>(level, linear.o, linear.c + usize::from(paired))];
        simd::vectorize(
            #[inline(always)]
            || pack_matrix(level, matrix, linear.o, paired, &mut words),
        );
        PackedWeights { conv: *linear, level, paired, words }
    }

    pub(super) fn paired(&self) -> bool {
        self.paired
    }

    /// What multiplies these weights.
    pub(super) fn level(&self) -> Level {
        if portable_forced() { Level::Portable } else { self.level }
    }

    pub(super) fn words(&self) -> &[W] {
        &self.words
    }

    /// Whether the input has to be split in digits.
    pub(super) fn splits(&self) -> bool {
        self.level.splits() && !self.conv.depthwise()
    }

    /// The panels of one group.
    pub(super) fn panels(&self, group: usize) -> impl Iterator<Item = Panel<'_, W>> {
        let (outputs, depth) = (self.conv.o / self.conv.groups, self.conv.depth());
        let rows = depth + usize::from(self.paired || self.splits());
        let mut words = &self.words[self.words.len() / self.conv.groups * group..];
        panels::<W>(self.level, outputs).map(move |(first, width, channels)| {
            let (panel, rest) = words.split_at(rows * width);
            words = rest;
            let (sums, rows) = panel.split_at((rows - depth) * width);
            Panel { first, width, channels, sums, rows }
        })
    }

    pub(super) fn check(&self, conv: &Conv) {
        // Pairs of an odd number of channels lie across taps.
        let run = |c: &Conv| if (c.c / c.groups).is_multiple_of(2) { 0 } else { c.run().1 };
        let shape = |c: &Conv| (c.kd, c.kh, c.kw, c.c, c.o, c.groups, run(c));
        assert_eq!(shape(&self.conv), shape(conv), "the weights were packed for another convolution");
    }
}

/// Words of so many rows of the panels of one group.
fn packed_words<W: Word>(level: Level, outputs: usize, rows: usize) -> usize {
    panels::<W>(level, outputs).map(|(_, width, _)| width * rows).sum()
}

/// Fills the panels of one group with `matrix[k][outputs]`, over zeros.
#[inline(always)]
fn pack_matrix<W: Word>(level: Level, matrix: &[W], outputs: usize, paired: bool, words: &mut [W]) {
    /// Rows that are read at a time, so that they are read from end to end; even, so that no pair is cut.
    const ROWS: usize = 16;
    if matrix.is_empty() {
        return;
    }
    let depth = matrix.len() / outputs;
    for (block, matrix) in matrix.chunks(ROWS * outputs).enumerate() {
        let mut words = &mut *words;
        for (first, width, channels) in panels::<W>(level, outputs) {
            let (sums, rest) = words.split_at_mut(if paired { width } else { 0 });
            let (rows, rest) = rest.split_at_mut(depth * width);
            words = rest;
            let rows = &mut rows[block * ROWS * width..][..matrix.len() / outputs * width];
            // Of a known length a copy is a few moves, and no call.
            match channels {
                8 => copy_rows::<W, 8>(&matrix[first..], outputs, rows),
                16 => copy_rows::<W, 16>(&matrix[first..], outputs, rows),
                24 => copy_rows::<W, 24>(&matrix[first..], outputs, rows),
                32 => copy_rows::<W, 32>(&matrix[first..], outputs, rows),
                _ => {
                    for (to, from) in rows.chunks_exact_mut(width).zip(matrix.chunks_exact(outputs)) {
                        to[..channels].copy_from_slice(&from[first..first + channels]);
                    }
                }
            }
            if paired {
                pairs::of_rows(rows, width, sums);
            }
        }
    }
}

/// Rows of `N` words from rows of `from`.
#[inline(always)]
fn copy_rows<W: Word, const N: usize>(from: &[W], row: usize, to: &mut [W]) {
    for (to, from) in to.as_chunks_mut::<N>().0.iter_mut().zip(from.chunks(row)) {
        if let Some(from) = from.first_chunk::<N>() {
            *to = *from;
        }
    }
}

impl<W: Word> Drop for PackedWeights<W> {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl<W: Word> fmt::Debug for PackedWeights<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackedWeights").field("conv", &self.conv).field("level", &self.level).finish_non_exhaustive()
    }
}

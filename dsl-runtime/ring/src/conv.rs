//! Convolutions mod 2^32 and 2^64, over activations `[batch][h][w][channel]` with weights `[output][kh][kw][channel]`.
//!
//! Integers mod 2^n are multiplied exactly, so the order of summation is free and every kernel gives the same bits. The
//! input is padded with zeros where it must be and read in place otherwise; the weights are packed once.

use crate::{
    Word,
    level::Level,
    tile::{Job, Run, Taps, Walk, panels, strips},
};
use core::fmt;
use zeroize::Zeroize;

#[cfg(test)]
pub(crate) mod tests;

/// The geometry of a 2-D convolution (`PyTorch`: `Conv2d`, channels last). A 1-D convolution has `h = kh = 1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// Rows of the input.
    pub h: usize,
    /// Columns of the input.
    pub w: usize,
    /// Channels of the input.
    pub c: usize,
    /// Rows of the kernel.
    pub kh: usize,
    /// Columns of the kernel.
    pub kw: usize,
    /// Rows from one output to the next.
    pub sh: usize,
    /// Columns from one output to the next.
    pub sw: usize,
    /// Rows of zeros above, and below.
    pub ph: usize,
    /// Columns of zeros on the left, and on the right.
    pub pw: usize,
    /// Rows from one tap of the kernel to the next.
    pub dh: usize,
    /// Columns from one tap of the kernel to the next.
    pub dw: usize,
    /// Channels of the output.
    pub o: usize,
    /// Groups of channels that do not mix: output channels `g * o / groups ..` see input channels `g * c / groups ..`.
    pub groups: usize,
}

impl Conv {
    /// A linear layer from `c` to `o` channels on each of `rows` rows.
    pub const fn linear(rows: usize, c: usize, o: usize) -> Self {
        Conv { h: 1, w: rows, c, kh: 1, kw: 1, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1, o, groups: 1 }
    }

    /// Rows of the output; 0 where the kernel is larger than the padded input.
    pub const fn oh(&self) -> usize {
        outputs_along(self.h + 2 * self.ph, self.kh, self.dh, self.sh)
    }

    /// Columns of the output; 0 where the kernel is larger than the padded input.
    pub const fn ow(&self) -> usize {
        outputs_along(self.w + 2 * self.pw, self.kw, self.dw, self.sw)
    }

    /// Words of one sample's input.
    pub const fn inputs(&self) -> usize {
        self.h * self.w * self.c
    }

    /// Words of one sample's output.
    pub const fn outputs(&self) -> usize {
        self.oh() * self.ow() * self.o
    }

    /// Words of the weights.
    pub const fn weights(&self) -> usize {
        self.o * self.depth()
    }

    /// Products of one sample, those with padding counted.
    pub const fn multiply_adds(&self) -> usize {
        self.outputs() * self.depth()
    }

    /// Products of one output.
    const fn depth(&self) -> usize {
        self.kh * self.kw * (self.c / self.groups)
    }

    /// One input channel a group, and one output channel.
    const fn depthwise(&self) -> bool {
        self.groups > 1 && self.c == self.groups && self.o == self.groups
    }

    fn check(&self) {
        let sizes = [self.kh, self.kw, self.sh, self.sw, self.dh, self.dw, self.groups];
        assert!(sizes.iter().all(|&size| size > 0), "kernel, stride, dilation and groups are at least 1: {self:?}");
        let whole = self.c.is_multiple_of(self.groups) && self.o.is_multiple_of(self.groups);
        assert!(whole, "groups divide the channels of input and output: {self:?}");
    }
}

const fn outputs_along(padded: usize, kernel: usize, dilation: usize, stride: usize) -> usize {
    let span = dilation * (kernel - 1) + 1;
    if padded < span { 0 } else { (padded - span) / stride + 1 }
}

/// The weights of a convolution in the order in which the kernel reads them. Erased when dropped; never printed.
pub struct PackedWeights<W: Word> {
    conv: Conv,
    /// `[group][panel of outputs][kh][kw][channel][output of the panel]`, or `[kh][kw][channel]` where depthwise.
    words: Vec<W>,
}

impl<W: Word> PackedWeights<W> {
    /// Packs `weights`, given as `[o][kh][kw][c / groups]`. They serve every size of input.
    ///
    /// # Panics
    /// If `weights` is not [`Conv::weights`] long, a size of `conv` is 0, or groups do not divide the channels.
    pub fn new(conv: &Conv, weights: &[W]) -> Self {
        conv.check();
        assert_eq!(weights.len(), conv.weights(), "the number of weights of {conv:?}");
        let depth = conv.depth();
        let mut words = Vec::new();
        if conv.depthwise() {
            words.reserve_exact(weights.len());
            for tap in 0..depth {
                words.extend(weights.iter().skip(tap).step_by(depth));
            }
            return PackedWeights { conv: *conv, words };
        }
        let outputs = conv.o / conv.groups;
        let width: usize = panels::<W>(outputs).map(|(_, width, _)| width).sum();
        words.reserve_exact(conv.groups * width * depth);
        for group in 0..conv.groups {
            for (first, width, channels) in panels::<W>(outputs) {
                let panel = &weights[(group * outputs + first) * depth..][..channels * depth];
                for k in 0..depth {
                    words.extend(panel.iter().skip(k).step_by(depth.max(1)));
                    words.resize(words.len() + width - channels, W::default());
                }
            }
        }
        PackedWeights { conv: *conv, words }
    }

    fn check(&self, conv: &Conv) {
        let shape = |c: &Conv| (c.kh, c.kw, c.c, c.o, c.groups);
        assert_eq!(shape(&self.conv), shape(conv), "the weights were packed for another convolution");
    }
}

impl<W: Word> Drop for PackedWeights<W> {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl<W: Word> fmt::Debug for PackedWeights<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackedWeights").field("conv", &self.conv).finish_non_exhaustive()
    }
}

/// Memory for padded inputs, reused between calls. Erased when dropped; never printed.
#[derive(Default)]
pub struct Scratch<W: Word> {
    words: Vec<W>,
    /// The border is zero for this geometry.
    border: Option<(Border, usize)>,
}

/// Rows, words of a row, rows of padding, words of padding.
type Border = (usize, usize, usize, usize);

impl<W: Word> Scratch<W> {
    /// No memory yet.
    pub fn new() -> Self {
        Scratch { words: Vec::new(), border: None }
    }

    /// Copies `x` between zeros.
    fn pad(&mut self, conv: &Conv, batch: usize, x: &[W]) -> &[W] {
        let (row, side) = (conv.w * conv.c, conv.pw * conv.c);
        let padded_row = row + 2 * side;
        let padded = (conv.h + 2 * conv.ph) * padded_row;
        let border = Some(((conv.h, row, conv.ph, side), batch));
        if self.border != border {
            self.border = border;
            self.words.zeroize();
            self.words.resize(batch * padded, W::default());
        }
        if row > 0 && conv.h > 0 {
            for (from, to) in x.chunks_exact(row * conv.h).zip(self.words.chunks_exact_mut(padded)) {
                for (from, to) in from.chunks_exact(row).zip(to[conv.ph * padded_row..].chunks_exact_mut(padded_row)) {
                    to[side..side + row].copy_from_slice(from);
                }
            }
        }
        &self.words
    }
}

impl<W: Word> Drop for Scratch<W> {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl<W: Word> fmt::Debug for Scratch<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// `z[batch][oh][ow][o] += conv(x, w)` for every sample of `x[batch][h][w][c]`, mod 2^BITS.
///
/// A linear layer, and every 1 by 1 convolution, is one matrix product over the pixels of all samples.
///
/// # Panics
/// If `x` has fewer than `batch * conv.inputs()` words, `z` fewer than `batch * conv.outputs()`, or `weights` was packed
/// for another kernel or other channels.
pub fn accumulate<W: Word>(conv: &Conv, batch: usize, x: &[W], weights: &PackedWeights<W>, z: &mut [W], scratch: &mut Scratch<W>) {
    accumulate_at(Level::get(), conv, batch, x, weights, z, scratch);
}

fn accumulate_at<W: Word>(
    level: Level,
    conv: &Conv,
    batch: usize,
    x: &[W],
    weights: &PackedWeights<W>,
    z: &mut [W],
    scratch: &mut Scratch<W>,
) {
    conv.check();
    weights.check(conv);
    let (inputs, outputs) = (batch * conv.inputs(), batch * conv.outputs());
    assert!(x.len() >= inputs, "{batch} inputs of {conv:?} are {inputs} words, not {}", x.len());
    assert!(z.len() >= outputs, "{batch} outputs of {conv:?} are {outputs} words, not {}", z.len());
    if outputs == 0 || conv.depth() == 0 {
        return;
    }
    let x = if conv.ph == 0 && conv.pw == 0 { x } else { scratch.pad(conv, batch, &x[..inputs]) };
    if conv.depthwise() { depthwise(level, conv, batch, x, weights, z) } else { dense(level, conv, batch, x, weights, z) }
}

/// Words of a row of the padded input.
fn padded_row(conv: &Conv) -> usize {
    (conv.w + 2 * conv.pw) * conv.c
}

/// Where the pixels start in the padded input.
fn walk(conv: &Conv) -> Walk {
    let row = padded_row(conv);
    Walk { size: (conv.ow(), conv.oh()), step: (conv.sw * conv.c, conv.sh * row, (conv.h + 2 * conv.ph) * row) }
}

/// The taps of the kernel: runs over a whole kernel row where its taps lie next to each other.
fn runs(conv: &Conv) -> impl Iterator<Item = Run> {
    let (row, channels) = (padded_row(conv), conv.c / conv.groups);
    let (columns, len) = if conv.dw == 1 && conv.groups == 1 { (1, conv.kw * channels) } else { (conv.kw, channels) };
    let (dh, dw) = (conv.dh * row, conv.dw * conv.c);
    (0..conv.kh).flat_map(move |ky| (0..columns).map(move |kx| Run { at: ky * dh + kx * dw, len }))
}

fn dense<W: Word>(level: Level, conv: &Conv, batch: usize, x: &[W], weights: &PackedWeights<W>, z: &mut [W]) {
    let (walk, chunks, depth) = (walk(conv), Taps::chunks(runs(conv)), conv.depth());
    let (inputs, outputs) = (conv.c / conv.groups, conv.o / conv.groups);
    let touched = depth.min(conv.kh * conv.sw * conv.c);
    for (start, count) in strips::<W>(batch * conv.oh() * conv.ow(), touched) {
        let mut at = 0;
        for group in 0..conv.groups {
            for (first, width, channels) in panels::<W>(outputs) {
                for (before, taps) in &chunks {
                    let w = &weights.words[at + before * width..][..taps.depth() * width];
                    let x = &x[group * inputs..];
                    let job = Job { x, walk, first: start, count, taps, w, width, channels, ldz: conv.o };
                    W::sweep(level, &job, &mut z[group * outputs + first..]);
                }
                at += depth * width;
            }
        }
    }
}

/// One channel in, one out: vectors run over the channels of a pixel.
fn depthwise<W: Word>(level: Level, conv: &Conv, batch: usize, x: &[W], weights: &PackedWeights<W>, z: &mut [W]) {
    let (walk, taps): (Walk, Vec<Run>) = (walk(conv), runs(conv).map(|run| Run { len: conv.c, ..run }).collect());
    let mut pixels = z.chunks_exact_mut(conv.o);
    for sample in 0..batch {
        for oy in 0..walk.size.1 {
            for ox in 0..walk.size.0 {
                let start = sample * walk.step.2 + oy * walk.step.1 + ox * walk.step.0;
                let z = pixels.next().expect("as many pixels as outputs, checked by `accumulate`");
                for (tap, w) in taps.iter().zip(weights.words.chunks_exact(conv.o)) {
                    W::multiply_add(level, &x[start + tap.at..][..tap.len], w, z);
                }
            }
        }
    }
}

//! Convolutions mod 2^32 and 2^64, over activations `[batch][d][h][w][channel]` with weights `[output][kd][kh][kw][channel]`.
//!
//! Integers mod 2^n are multiplied exactly, so the order of summation is free and every kernel gives the same bits. The
//! input is padded with zeros where it must be and read in place otherwise; the weights are packed once.

use crate::{
    Word,
    level::Level,
    threads::Threads,
    tile::{Input, Job, Less, Run, Strip, Taps, Walk, pairs, panels::strips},
};
pub use packed::PackedWeights;
pub use scratch::Scratch;

mod packed;
mod scratch;
#[cfg(test)]
pub(crate) mod tests;

/// The geometry of a convolution over three axes (`PyTorch`: `Conv3d`, channels last). Over two axes it has `d = kd = 1`, over one `h = kh = 1` as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// Slices of the input.
    pub d: usize,
    /// Rows of the input.
    pub h: usize,
    /// Columns of the input.
    pub w: usize,
    /// Channels of the input.
    pub c: usize,
    /// Slices of the kernel.
    pub kd: usize,
    /// Rows of the kernel.
    pub kh: usize,
    /// Columns of the kernel.
    pub kw: usize,
    /// Slices from one output to the next.
    pub sd: usize,
    /// Rows from one output to the next.
    pub sh: usize,
    /// Columns from one output to the next.
    pub sw: usize,
    /// Slices of zeros in front, and behind.
    pub pd: usize,
    /// Rows of zeros above, and below.
    pub ph: usize,
    /// Columns of zeros on the left, and on the right.
    pub pw: usize,
    /// Slices from one tap of the kernel to the next.
    pub dd: usize,
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
        Conv { d: 1, h: 1, w: rows, c, kd: 1, kh: 1, kw: 1, sd: 1, sh: 1, sw: 1, pd: 0, ph: 0, pw: 0, dd: 1, dh: 1, dw: 1, o, groups: 1 }
    }

    /// Slices of the output; 0 where the kernel is larger than the padded input.
    pub const fn od(&self) -> usize {
        outputs_along(self.d + 2 * self.pd, self.kd, self.dd, self.sd)
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
        self.d * self.h * self.w * self.c
    }

    /// Positions of one sample's output, each of which has all channels.
    pub const fn pixels(&self) -> usize {
        self.od() * self.oh() * self.ow()
    }

    /// Words of one sample's output.
    pub const fn outputs(&self) -> usize {
        self.pixels() * self.o
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
    pub const fn depth(&self) -> usize {
        self.kd * self.kh * self.kw * (self.c / self.groups)
    }

    /// One input channel a group, and one output channel.
    const fn depthwise(&self) -> bool {
        self.groups > 1 && self.c == self.groups && self.o == self.groups
    }

    /// Whether two products are multiplied at once.
    fn pairs<W: Word>(&self, level: Level) -> bool {
        let (even, uses) = ((self.c / self.groups).is_multiple_of(2), self.kd * self.kh * self.kw * (self.o / self.groups));
        !self.depthwise() && self.run().1 > 1 && W::pairs(level, even, uses)
    }

    /// Whether products with narrow weights are worth splitting the input for.
    fn splits(&self) -> bool {
        !self.depthwise() && self.kd * self.kh * self.kw * (self.o / self.groups) >= 16
    }

    /// The runs of a row of the kernel, and the words of each: all in one where the taps lie next to each other.
    const fn run(&self) -> (usize, usize) {
        let inputs = self.c / self.groups;
        if self.dw == 1 && self.groups == 1 { (1, self.kw * inputs) } else { (self.kw, inputs) }
    }

    fn check(&self) {
        let (kernel, stride, dilation) = ([self.kd, self.kh, self.kw], [self.sd, self.sh, self.sw], [self.dd, self.dh, self.dw]);
        let sizes = kernel.iter().chain(&stride).chain(&dilation).chain([&self.groups]);
        assert!(sizes.copied().all(|size| size > 0), "kernel, stride, dilation and groups are at least 1: {self:?}");
        let whole = self.c.is_multiple_of(self.groups) && self.o.is_multiple_of(self.groups);
        assert!(whole, "groups divide the channels of input and output: {self:?}");
    }
}

const fn outputs_along(padded: usize, kernel: usize, dilation: usize, stride: usize) -> usize {
    let span = dilation * (kernel - 1) + 1;
    if padded < span { 0 } else { (padded - span) / stride + 1 }
}

/// `z[batch][od][oh][ow][o] += conv(x, w)` for every sample of `x[batch][d][h][w][c]`, mod 2^BITS, or mod
/// 2^n where the weights were packed for such a ring.
///
/// A linear layer, and every 1 by 1 convolution, is one matrix product over the pixels of all samples.
///
/// # Panics
/// If `x` has fewer than `batch * conv.inputs()` words, `z` fewer than `batch * conv.outputs()`, or `weights` was packed
/// for another kernel or other channels.
pub fn accumulate<W: Word>(conv: &Conv, batch: usize, x: &[W], weights: &PackedWeights<W>, z: &mut [W], scratch: &mut Scratch<W>) {
    accumulate_at(weights.level(), conv, batch, x, weights, z, scratch);
}

pub(crate) fn accumulate_at<W: Word>(
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
    let x = &x[..inputs];
    let x = if conv.pd == 0 && conv.ph == 0 && conv.pw == 0 { x } else { scratch.padded.fill(conv, batch, x) };
    let (z, work) = (&mut z[..outputs], batch * conv.multiply_adds());
    let one = Threads::default();
    let threads = if work < WORTH_THREADS { &one } else { &scratch.threads };
    if conv.depthwise() {
        depthwise(level, conv, x, weights, z, threads);
    } else {
        dense(level, conv, x, weights, z, &mut scratch.sums, threads);
    }
}

/// Products that one thread does in the time in which others are woken.
const WORTH_THREADS: usize = 1 << 19;

/// The pixels of each thread: whole tiles of any level, where there are so many that it does not leave a thread with little or nothing to do.
fn share(pixels: usize, threads: &Threads) -> usize {
    let even = pixels.div_ceil(threads.count());
    if even < 8 * TILES { even } else { even.next_multiple_of(TILES) }
}

/// Pixels of whole tiles of any level.
const TILES: usize = 24;

/// Words of a row and of a slice of the padded input.
fn padded(conv: &Conv) -> (usize, usize) {
    let row = (conv.w + 2 * conv.pw) * conv.c;
    (row, (conv.h + 2 * conv.ph) * row)
}

/// Where the pixels start in the padded input.
fn walk(conv: &Conv) -> Walk {
    let (row, slice) = padded(conv);
    Walk {
        size: (conv.ow(), conv.oh(), conv.od()),
        step: (conv.sw * conv.c, conv.sh * row, conv.sd * slice, (conv.d + 2 * conv.pd) * slice),
    }
}

/// The taps of the kernel.
fn runs(conv: &Conv) -> impl Iterator<Item = Run> {
    let ((row, slice), (columns, len)) = (padded(conv), conv.run());
    let (dd, dh, dw) = (conv.dd * slice, conv.dh * row, conv.dw * conv.c);
    let rows = (0..conv.kd).flat_map(move |kz| (0..conv.kh).map(move |ky| kz * dd + ky * dh));
    rows.flat_map(move |start| (0..columns).map(move |kx| Run { at: start + kx * dw, len }))
}

fn dense<W: Word>(
    level: Level,
    conv: &Conv,
    x: &[W],
    weights: &PackedWeights<W>,
    z: &mut [W],
    sums: &mut scratch::Sums<W>,
    threads: &Threads,
) {
    // Portable code does without pairs and digits.
    let portable = matches!(level, Level::Portable);
    let (paired, split) = (weights.paired() && !portable, weights.splits() && !portable);
    let (walk, runs): (Walk, Vec<Run>) = (walk(conv), runs(conv).collect());
    let chunks = Taps::chunks(runs.iter().copied());
    let (inputs, outputs, pixels) = (conv.c / conv.groups, conv.o / conv.groups, z.len() / conv.o);
    let unit = pairs::unit(inputs);
    let share = share(pixels, threads);
    if paired || split {
        sums.make_room(x.len() / unit + 2, share, threads.count());
    } else {
        sums.make_room(0, 0, threads.count());
    }
    if paired {
        W::pair_sums(level, x, unit, &mut sums.input);
    } else if split {
        sums.split(x, unit);
    }
    let deepest = chunks.iter().map(|(_, taps)| taps.depth).max().unwrap_or(0);
    let touched = deepest.min(conv.kd * conv.kh * conv.sw * conv.c);
    let (input, digits) = (&sums.input, &sums.digits);
    threads.each(z.chunks_mut(share * conv.o).zip(&mut sums.pixels).enumerate(), |(part, (z, pixel_sums))| {
        for (first, count) in strips::<W>(z.len() / conv.o, touched) {
            let first_pixel = part * share + first;
            let strip = Strip::new(walk, first_pixel, count);
            for group in 0..conv.groups {
                let start = group * inputs;
                if paired || split {
                    pairs::of_pixels(input, (unit, paired), start, walk, &runs, (first_pixel, count), pixel_sums);
                }
                for (before, taps) in &chunks {
                    let mut panels = weights.panels(group).peekable();
                    while let Some(panel) = panels.next() {
                        // Weights of digits are moved, which portable code knows nothing of.
                        let moved = (portable && weights.splits()).then(|| panel.moved_back(*before, taps.depth));
                        let less = Less { weights: panel.sums, pixels: pixel_sums };
                        let job = Job {
                            x: if split { Input::Digits(&digits[start..]) } else { Input::Words(&x[start..]) },
                            strip: &strip,
                            taps,
                            w: match &moved {
                                Some(words) => words,
                                None => panel.rows(*before, taps.depth),
                            },
                            next: panels.peek().map_or(&[], |next| next.rows(*before, taps.depth)),
                            width: panel.width,
                            channels: panel.channels,
                            ldz: conv.o,
                            paired,
                            less: ((paired || split) && *before == 0).then_some(less),
                        };
                        W::sweep(level, &job, &mut z[first * conv.o + group * outputs + panel.first..]);
                    }
                }
            }
        }
    });
}

/// One channel in, one out: vectors run over the channels of a pixel.
fn depthwise<W: Word>(level: Level, conv: &Conv, x: &[W], weights: &PackedWeights<W>, z: &mut [W], threads: &Threads) {
    let walk = walk(conv);
    let taps: Vec<Run> = runs(conv).map(|run| Run { len: conv.c, ..run }).collect();
    let share = share(z.len() / conv.o, threads);
    threads.each(z.chunks_mut(share * conv.o).enumerate(), |(part, z)| {
        let strip = Strip::new(walk, part * share, z.len() / conv.o);
        for (z, start) in z.chunks_exact_mut(conv.o).zip(strip.starts()) {
            for (tap, w) in taps.iter().zip(weights.words().chunks_exact(conv.o)) {
                W::multiply_add(level, &x[start + tap.at..][..tap.len], w, z);
            }
        }
    });
}

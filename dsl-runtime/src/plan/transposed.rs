//! A transposed convolution as one ordinary convolution at the input's resolution.
//!
//! With stride s a position of the result is `u = q s + r - padding`, and only taps t with `t dilation = r + s m` reach it, from position `q - m` of the input. So
//! each phase r is an ordinary convolution of stride 1 whose tap m is tap `(r + s m) / dilation` of the kernel, or zero where there is none. All phases together are
//! one product with s times as many outputs, over `M = floor(dilation (kernel - 1) / s) + 1` taps an axis; its results only have to be moved between each other.
//! No zero is ever inserted between inputs, let alone opened: where s divides the kernel and there is no dilation, every tap is one of the kernel, and an axis of n
//! inputs takes `n kernel` multiply-adds and some at its ends, where a convolution over inserted zeros takes `n s kernel`. With stride 1 the taps keep their dilation.
//!
//! Which weight goes where is public, and so are the zeros; the owner of the weights arranges them in the clear, before encoding.

use super::step::{Copy, Geometry, innermost};
use crate::graph::op::ConvTranspose;
use serde::{Deserialize, Serialize};
use undertone_shape::Shape;

/// The weight of a transposed convolution as its owner has it, `[c, out / groups, kernel…]`, and where its taps go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transposed {
    /// Channels of the input.
    pub c: usize,
    /// Channels of the result.
    pub out: usize,
    /// Groups of channels that do not mix.
    pub groups: usize,
    /// Taps on each axis.
    pub kernel: [usize; 3],
    /// How far apart in the result neighbours of the input are.
    pub stride: [usize; 3],
    /// The distance of neighbouring taps.
    pub dilation: [usize; 3],
}

/// Phases `phase ..` of an axis, so many, whose outputs start at position `first` of the product, so many, and at position `to` of the result.
#[derive(Clone, Copy)]
struct Segment {
    phase: usize,
    phases: usize,
    first: usize,
    count: usize,
    to: usize,
}

impl Transposed {
    /// That of an operation on an input `[c, spatial…]` with a weight `[c, out / groups, kernel…]`.
    pub(super) fn of(op: &ConvTranspose, input: Shape, weight: Shape) -> Self {
        let axes = input.rank() - 1;
        Self {
            c: input.dim(0),
            out: weight.dim(1) * op.groups,
            groups: op.groups,
            kernel: innermost(&weight.dims()[2..], 1),
            stride: innermost(&op.stride[..axes], 1),
            dilation: innermost(&op.dilation[..axes], 1),
        }
    }

    /// The taps of the product on each axis, and their distance.
    fn taps(&self) -> ([usize; 3], [usize; 3]) {
        let apart = |i: usize| if self.stride[i] == 1 { self.dilation[i] } else { 1 };
        let taps = |i: usize| self.dilation[i] * (self.kernel[i] - 1) / (self.stride[i] * apart(i)) + 1;
        (core::array::from_fn(taps), core::array::from_fn(apart))
    }

    /// The phases.
    pub(super) fn phases(&self) -> usize {
        self.stride.iter().product()
    }

    /// The sizes of the product's weight, as a [`WeightSpec`](super::WeightSpec) has them; `None` for numbers that no plan has.
    pub(super) fn dims(&self) -> Option<[usize; 5]> {
        const MOST: usize = 1 << 24;
        let numbers = || [self.c, self.out, self.groups].into_iter().chain(self.kernel).chain(self.stride).chain(self.dilation);
        let divided = |n: usize| n.is_multiple_of(self.groups);
        if !numbers().all(|n| (1..MOST).contains(&n)) || !divided(self.c) || !divided(self.out) {
            return None;
        }
        let out = self.stride.iter().try_fold(self.out, |n, s| n.checked_mul(*s))?;
        let ([depth, height, width], _) = self.taps();
        Some([out, self.c / self.groups, depth, height, width])
    }

    /// The number of weights that their owner has.
    pub(super) fn given(&self) -> Option<usize> {
        self.kernel.iter().try_fold(self.c.checked_mul(self.out / self.groups.max(1))?, |n, k| n.checked_mul(*k))
    }

    /// The channel of the result that a weight of the owner belongs to.
    pub(super) fn channel(&self, weight: usize) -> usize {
        let (inputs, outputs) = (self.c / self.groups, self.out / self.groups);
        let pair = weight / self.kernel.iter().product::<usize>();
        pair / outputs / inputs * outputs + pair % outputs
    }

    /// The channels of the result in the order of the product's: those of a group together, phase after phase.
    fn channels(&self) -> impl Iterator<Item = (usize, usize)> {
        let (outputs, phases) = (self.out / self.groups, self.phases());
        (0..self.groups).flat_map(move |g| (0..phases).flat_map(move |r| (0..outputs).map(move |o| (g * outputs + o, r))))
    }

    /// One bias of the product for each of its channels.
    pub(super) fn arranged_bias(&self, bias: &[f64]) -> Vec<f64> {
        self.channels().map(|(o, _)| bias[o]).collect()
    }

    /// The product's weights `[channel][c / groups][taps…]`.
    pub(super) fn arranged(&self, given: &[f64]) -> Vec<f64> {
        let ([depth, height, width], _) = self.taps();
        let (inputs, outputs, [_, kh, kw]) = (self.c / self.groups, self.out / self.groups, self.kernel);
        let size: usize = self.kernel.iter().product();
        let mut all = Vec::with_capacity(self.out * self.phases() * inputs * depth * height * width);
        for (o, r) in self.channels() {
            let phase = [r / self.stride[2] / self.stride[1], r / self.stride[2] % self.stride[1], r % self.stride[2]];
            for c in (0..inputs).map(|c| o / outputs * inputs + c) {
                let kernel = &given[(c * outputs + o % outputs) * size..][..size];
                for tap in (0..depth * height * width).map(|t| [t / width / height, t / width % height, t % width]) {
                    let of = |i: usize| self.tap(i, phase[i], tap[i]);
                    let at = of(0).zip(of(1)).zip(of(2)).map(|((d, h), w)| (d * kh + h) * kw + w);
                    all.push(at.map_or(0.0, |at| kernel[at]));
                }
            }
        }
        all
    }

    /// The tap of the kernel that is tap `tap` of a phase of axis `i`.
    fn tap(&self, i: usize, phase: usize, tap: usize) -> Option<usize> {
        // the product reads inputs in rising order, a transposed convolution in falling order
        let m = self.taps().0[i] - 1 - tap;
        if self.stride[i] == 1 {
            return Some(m);
        }
        let reached = phase + self.stride[i] * m;
        Some(reached / self.dilation[i]).filter(|t| reached.is_multiple_of(self.dilation[i]) && *t < self.kernel[i])
    }

    /// The product, and the moves that make its result the one of the operation: `[spatial…, out]`, of these sizes, after `padding` positions were taken off.
    pub(super) fn product(&self, input: [usize; 3], result: [usize; 3], padding: [usize; 3]) -> (Geometry, Vec<Copy>) {
        let (kernel, dilation) = self.taps();
        // the first and the last q that the result has, and as much padding as reaches both
        let last = |i: usize| (padding[i] + result[i] - 1) / self.stride[i];
        let before = |i: usize| (dilation[i] * (kernel[i] - 1)).saturating_sub(padding[i] / self.stride[i]);
        let around: [usize; 3] = core::array::from_fn(|i| before(i).max((last(i) + 1).saturating_sub(input[i])));
        let out = self.out * self.phases();
        let geometry = Geometry { size: input, c: self.c, kernel, stride: [1; 3], padding: around, dilation, out, groups: self.groups };
        let conv = geometry.conv();
        // the q of the product's first position; less padding than it would take to start with q = 0 starts later
        let start: [usize; 3] = core::array::from_fn(|i| (dilation[i] * (kernel[i] - 1)).saturating_sub(around[i]));
        let skipped: [usize; 3] = core::array::from_fn(|i| around[i].saturating_sub(dilation[i] * (kernel[i] - 1)));
        let segments: [Vec<Segment>; 3] = core::array::from_fn(|i| segments(self.stride[i], padding[i], result[i], start[i], skipped[i]));
        let (outputs, phases) = (self.out / self.groups, self.phases());
        let rows = |sizes: [usize; 3], channels: usize| [sizes[1] * sizes[2] * channels, sizes[2] * channels, channels];
        let (from, to) = (rows([conv.od(), conv.oh(), conv.ow()], out), rows(result, self.out));
        // the distance of neighbouring phases in the product
        let phase = rows(self.stride, outputs);
        let mut copies = vec![];
        for d in &segments[0] {
            for h in &segments[1] {
                for w in &segments[2] {
                    let (mut axes, mut read, mut written) = (vec![], 0, 0);
                    for (i, s) in [d, h, w].into_iter().enumerate() {
                        axes.push((s.count, from[i], self.stride[i] * to[i]));
                        axes.push((s.phases, phase[i], to[i]));
                        read += s.first * from[i] + s.phase * phase[i];
                        written += s.to * to[i];
                    }
                    axes.push((self.groups, phases * outputs, outputs));
                    axes.push((outputs, 1, 1));
                    copies.push(Copy::along(axes, read, written));
                }
            }
        }
        (geometry, copies)
    }
}

/// The phases of one axis, those with the same positions together: at most three times, as both ends may cut through a window. The product starts with `q = start`, or
/// with the `skipped` positions before `q = 0`.
fn segments(stride: usize, padding: usize, size: usize, start: usize, skipped: usize) -> Vec<Segment> {
    let mut all: Vec<Segment> = vec![];
    for r in 0..stride {
        let q = padding.saturating_sub(r).div_ceil(stride);
        let end = (padding + size).saturating_sub(r).div_ceil(stride);
        let next = Segment { phase: r, phases: 1, first: q + skipped - start, count: end.saturating_sub(q), to: q * stride + r - padding };
        match all.last_mut() {
            Some(last) if (last.first, last.count) == (next.first, next.count) && last.to + last.phases == next.to => last.phases += 1,
            _ => all.push(next),
        }
    }
    all.retain(|s| s.count > 0);
    all
}

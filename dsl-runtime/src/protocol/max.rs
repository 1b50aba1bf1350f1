//! The largest value of each window, by a tree of comparisons.
//!
//! ```text
//! max(a, b) = b + ReLU(a - b)
//! ```
//!
//! A pool is separable: first along the outermost spatial axis, then along the next, so that the level with the most comparisons has the longest rows. Along an axis
//! every window starts with its positions (those in the padding take no part); each level compares neighbours and keeps their order, an odd one stays, until one is
//! left. Windows that overlap share comparisons (`tree`). All comparisons of a level share their rounds.
//!
//! Where only bits below m matter afterwards (a ReLU follows), the comparison works in Z_2^m: no lift, no corrections for it. Otherwise n is the ring's width.
//! Contract: the difference of any two values of a window is in [-2^(m-2), 2^(m-2)).
//!
//! Rounds: those of [`relu`](super::relu) for each level, 4 at m up to 38. At m = 35, n = 35: 35 + 18 + 1 = 54 bits sent a comparison.

use super::over::Over;
use super::relu::{Material, Relu, State};
use super::{Compare, Correlations, Dealing, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic, padded, tree};
use serde::{Deserialize, Serialize};
use undertone_ring::rows::GROUP;
use undertone_ring::{Word, simd};
use zeroize::Zeroize;

/// The geometry of a max pool over `[spatial…, c]`, up to three spatial axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// The sizes of the spatial axes, outermost first; 1 for axes that do not exist.
    pub size: [usize; 3],
    /// The size of the window on each axis.
    pub kernel: [usize; 3],
    /// The step of the window on each axis.
    pub stride: [usize; 3],
    /// Positions added at both ends of each axis.
    pub padding: [usize; 3],
    /// The number of channels.
    pub channels: usize,
}

/// A max pool of some widths, for a batch.
#[derive(Clone, Debug)]
pub struct Max {
    relu: Relu,
    levels: Vec<Level>,
    batch: usize,
}

/// What a party holds for one such step.
pub struct Materials<W>(Vec<Material<W>>);

/// One level of comparisons along one axis of `[outer][size][inner]`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Level {
    outer: usize,
    inner: usize,
    /// The number of positions before and after.
    size: (usize, usize),
    /// Positions before that are compared, and where the larger one goes.
    pairs: Vec<(usize, usize, usize)>,
    /// Positions before that are kept, and where they go.
    kept: Vec<(usize, usize)>,
}

/// A party's half while it runs.
pub struct Run<'a, W: Word> {
    max: &'a Max,
    seat: Seat,
    materials: &'a Materials<W>,
    values: Vec<W>,
    /// The values of the level after this one are written where those of the one before it were.
    next: Vec<W>,
    level: usize,
    /// a - b of the level under way, and at its end max(a - b, 0).
    difference: Vec<W>,
    state: State,
    /// The phase at which the level started.
    start: usize,
}

impl Windows {
    /// The sizes of the result's spatial axes.
    pub fn pooled(&self) -> [usize; 3] {
        core::array::from_fn(|i| (self.size[i] + 2 * self.padding[i] - self.kernel[i]) / self.stride[i] + 1)
    }

    /// The positions inside of axis `axis` that window `k` covers.
    pub fn cover(&self, axis: usize, k: usize) -> core::ops::Range<usize> {
        let (start, padding) = (k * self.stride[axis], self.padding[axis]);
        start.saturating_sub(padding)..(start + self.kernel[axis]).saturating_sub(padding).min(self.size[axis])
    }

    /// The most comparisons of `batch` samples, each level in whole groups: windows that overlap are counted as if they shared none, and one that reaches into the
    /// padding as a whole one. The largest number where that overflows.
    pub fn comparisons(&self, batch: usize) -> usize {
        let (mut sum, mut size, pooled) = (0usize, self.size, self.pooled());
        for axis in 0..3 {
            let others = size[..axis].iter().chain(&size[axis + 1..]);
            let windows = others.chain([&pooled[axis], &self.channels]).fold(batch, |n, s| n.saturating_mul(*s));
            let mut left = self.kernel[axis];
            while left > 1 {
                let level = windows.saturating_mul(left / 2).checked_next_multiple_of(GROUP);
                sum = sum.saturating_add(level.unwrap_or(usize::MAX));
                left = left.div_ceil(2);
            }
            size[axis] = pooled[axis];
        }
        sum
    }

    /// Reduces each window of one sample, channel by channel: `f` over its elements, from `start`.
    pub fn reduce<T: Copy>(&self, start: T, x: &[T], out: &mut [T], f: impl Fn(T, T) -> T) {
        let (pooled, c) = (self.pooled(), self.channels);
        out.fill(start);
        let mut pixels = out.chunks_exact_mut(c);
        for i in 0..pooled[0] {
            for j in 0..pooled[1] {
                for (k, pixel) in (0..pooled[2]).zip(&mut pixels) {
                    for a in self.cover(0, i) {
                        for b in self.cover(1, j) {
                            for d in self.cover(2, k) {
                                let from = &x[((a * self.size[1] + b) * self.size[2] + d) * c..][..c];
                                pixel.iter_mut().zip(from).for_each(|(o, x)| *o = f(*o, *x));
                            }
                        }
                    }
                }
            }
        }
    }

    /// The comparisons of `batch` samples that are made, each level in whole groups. Time: that of listing all windows.
    pub(crate) fn compared(&self, batch: usize) -> usize {
        self.levels().iter().map(|level| level.comparisons(batch)).sum()
    }

    fn levels(&self) -> Vec<Level> {
        let (mut levels, mut size, pooled) = (vec![], self.size, self.pooled());
        for axis in 0..3 {
            let outer = size[..axis].iter().product();
            let inner = size[axis + 1..].iter().product::<usize>() * self.channels;
            let lists = (0..pooled[axis]).map(|k| self.cover(axis, k).collect()).collect();
            levels.extend(Level::all([outer, size[axis], inner], lists));
            size[axis] = pooled[axis];
        }
        levels
    }
}

impl Max {
    /// A pool over `batch` samples in a ring of n bits, which is m where no lift is needed.
    pub fn new(n: u32, compare: Compare, windows: &Windows, batch: usize) -> Self {
        Self { relu: Relu::new(n, 0, compare), levels: windows.levels(), batch }
    }

    /// The largest of each of several lists of positions, over `batch` samples.
    pub fn over(n: u32, compare: Compare, over: &Over, batch: usize) -> Self {
        let levels = Level::all([over.outer, over.size, over.inner], over.windows());
        Self { relu: Relu::new(n, 0, compare), levels: levels.collect(), batch }
    }

    /// The dealer's half.
    pub fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32) {
        for (k, level) in self.compared() {
            self.relu.deal::<W>(d, step, k, level.comparisons(self.batch));
        }
    }

    /// What a party unpacks from its tape.
    pub fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32) -> Result<Materials<W>, TapeError> {
        self.compared()
            .map(|(k, level)| self.relu.expand(tape, step, k, level.comparisons(self.batch)))
            .collect::<Result<_, _>>()
            .map(Materials)
    }

    /// Messages and corrections.
    pub fn traffic<W: Word>(&self) -> Traffic {
        self.compared().map(|(_, level)| self.relu.traffic::<W>(level.comparisons(self.batch))).sum()
    }

    /// A party's half, on its share `z` of `[batch][spatial…][c]`.
    pub fn run<'a, W: Word>(&'a self, seat: Seat, materials: &'a Materials<W>, z: &[W]) -> Run<'a, W> {
        let (next, difference) = (vec![], vec![]);
        Run { max: self, seat, materials, values: z.to_vec(), next, level: 0, difference, state: State::default(), start: 0 }
    }

    /// The levels that compare anything, with their numbers.
    fn compared(&self) -> impl Iterator<Item = (u32, &Level)> {
        self.levels.iter().filter(|l| !l.pairs.is_empty()).enumerate().map(|(k, l)| (k as u32, l))
    }
}

impl Over {
    /// The comparisons of `batch` samples by pairs that are made, each level in whole groups. Time: that of listing all windows.
    pub(crate) fn compared(&self, batch: usize) -> usize {
        Level::all([self.outer, self.size, self.inner], self.windows()).map(|level| level.comparisons(batch)).sum()
    }
}

impl Level {
    /// The levels along an axis of `[outer][size][inner]` that leave one position for each list.
    fn all([outer, size, inner]: [usize; 3], lists: Vec<Vec<usize>>) -> impl Iterator<Item = Self> {
        let steps = tree::tree(lists, size).into_iter();
        steps.map(move |s| Self { outer, inner, size: (s.before, s.after), pairs: s.pairs, kept: s.kept })
    }

    /// The number of comparisons of a batch, with padding.
    fn comparisons(&self, batch: usize) -> usize {
        padded(batch * self.outer * self.pairs.len() * self.inner)
    }

    /// a - b for every pair, in the order [outer][pair][inner], padded with zeros.
    fn differences<W: Word>(&self, batch: usize, x: &[W], out: &mut Vec<W>) {
        let (rows, width) = (self.size.0 * self.inner, self.pairs.len() * self.inner);
        renew(out, self.comparisons(batch));
        simd::vectorize(
            #[inline(always)]
            || {
                for (x, out) in x.chunks_exact(rows).zip(out.chunks_exact_mut(width)).take(batch * self.outer) {
                    for ((a, b, _), out) in self.pairs.iter().zip(out.chunks_exact_mut(self.inner)) {
                        let (a, b) = (&x[a * self.inner..][..self.inner], &x[b * self.inner..][..self.inner]);
                        out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (a, b))| *o = a.sub(*b));
                    }
                }
            },
        );
        out[batch * self.outer * width..].fill(W::from_u64(0));
    }

    /// b + u for every pair, and what is kept.
    fn advance<W: Word>(&self, batch: usize, x: &[W], u: &[W], out: &mut Vec<W>) {
        let (rows, width, left) = (self.size.0 * self.inner, self.pairs.len() * self.inner, self.size.1 * self.inner);
        renew(out, batch * self.outer * left);
        simd::vectorize(
            #[inline(always)]
            || {
                for (o, (x, out)) in x.chunks_exact(rows).zip(out.chunks_exact_mut(left)).take(batch * self.outer).enumerate() {
                    let u = u[o * width..][..width].chunks_exact(self.inner);
                    for ((_, b, at), u) in self.pairs.iter().zip(u) {
                        let (b, to) = (&x[b * self.inner..][..self.inner], &mut out[at * self.inner..][..self.inner]);
                        to.iter_mut().zip(b.iter().zip(u)).for_each(|(t, (b, u))| *t = b.add(*u));
                    }
                    for (a, at) in &self.kept {
                        out[at * self.inner..][..self.inner].copy_from_slice(&x[a * self.inner..][..self.inner]);
                    }
                }
            },
        );
    }
}

/// Gives a vector of shares another length, without leaving any in memory that is given back; what it holds then is of no meaning.
fn renew<W: Word>(values: &mut Vec<W>, len: usize) {
    if values.capacity() < len {
        values.zeroize();
        values.reserve_exact(len);
    }
    values.resize(len, W::from_u64(0));
}

impl<W> Drop for Run<'_, W>
where
    W: Word,
{
    fn drop(&mut self) {
        self.values.zeroize();
        self.next.zeroize();
        self.difference.zeroize();
    }
}

impl<W: Word> Run<'_, W> {
    /// Passes levels that compare nothing; leaves the differences of the next one, or says that there is none.
    fn settle(&mut self) -> bool {
        while let Some(level) = self.max.levels.get(self.level) {
            if !level.pairs.is_empty() {
                level.differences(self.max.batch, &self.values, &mut self.difference);
                return true;
            }
            self.advance(0);
        }
        false
    }

    /// The values after this level, whose shares of max(a - b, 0) are the first so many words of the differences.
    fn advance(&mut self, compared: usize) {
        self.max.levels[self.level].advance(self.max.batch, &self.values, &self.difference[..compared], &mut self.next);
        core::mem::swap(&mut self.values, &mut self.next);
        self.level += 1;
    }

    fn compared_before(&self) -> usize {
        self.max.levels[..self.level].iter().filter(|l| !l.pairs.is_empty()).count()
    }

    fn step(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>) {
        let material = &self.materials.0[self.compared_before()];
        // the first phase reads the differences, and the last one writes over them
        let z = if k == 0 { self.difference.as_slice() } else { &[] };
        let (relu, seat) = (&self.max.relu, self.seat);
        if k < relu.rounds() {
            relu.phase(k, seat, material, z, &mut self.state, round, out, &mut []);
        } else {
            relu.phase(k, seat, material, &[], &mut self.state, round, out, &mut self.difference);
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.max.relu.rounds() * self.max.compared().count()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let at = k - self.start;
        if k > 0 {
            self.step(at, round, out);
            if at < self.max.relu.rounds() {
                return;
            }
            self.advance(self.difference.len());
            self.state = State::default();
            self.start = k;
        }
        if self.settle() {
            self.step(0, Round::NONE, out);
        } else {
            result[..self.values.len()].copy_from_slice(&self.values);
        }
    }
}

impl<W: Word> Protocol<W> for Max {
    fn traffic(&self) -> Traffic {
        self.traffic::<W>()
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        self.deal::<W>(d, step);
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        Ok(Box::new((self.clone(), self.expand::<W>(tape, step)?)))
    }
}

impl<W: Word> Correlations<W> for (Max, Materials<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(self.0.run(seat, &self.1, z))
    }
}

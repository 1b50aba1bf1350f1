//! The largest value of each window, by a tree of comparisons.
//!
//! ```text
//! max(a, b) = b + ReLU(a - b)
//! ```
//!
//! A pool is separable: first along the innermost spatial axis, then along the next. Along an axis every window starts with its positions (those in the
//! padding take no part); each level compares neighbours (i, i + 1) and keeps their order, an odd one stays, until one is left. All comparisons of a level share
//! their rounds.
//!
//! Where only bits below m matter afterwards (a ReLU follows), the comparison works in Z_2^m: no lift, no corrections for it. Otherwise n is the ring's width.
//! Contract: the difference of any two values of a window is in [-2^(m-2), 2^(m-2)).
//!
//! Rounds: those of [`relu`](super::relu) for each level, 4 at m up to 38. At m = 35, n = 35: 35 + 18 + 1 = 54 bits sent a comparison.

use super::relu::{Material, Relu, State};
use super::{Compare, Correlations, Dealing, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic, padded};
use serde::{Deserialize, Serialize};
use undertone_ring::Word;
use undertone_ring::rows::GROUP;
use zeroize::{Zeroize, Zeroizing};

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
    level: usize,
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

    /// The comparisons of `batch` samples, each level in whole groups; a window that reaches into the padding counts as a whole one. The largest number where
    /// that overflows.
    pub fn comparisons(&self, batch: usize) -> usize {
        let (mut sum, mut size, pooled) = (0usize, self.size, self.pooled());
        for axis in (0..3).rev() {
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

    fn levels(&self) -> Vec<Level> {
        let (mut levels, mut size, pooled) = (vec![], self.size, self.pooled());
        for axis in (0..3).rev() {
            let outer = size[..axis].iter().product();
            let inner = size[axis + 1..].iter().product::<usize>() * self.channels;
            let mut lists: Vec<Vec<usize>> = (0..pooled[axis]).map(|k| self.cover(axis, k).collect()).collect();
            let mut before = size[axis];
            let untouched = |lists: &[Vec<usize>], before| lists.len() == before && lists.iter().enumerate().all(|(k, l)| l == &[k]);
            while !untouched(&lists, before) {
                let mut level = Level { outer, inner, size: (before, 0), pairs: vec![], kept: vec![] };
                for list in &mut lists {
                    *list = list
                        .chunks(2)
                        .map(|pair| {
                            let to = level.size.1;
                            level.size.1 += 1;
                            match *pair {
                                [a, b] => level.pairs.push((a, b, to)),
                                [a] => level.kept.push((a, to)),
                                _ => {}
                            }
                            to
                        })
                        .collect();
                }
                before = level.size.1;
                levels.push(level);
            }
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
        Run { max: self, seat, materials, values: z.to_vec(), level: 0, difference: vec![], state: State::default(), start: 0 }
    }

    /// The levels that compare anything, with their numbers.
    fn compared(&self) -> impl Iterator<Item = (u32, &Level)> {
        self.levels.iter().filter(|l| !l.pairs.is_empty()).enumerate().map(|(k, l)| (k as u32, l))
    }
}

impl Level {
    /// The number of comparisons of a batch, with padding.
    fn comparisons(&self, batch: usize) -> usize {
        padded(batch * self.outer * self.pairs.len() * self.inner)
    }

    /// a - b for every pair, in the order [outer][pair][inner].
    fn differences<W: Word>(&self, batch: usize, x: &[W]) -> Vec<W> {
        let mut out = Vec::with_capacity(self.comparisons(batch));
        for o in 0..batch * self.outer {
            let rows = &x[o * self.size.0 * self.inner..];
            for (a, b, _) in &self.pairs {
                let (a, b) = (&rows[a * self.inner..][..self.inner], &rows[b * self.inner..][..self.inner]);
                out.extend(a.iter().zip(b).map(|(a, b)| a.sub(*b)));
            }
        }
        out.resize(self.comparisons(batch), W::from_u64(0));
        out
    }

    /// b + u for every pair, and what is kept.
    fn advance<W: Word>(&self, batch: usize, x: &[W], u: &[W]) -> Vec<W> {
        let mut out = vec![W::from_u64(0); batch * self.outer * self.size.1 * self.inner];
        for o in 0..batch * self.outer {
            let from = &x[o * self.size.0 * self.inner..];
            let to = &mut out[o * self.size.1 * self.inner..];
            for (p, (_, b, at)) in self.pairs.iter().enumerate() {
                let u = &u[(o * self.pairs.len() + p) * self.inner..][..self.inner];
                let b = &from[b * self.inner..][..self.inner];
                to[at * self.inner..][..self.inner].iter_mut().zip(b.iter().zip(u)).for_each(|(t, (b, u))| *t = b.add(*u));
            }
            for (a, at) in &self.kept {
                to[at * self.inner..][..self.inner].copy_from_slice(&from[a * self.inner..][..self.inner]);
            }
        }
        out
    }
}

impl<W> Drop for Run<'_, W>
where
    W: Word,
{
    fn drop(&mut self) {
        self.values.zeroize();
        self.difference.zeroize();
    }
}

impl<W: Word> Run<'_, W> {
    /// Passes levels that compare nothing; leaves the differences of the next one, or none at the end.
    fn settle(&mut self) {
        self.difference.zeroize();
        while let Some(level) = self.max.levels.get(self.level) {
            if !level.pairs.is_empty() {
                self.difference = level.differences(self.max.batch, &self.values);
                return;
            }
            let next = level.advance(self.max.batch, &self.values, &[]);
            core::mem::replace(&mut self.values, next).zeroize();
            self.level += 1;
        }
    }

    fn compared_before(&self) -> usize {
        self.max.levels[..self.level].iter().filter(|l| !l.pairs.is_empty()).count()
    }

    fn step(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, u: &mut [W]) {
        let material = &self.materials.0[self.compared_before()];
        self.max.relu.phase(k, self.seat, material, &self.difference, &mut self.state, round, out, u);
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.max.relu.rounds() * self.max.compared().count()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        if k == 0 {
            self.settle();
        } else if k - self.start == self.max.relu.rounds() {
            let mut u = Zeroizing::new(vec![W::from_u64(0); self.difference.len()]);
            self.step(k - self.start, round, out, &mut u);
            let next = self.max.levels[self.level].advance(self.max.batch, &self.values, &u);
            core::mem::replace(&mut self.values, next).zeroize();
            self.level += 1;
            self.state = State::default();
            self.start = k;
            self.settle();
        } else {
            self.step(k - self.start, round, out, &mut []);
            return;
        }
        if self.difference.is_empty() {
            result[..self.values.len()].copy_from_slice(&self.values);
        } else {
            self.step(0, Round::NONE, out, &mut []);
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

//! The largest of each window, by groups of up to four of its positions at once.
//!
//! As [`max`](super::max), but a level takes groups and not pairs (`contest`): fewer rounds, and more corrections from the dealer. A group that several windows have is
//! compared once: of windows of 9 with a step of 1, by groups of 3, each has one group of its own on the first level instead of three. Axes whose
//! windows together have no more positions than a group are taken at once, so a window of 2 by 2 is one group of 4.
//!
//! The ring of the values has n bits, m where only those matter afterwards. Contract: the difference of any two values of a window is in [-2^(m-2), 2^(m-2)).
//!
//! Rounds, bits sent and bits of corrections per window, for m = n = 26 and many windows at once; in the ring of 64 bits with m = 35 below:
//!
//! | window | pairs | groups of 3 | of 4 |
//! |---|---|---|---|
//! | 2 by 2 | 8, 114, 489 | as pairs | 4, 150, 1680 |
//! | 3 by 3 | 16, 304, 1304 | 8, 352, 2476 | as groups of 3 |
//! | 2 by 2, 64 | 8, 162, 1134 | 8, 249, 873 | 4, 306, 3474 |
//! | 3 by 3, 64 | 16, 432, 3024 | 8, 740, 4772 | as groups of 3 |

use super::argmax::comparisons;
use super::contest::{Contest, Material, State, Values, divided};
use super::max::Windows;
use super::over::Over;
use super::{Compare, Correlations, Dealing, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic};
use std::collections::HashMap;
use undertone_ring::Word;

/// The most windows whose positions are listed over several axes at once.
const LISTED: usize = 1 << 20;

/// A max pool by groups, for a batch.
#[derive(Clone, Debug)]
pub struct Pool {
    levels: Vec<Contest>,
}

/// What a party holds for one such step.
pub struct Materials<W>(Vec<Option<Material<W>>>);

/// A party's half while it runs.
pub struct Run<'a, W: Word> {
    pool: &'a Pool,
    seat: Seat,
    materials: &'a Materials<W>,
    x: Values<W>,
    level: usize,
    state: State<W>,
    /// The phase at which the level started.
    start: usize,
}

/// Neighbouring axes of a window that are taken at once.
pub(super) struct Span {
    first: usize,
    last: usize,
}

impl Windows {
    /// The axes that are taken at once by groups of `group`, the innermost ones first.
    pub(super) fn spans(&self, group: usize) -> Vec<Span> {
        let (pooled, mut spans) = (self.pooled(), Vec::<Span>::new());
        for axis in (0..3).rev() {
            let over = |sizes: &[usize; 3], last: usize| sizes[axis..=last].iter().fold(1usize, |n, s| n.saturating_mul(*s));
            match spans.last_mut() {
                Some(span) if over(&self.kernel, span.last) <= group && over(&pooled, span.last) <= LISTED => span.first = axis,
                _ => spans.push(Span { first: axis, last: axis }),
            }
        }
        spans
    }

    /// The most comparisons that [`Pool`] makes for `batch` samples: exactly those, where nothing is padded and no two windows have a group in common. The largest number where that overflows.
    pub fn comparisons_by(&self, group: usize, batch: usize) -> usize {
        let (mut sum, mut size, pooled) = (0usize, self.size, self.pooled());
        for span in self.spans(group) {
            let axes = span.first..=span.last;
            let product = |sizes: &[usize]| sizes.iter().fold(1usize, |n, s| n.saturating_mul(*s));
            size[axes.clone()].copy_from_slice(&pooled[axes.clone()]);
            let windows = product(&size).saturating_mul(self.channels).saturating_mul(batch);
            let (positions, uneven) = (product(&self.kernel[axes.clone()]), self.padding[axes].iter().any(|p| *p > 0));
            sum = sum.saturating_add(comparisons(positions, group, windows, uneven));
        }
        sum
    }

    /// The lists of positions that each window of a span has, all axes of the span flattened.
    fn lists(&self, span: &Span) -> Vec<Vec<usize>> {
        let mut lists: Vec<Vec<usize>> = vec![vec![0]];
        for axis in span.first..=span.last {
            let covers: Vec<Vec<usize>> = (0..self.pooled()[axis]).map(|k| self.cover(axis, k).collect()).collect();
            let with = |list: &Vec<usize>, cover: &Vec<usize>| {
                list.iter().flat_map(|p| cover.iter().map(move |c| p * self.size[axis] + c)).collect()
            };
            lists = lists.iter().flat_map(|list| covers.iter().map(move |cover| with(list, cover))).collect();
        }
        lists
    }
}

impl Pool {
    /// A pool over `batch` samples in a ring of n bits by groups of up to `group`, 2 to 4; the comparison is not fused.
    pub fn new(n: u32, compare: Compare, group: usize, windows: &Windows, batch: usize) -> Self {
        let (mut levels, mut size, pooled) = (vec![], windows.size, windows.pooled());
        for span in windows.spans(group) {
            let product = |sizes: &[usize]| sizes.iter().product::<usize>();
            let (outer, inner) = (batch * product(&size[..span.first]), product(&size[span.last + 1..]) * windows.channels);
            let before = product(&size[span.first..=span.last]);
            levels.extend(levels_of(n, compare, group, [outer, before, inner], windows.lists(&span)));
            size[span.first..=span.last].copy_from_slice(&pooled[span.first..=span.last]);
        }
        Self { levels }
    }

    /// The largest of each of several lists of positions, by groups as [`new`](Self::new).
    pub fn over(n: u32, compare: Compare, group: usize, over: &Over, batch: usize) -> Self {
        Self { levels: levels_of(n, compare, group, [batch * over.outer, over.size, over.inner], over.windows()) }
    }

    /// The comparisons of all levels.
    #[cfg(test)]
    pub fn comparisons(&self) -> usize {
        self.levels.iter().map(Contest::comparisons).sum()
    }

    /// The dealer's half.
    pub fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32) {
        for (k, level) in self.compared() {
            level.deal::<W>(d, step, k);
        }
    }

    /// What a party unpacks from its tape.
    ///
    /// # Errors
    /// [`TapeError`] where the tape is too short.
    pub fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32) -> Result<Materials<W>, TapeError> {
        let mut materials = vec![];
        for (k, level) in (0..).zip(&self.levels) {
            materials.push(if level.comparisons() > 0 { Some(level.expand(tape, step, k)?) } else { None });
        }
        Ok(Materials(materials))
    }

    /// Messages and corrections.
    pub fn traffic<W: Word>(&self) -> Traffic {
        self.compared().map(|(_, level)| level.traffic::<W>()).sum()
    }

    /// A party's half, on its share `z` of `[batch][spatial…][c]`.
    pub fn run<'a, W: Word>(&'a self, seat: Seat, materials: &'a Materials<W>, z: &[W]) -> Run<'a, W> {
        let x = Values { values: z.to_vec(), indices: vec![] };
        Run { pool: self, seat, materials, x, level: 0, state: State::default(), start: 0 }
    }

    /// The levels that compare anything, with their numbers.
    fn compared(&self) -> impl Iterator<Item = (u32, &Contest)> {
        (0..).zip(&self.levels).filter(|(_, level)| level.comparisons() > 0)
    }
}

/// The levels along an axis of `[outer][before][inner]` that leave one position for each list.
fn levels_of(n: u32, compare: Compare, group: usize, [outer, mut before, inner]: [usize; 3], mut lists: Vec<Vec<usize>>) -> Vec<Contest> {
    let mut levels = vec![];
    while !(lists.len() == before && lists.iter().enumerate().all(|(k, list)| *list == [k])) {
        let sizes = lists.iter().map(Vec::len).max().unwrap_or(0);
        let mut groups: Vec<Vec<usize>> = vec![];
        // windows that overlap share groups; what each keeps in the end is its own
        let mut made: HashMap<Vec<usize>, usize> = HashMap::new();
        for list in &mut lists {
            let mut rest = list.as_slice();
            let mut next = vec![];
            for size in divided(list.len(), group) {
                let (members, after) = rest.split_at(size);
                rest = after;
                let place = if let Some(place) = made.get(members).filter(|_| sizes > 1) {
                    *place
                } else {
                    groups.push(members.to_vec());
                    made.insert(members.to_vec(), groups.len() - 1);
                    groups.len() - 1
                };
                next.push(place);
            }
            *list = next;
        }
        let left = groups.len();
        levels.push(Contest::new(n, compare, (outer, before, inner), groups.into_iter()));
        before = left;
    }
    levels
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.pool.compared().map(|(_, level)| level.rounds()).sum()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let mut round = round;
        while let Some(level) = self.pool.levels.get(self.level) {
            let next = match &self.materials.0[self.level] {
                Some(material) => level.phase(k - self.start, self.seat, material, &self.x, &mut self.state, round, out),
                None => Some(Values { values: level.moved(&self.x.values), indices: vec![] }),
            };
            let Some(next) = next else { return };
            self.x = next;
            self.level += 1;
            self.state = State::default();
            (self.start, round) = (k, Round::NONE);
        }
        result[..self.x.values.len()].copy_from_slice(&self.x.values);
    }
}

impl<W: Word> Protocol<W> for Pool {
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

impl<W: Word> Correlations<W> for (Pool, Materials<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(self.0.run(seat, &self.1, z))
    }
}

#[cfg(test)]
mod tests;

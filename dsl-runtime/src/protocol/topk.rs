//! The k largest values along an axis, or their indices, the largest first and the lowest index first of equal ones.
//!
//! Short axes are one group, in which every pair is compared (`rank`). Long ones are cut into groups that each keep their k largest in order; as many of
//! these lists as fit make a group of the next level, until one is left:
//!
//! ```text
//! 1000 values, k = 5, groups of 20: 50 groups leave 250, these 13 groups of 4 lists 65, these 4 groups 20, and one group 5
//! ```
//!
//! Everything is in the ring Z_2^m, or where values are wanted in the ring that they are wanted in. Indices are integers mod 2^q, q = ceil(log2 size) and at least 1.
//!
//! A level is 1 opening, the merges (2 for m = 15 to 38), 1 round of bits, 1 of ranks: 5 rounds. Contract: the difference of any two values along the axis is in
//! [-2^(m-2), 2^(m-2)).

use super::argmax::Axis;
use super::contest::Values;
use super::rank::{self, Index, Material, Rank, State, Wanted};
use super::{Compare, Correlations, Dealing, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic};
use serde::{Deserialize, Serialize};
use undertone_ring::Word;

/// The most members of a group.
pub const LARGEST: usize = 64;

/// What is sought along an axis of each sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The axis.
    pub axis: Axis,
    /// How many are found, at least 1 and at most as many as there are.
    pub k: usize,
    /// The most members of a group: at least two lists of k, unless one group is enough.
    pub group: usize,
    /// Whether values are wanted and not indices.
    pub values: bool,
}

/// The k largest along an axis.
#[derive(Clone, Debug)]
pub struct TopK {
    levels: Vec<Rank>,
    results: usize,
    values: bool,
}

/// What a party holds for one such step.
pub struct Materials<W>(Vec<Material<W>>);

/// A party's half while it runs.
pub struct Run<'a, W: Word> {
    topk: &'a TopK,
    seat: Seat,
    materials: &'a Materials<W>,
    x: Values<W>,
    level: usize,
    state: State<W>,
    /// The phase at which the level started.
    start: usize,
}

impl Search {
    /// Sizes of groups among which a plan chooses.
    pub const GROUPS: [usize; 11] = [4, 6, 8, 10, 12, 16, 20, 24, 32, 48, LARGEST];

    /// Whether it can be computed.
    pub fn is_valid(&self) -> bool {
        let size = self.axis.size;
        let fits = (1..=size).contains(&self.k) && (2..=LARGEST).contains(&self.group);
        fits && (size <= self.group || self.k.checked_mul(2).is_some_and(|two| two <= self.group))
    }

    /// The number of results of one sample.
    pub const fn results(&self) -> usize {
        self.axis.results() * self.k
    }

    /// The lists that each level takes, and how many of them make a group.
    fn levels(&self) -> impl Iterator<Item = (Vec<usize>, usize)> {
        let mut lists = vec![1; self.axis.size];
        let mut per = self.group;
        core::iter::from_fn(move || {
            if lists.len() <= 1 {
                return None;
            }
            let left = rank::left(&lists, per, self.k);
            let level = (core::mem::replace(&mut lists, left), per);
            per = (self.group / self.k).max(2);
            Some(level)
        })
    }

    /// The comparisons of `batch` samples, or a few more: the largest number where that overflows.
    pub fn comparisons(&self, batch: usize) -> usize {
        self.count(batch, |members| members * (members - 1) / 2)
    }

    /// The words that `batch` samples compare and look up, or a few more: the largest number where that overflows.
    pub fn elements(&self, batch: usize) -> usize {
        // each pair of a group, and for each member up to three tables of an entry a rank
        self.count(batch, |members| members * (members - 1) / 2 + 3 * members * members.next_power_of_two())
    }

    /// The sum over the groups of all levels of what each has for its members.
    fn count(&self, batch: usize, each: impl Fn(usize) -> usize) -> usize {
        let rows = batch.saturating_mul(self.axis.results());
        // each class of groups is padded to whole blocks of 32, and all comparisons of a level to whole groups of 256
        let level = |groups: usize, members: usize| {
            let units = rows.saturating_mul(groups).saturating_add(32 * rank::CLASSES);
            units.saturating_mul(each(members)).saturating_add(256)
        };
        let mut lists = self.axis.size.div_ceil(self.group);
        let mut sum = level(lists, self.axis.size.min(self.group));
        let per = (self.group / self.k.max(1)).max(2);
        while lists > 1 {
            let groups = lists.div_ceil(per);
            sum = sum.saturating_add(level(groups, lists.min(per).saturating_mul(self.k)));
            lists = groups;
        }
        sum
    }
}

impl TopK {
    /// For each of `batch` samples, in a ring of n bits, which is m where no values are wanted; the comparison is not fused.
    pub fn new(n: u32, compare: Compare, search: &Search, batch: usize) -> Self {
        let Search { axis, k, values, .. } = *search;
        let all: Vec<(Vec<usize>, usize)> = search.levels().collect();
        let level = |(l, (lists, per)): (usize, &(Vec<usize>, usize))| {
            let index = (!values).then_some(Index { q: axis.bits(), first: l == 0 });
            let wanted = Wanted { values: values || l + 1 < all.len(), index };
            Rank::new((n, compare), [batch * axis.outer, axis.inner], lists, (*per, k), wanted)
        };
        let levels = all.iter().enumerate().map(level).collect();
        Self { levels, results: batch * search.results(), values }
    }

    fn traffic<W: Word>(&self) -> Traffic {
        self.levels.iter().map(Rank::traffic::<W>).sum()
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.topk.levels.iter().map(Rank::rounds).sum()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let Some(level) = self.topk.levels.get(self.level) else {
            // one value alone is the largest, and its index is 0
            if self.topk.levels.is_empty() && self.topk.values {
                result[..self.topk.results].copy_from_slice(&self.x.values[..self.topk.results]);
            }
            return;
        };
        let material = &self.materials.0[self.level];
        let Some(next) = level.phase(k - self.start, self.seat, material, &self.x, &mut self.state, round, out) else { return };
        self.x = next;
        self.level += 1;
        self.state = State::default();
        self.start = k;
        if self.level < self.topk.levels.len() {
            self.phase(k, Round::NONE, out, result);
        } else {
            let found = if self.topk.values { &self.x.values } else { &self.x.indices };
            result[..self.topk.results].copy_from_slice(found);
        }
    }
}

impl<W: Word> Protocol<W> for TopK {
    fn traffic(&self) -> Traffic {
        self.traffic::<W>()
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        for (k, level) in (0..).zip(&self.levels) {
            level.deal::<W>(d, step, k);
        }
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let materials = (0..).zip(&self.levels).map(|(k, level)| level.expand(tape, step, k)).collect::<Result<_, _>>()?;
        Ok(Box::new((self.clone(), Materials(materials))))
    }
}

impl<W: Word> Correlations<W> for (TopK, Materials<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        let x = Values { values: z.to_vec(), indices: vec![] };
        Box::new(Run { topk: &self.0, seat, materials: &self.1, x, level: 0, state: State::default(), start: 0 })
    }
}

#[cfg(test)]
mod tests;

//! The index of the largest value along an axis, the lowest one on a tie: an integer mod 2^q, q = ceil(log2 k) and at least 1.
//!
//! A tree: each level takes groups of up to g neighbours in their order, `contest` leaves one of each group, until one is left. As few groups as g allows, so
//! their sizes differ by at most one; a neighbour that is alone stays. Everything is in the ring Z_2^m: nothing is lifted or truncated. Values are not needed
//! after the last level, so they are not computed there.
//!
//! Where g is more than 4, groups are of 4 until at most g are left, and those are ranked at once (`rank`): one round more than a level, in the place of two levels or more.
//!
//! Contract: the difference of any two values along the axis is in [-2^(m-2), 2^(m-2)); m >= 3; k <= 2^32.
//!
//! A level is 1 opening, the merges (2 for m = 15 to 38), 1 bit: 4 rounds. A group of g costs (g - 1) m bits for its differences, (g - 1) q more from the
//! second level on, and for each of its g (g - 1) / 2 pairs what [`relu`](super::relu) sends after its opening: 19 bits at m = 35.
//!
//! Rounds, bits sent and bits of corrections per index, for m = 26 and many indices at once:
//!
//! | k | groups of 2 | of 3 | of 4 |
//! |---|---|---|---|
//! | 4 | 8, 116, 441 | as 2 | 4, 150, 702 |
//! | 9 | 16, 320, 1272 | 8, 360, 2234 | as 3 |
//! | 10 | 16, 358, 1435 | 12, 378, 2017 | 8, 422, 3295 |
//! | 29 | 20, 1134, 4587 | 16, 1241, 7825 | 12, 1387, 13948 |
//! | 128 | 28, 5267, 21097 | 20, 5852, 39355 | 16, 6555, 72155 |
//!
//! A comparison's corrections are 111 bits of these (6 digits of 16 entries, 1 bit, 14 products), a level's words the rest; on the last level they have q bits only.
//!
//! Padding adds to it where there are few: units of a level to whole blocks of 32, all its comparisons to 256.
//! After the tournaments of Catrina and de Hoogh; all pairs of a group at once after the three-input maxima of ABY2.0.

use super::contest::{self, Contest, Values, groups};
use super::group::LARGEST;
use super::rank::{self, Index, Rank, Wanted};
use super::topk::Search;
use super::{Compare, Correlations, Dealing, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic};
use serde::{Deserialize, Serialize};
use undertone_ring::Word;
use undertone_ring::planes::BLOCK;
use undertone_ring::rows::GROUP;

/// An axis of a sample, `[outer][size][inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// Positions of the axes outside of it.
    pub outer: usize,
    /// Its own positions.
    pub size: usize,
    /// Positions of the axes inside of it.
    pub inner: usize,
}

/// The position of the largest along an axis.
#[derive(Clone, Debug)]
pub struct ArgMax {
    levels: Vec<Level>,
    results: usize,
}

/// A level of groups, or the last one that ranks.
#[derive(Clone, Debug)]
enum Level {
    Groups(Contest),
    Ranked(Rank),
}

enum Material<W> {
    Groups(contest::Material<W>),
    Ranked(rank::Material<W>),
}

/// What a party remembers between the rounds of a level, whichever it is.
struct State<W> {
    groups: contest::State<W>,
    ranked: rank::State<W>,
}

impl<W> Default for State<W> {
    fn default() -> Self {
        Self { groups: contest::State::default(), ranked: rank::State::default() }
    }
}

/// What a party holds for one such step.
pub struct Materials<W>(Vec<Material<W>>);

/// A party's half while it runs.
pub struct Run<'a, W: Word> {
    argmax: &'a ArgMax,
    seat: Seat,
    materials: &'a Materials<W>,
    x: Values<W>,
    level: usize,
    state: State<W>,
    /// The phase at which the level started.
    start: usize,
}

impl Axis {
    /// The number of results.
    pub const fn results(&self) -> usize {
        self.outer.saturating_mul(self.inner)
    }

    /// q: the bits of an index.
    pub const fn bits(&self) -> u32 {
        if self.size <= 2 { 1 } else { (self.size - 1).ilog2() + 1 }
    }

    /// The comparisons of `batch` samples by groups of `group`, each level in whole groups of 256. The largest number where that overflows.
    pub fn comparisons(&self, group: usize, batch: usize) -> usize {
        let rows = batch.saturating_mul(self.outer).saturating_mul(self.inner);
        let Some(search) = self.ranked(group) else { return comparisons(self.size, group, rows, false) };
        let (mut sum, mut left) = (search.comparisons(batch), self.size);
        while left > search.axis.size {
            sum = sum.saturating_add(level(left, LARGEST, rows));
            left = left.div_ceil(LARGEST);
        }
        sum
    }

    /// The same with the words that the last level looks up, if it ranks.
    pub fn elements(&self, group: usize, batch: usize) -> usize {
        self.comparisons(group, batch).saturating_add(self.ranked(group).map_or(0, |search| search.elements(batch)))
    }

    /// Sizes of groups that are ranked at the end, among which a plan chooses.
    pub const RANKED: [usize; 5] = [6, 8, 10, 12, 16];

    /// Whether neighbours can be taken so: 2 to 4, or more that are ranked at the end.
    pub fn takes(&self, group: usize) -> bool {
        (2..=LARGEST).contains(&group) || Self::RANKED.contains(&group) && self.size > group
    }

    /// What is left to rank by groups of more than 4.
    fn ranked(&self, group: usize) -> Option<Search> {
        let mut size = self.size;
        while size > group {
            size = size.div_ceil(LARGEST);
        }
        (group > LARGEST).then_some(Search { axis: Self { size, ..*self }, k: 1, group, values: false })
    }

    /// The values that compete for result `u` of one sample.
    pub fn row<'a, T: Copy>(&self, x: &'a [T], u: usize) -> impl Iterator<Item = T> + 'a {
        let start = u / self.inner * self.size * self.inner + u % self.inner;
        x[start..].iter().step_by(self.inner).take(self.size).copied()
    }
}

/// The comparisons of so many rows of k by groups of `group`, each level in whole groups of 256; the most, if some rows may be shorter. The largest number where that
/// overflows.
pub(super) fn comparisons(k: usize, group: usize, rows: usize, shorter: bool) -> usize {
    let (mut sum, mut left) = (0usize, k);
    if shorter {
        // a group of s loses s - 1 of its members by s (s - 1) / 2 comparisons
        sum = rows.saturating_mul((k - 1).saturating_mul(group).div_ceil(2));
    }
    while left > 1 {
        // of every size of groups less than a block, of all of them less than a group
        let padding = GROUP + BLOCK * (1 + 3 + 6);
        sum = sum.saturating_add(if shorter { padding } else { level(left, group, rows) });
        left = left.div_ceil(group);
    }
    sum
}

/// The comparisons of one level.
fn level(left: usize, group: usize, rows: usize) -> usize {
    let all = groups(left, group).fold(0usize, |n, (size, groups)| {
        let units = rows.saturating_mul(groups).checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX);
        n.saturating_add(units.saturating_mul(size * (size - 1) / 2))
    });
    all.checked_next_multiple_of(GROUP).unwrap_or(usize::MAX)
}

impl Level {
    #[cfg(test)]
    fn comparisons(&self) -> usize {
        match self {
            Self::Groups(level) => level.comparisons(),
            Self::Ranked(level) => level.comparisons(),
        }
    }

    fn rounds(&self) -> usize {
        match self {
            Self::Groups(level) => level.rounds(),
            Self::Ranked(level) => level.rounds(),
        }
    }

    fn traffic<W: Word>(&self) -> Traffic {
        match self {
            Self::Groups(level) => level.traffic::<W>(),
            Self::Ranked(level) => level.traffic::<W>(),
        }
    }

    fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, k: u32) {
        match self {
            Self::Groups(level) => level.deal::<W>(d, step, k),
            Self::Ranked(level) => level.deal::<W>(d, step, k),
        }
    }

    fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32, k: u32) -> Result<Material<W>, TapeError> {
        match self {
            Self::Groups(level) => level.expand(tape, step, k).map(Material::Groups),
            Self::Ranked(level) => level.expand(tape, step, k).map(Material::Ranked),
        }
    }
}

impl ArgMax {
    /// Along the axis of each of `batch` samples, by groups that it [takes](Axis::takes); the comparison is not fused.
    pub fn new(compare: Compare, axis: Axis, group: usize, batch: usize) -> Self {
        let outer = batch * axis.outer;
        let (mut levels, mut left): (Vec<Level>, usize) = (vec![], axis.size);
        while left > 1 {
            let first = levels.is_empty();
            if group > LARGEST && left <= group {
                let wanted = Wanted { values: false, index: Some(Index { q: axis.bits(), first }) };
                levels.push(Level::Ranked(Rank::new((compare.m, compare), [outer, axis.inner], &vec![1; left], (group, 1), wanted)));
                break;
            }
            let level = Contest::of_axis((compare, axis.bits()), [outer, left, axis.inner], group.min(LARGEST), first);
            left = level.left();
            levels.push(Level::Groups(level));
        }
        Self { levels, results: batch * axis.results() }
    }

    /// The comparisons of all levels.
    #[cfg(test)]
    pub fn comparisons(&self) -> usize {
        self.levels.iter().map(Level::comparisons).sum()
    }

    /// The dealer's half.
    pub fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32) {
        for (k, level) in (0..).zip(&self.levels) {
            level.deal::<W>(d, step, k);
        }
    }

    /// What a party unpacks from its tape.
    ///
    /// # Errors
    /// [`TapeError`] where the tape is too short.
    pub fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32) -> Result<Materials<W>, TapeError> {
        (0..).zip(&self.levels).map(|(k, level)| level.expand(tape, step, k)).collect::<Result<_, _>>().map(Materials)
    }

    /// Messages and corrections.
    pub fn traffic<W: Word>(&self) -> Traffic {
        self.levels.iter().map(Level::traffic::<W>).sum()
    }

    /// A party's half, on its share `z` of `[batch][outer][size][inner]`; the result is `[batch][outer][inner]`, mod 2^q.
    pub fn run<'a, W: Word>(&'a self, seat: Seat, materials: &'a Materials<W>, z: &[W]) -> Run<'a, W> {
        let x = Values { values: z.to_vec(), indices: vec![] };
        Run { argmax: self, seat, materials, x, level: 0, state: State::default(), start: 0 }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.argmax.levels.iter().map(Level::rounds).sum()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let Some(level) = self.argmax.levels.get(self.level) else { return };
        let (k_of, seat) = (k - self.start, self.seat);
        let next = match (level, &self.materials.0[self.level]) {
            (Level::Groups(level), Material::Groups(own)) => level.phase(k_of, seat, own, &self.x, &mut self.state.groups, round, out),
            (Level::Ranked(level), Material::Ranked(own)) => level.phase(k_of, seat, own, &self.x, &mut self.state.ranked, round, out),
            _ => unreachable!("a level has correlations of its own kind"),
        };
        let Some(next) = next else { return };
        self.x = next;
        self.level += 1;
        self.state = State::default();
        self.start = k;
        if self.level < self.argmax.levels.len() {
            self.phase(k, Round::NONE, out, result);
        } else {
            result[..self.argmax.results].copy_from_slice(&self.x.indices);
        }
    }
}

impl<W: Word> Protocol<W> for ArgMax {
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

impl<W: Word> Correlations<W> for (ArgMax, Materials<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(self.0.run(seat, &self.1, z))
    }
}

#[cfg(test)]
mod tests;

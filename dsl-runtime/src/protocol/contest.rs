//! One level of finding the largest: groups of positions, each of which keeps its largest.
//!
//! ```text
//! offline  r_a in Z_2^n for each member a of a group but the last: generator output of each party, known to the dealer; r_last = 0
//! round    d_a + r_a is sent by all, n bits, with d_a = x_a - x_last;   D_a, the sum, is public
//! compare  D_a - D_b + 2^(m-2) = (x_a - x_b) + 2^(m-2) + (r_a - r_b) mod 2^m is an opening of x_a - x_b under a mask that the dealer knows:
//!          `sign` finds 1{x_a >= x_b} from it, for all pairs a < b of all groups at once
//! round    the bits are opened under a mask each; `group` chooses
//! ```
//!
//! The ring of the values has n bits, m where nobody needs more of them: nothing is lifted, a wider ring is opened as it is. For two values that takes n - m bits more
//! than a comparison that lifts, and 3 (n - m) fewer corrections.
//!
//! So a group of g opens g - 1 values for its g (g - 1) / 2 comparisons. Members are in order, and a tie is won by the lower one.
//!
//! The index: on the first level the members' positions are public, later their shares mod 2^q are carried, and i_a - i_last is opened under a mask in the round of
//! the differences. On the last level the value is not needed: the dealer shares the q bits of what chooses the index and nothing else.
//!
//! The mask of what a party sends is its own share of r_a, of the index's mask, of a variable of `merge` or of beta. Nothing is lifted: the contract is
//! -2^(m-2) <= x_a - x_b < 2^(m-2) for any two values of a group.

use super::group::{At, Choice, Dealt, LARGEST, Opened, Widths, Words};
use super::sign::{self, Sign, open_bits};
use super::tape::Part;
use super::{Compare, Dealing, Round, Seat, Segment, Sum, Tape, TapeError, Traffic, counter, field, padded};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::words::{pack_words, unpack_words, word_bytes};
use zeroize::Zeroize;

/// One level.
#[derive(Clone, Debug)]
pub(super) struct Contest {
    n: u32,
    m: u32,
    index: Option<Index>,
    outer: usize,
    inner: usize,
    /// Positions before and after.
    size: (usize, usize),
    classes: Vec<Class>,
    sign: Sign,
    /// Comparisons, with padding.
    comparisons: usize,
    /// Differences, with padding.
    differences: usize,
}

/// What is asked of a level that finds indices.
#[derive(Clone, Copy, Debug)]
struct Index {
    /// Bits of an index.
    q: u32,
    /// The positions are the indices: those of the members are next to each other.
    first: bool,
    /// Values are not needed any more.
    last: bool,
}

/// The groups of one size.
#[derive(Clone, Debug)]
struct Class {
    choice: Choice,
    groups: Vec<Group>,
    /// Groups of all rows, padded to whole blocks of 32.
    units: usize,
    /// Where its differences and its comparisons begin.
    difference: usize,
    comparison: usize,
}

/// A group: its members' positions before, and its own after.
#[derive(Clone, Debug)]
struct Group {
    members: Vec<usize>,
    to: usize,
}

/// What a party holds for one level.
pub(super) struct Material<W> {
    masks: Vec<W>,
    index_masks: Vec<W>,
    sign: sign::Material,
    beta: Vec<u32>,
    words: Vec<Words<W>>,
}

/// Shares of positions, `[outer][position][inner]`: values mod 2^n, and after the first level indices mod 2^q.
pub(super) struct Values<W: Word> {
    pub values: Vec<W>,
    pub indices: Vec<W>,
}

/// What a party remembers between the rounds.
pub(super) struct State<W> {
    differences: Vec<W>,
    indices: Vec<W>,
    y: Vec<u8>,
    sign: sign::State,
}

impl<W> Default for State<W> {
    fn default() -> Self {
        Self { differences: vec![], indices: vec![], y: vec![], sign: sign::State::default() }
    }
}

/// The sizes of all groups of `k` neighbours, one by one.
pub(super) fn divided(k: usize, g: usize) -> impl Iterator<Item = usize> {
    groups(k, g).flat_map(|(size, groups)| core::iter::repeat_n(size, groups))
}

/// The sizes of the groups of `k` neighbours: as few groups as `g` allows, the larger ones first.
pub(super) fn groups(k: usize, g: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = k.div_ceil(g);
    let (small, larger) = (k / count, k % count);
    [(small + 1, larger), (small, count - larger)].into_iter().filter(|(_, groups)| *groups > 0)
}

impl Contest {
    /// The level that takes `k` positions of an axis in groups of at most `g`, and finds indices of q bits; `first` of all levels.
    pub(super) fn of_axis((compare, q): (Compare, u32), [outer, k, inner]: [usize; 3], g: usize, first: bool) -> Self {
        let mut start = 0;
        let groups = divided(k, g).map(|size| {
            start += size;
            (start - size..start).collect()
        });
        let mut level = Self::new(compare.m, compare, (outer, k, inner), groups);
        level.index = Some(Index { q, first, last: level.size.1 == 1 });
        level
    }

    /// The level that takes `size` positions in these groups, the members of each in order, and leaves one position for each, in the same order.
    pub(super) fn new(
        n: u32,
        compare: Compare,
        (outer, size, inner): (usize, usize, usize),
        groups: impl Iterator<Item = Vec<usize>>,
    ) -> Self {
        let mut of_size: [Vec<Group>; LARGEST + 1] = Default::default();
        let mut left = 0;
        for members in groups {
            of_size[members.len()].push(Group { members, to: left });
            left += 1;
        }
        let (mut classes, mut difference, mut comparison) = (vec![], 0, 0);
        for (size, groups) in of_size.into_iter().enumerate().rev().filter(|(_, groups)| !groups.is_empty()) {
            let (choice, units) = (Choice::new(size), (outer * groups.len() * inner).next_multiple_of(BLOCK));
            let (differences, pairs) = (choice.differences(), choice.pairs.len());
            classes.push(Class { choice, groups, units, difference, comparison });
            difference += differences * units;
            comparison += pairs * units;
        }
        let (m, sign, comparisons) = (compare.m, Sign::new(compare), padded(comparison));
        Self { n, m, index: None, outer, inner, size: (size, left), classes, sign, comparisons, differences: difference }
    }

    /// Positions that are left.
    pub(super) fn left(&self) -> usize {
        self.size.1
    }

    /// Comparisons, with padding. Without any there are no rounds: positions move.
    pub(super) fn comparisons(&self) -> usize {
        self.comparisons
    }

    /// The number of rounds.
    pub(super) fn rounds(&self) -> usize {
        2 + self.sign.levels()
    }

    fn widths(&self) -> Widths {
        match self.index {
            None => Widths { weight: self.n, value: self.n, index: 0 },
            Some(Index { q, first, last }) => Widths {
                weight: if last { q } else { self.n.max(q) },
                value: if last { 0 } else { self.n },
                index: if first { 0 } else { q },
            },
        }
    }

    /// q, where indices are shared and so opened.
    fn opened_index(&self) -> Option<u32> {
        self.index.filter(|i| !i.first).map(|i| i.q)
    }

    /// Whether values are handed on.
    fn has_values(&self) -> bool {
        self.index.is_none_or(|i| !i.last)
    }

    /// The dealer's half; `level` tells the levels of one step apart.
    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, level: u32) {
        let masks: Vec<W> = d.uniform(counter(step, level, field::K1), self.differences);
        let indices: Vec<W> =
            if self.opened_index().is_none() { vec![] } else { d.uniform(counter(step, level, field::INDEX), self.differences) };
        for part in Part::all(self.comparisons) {
            if d.is_closed() {
                return;
            }
            let r = self.compared(&masks, W::from_u64(0), part);
            self.sign.deal(&mut d.part(part), step, level, &r);
        }
        let beta = d.uniform_bits(counter(step, level, field::BETA), self.comparisons / BLOCK);
        for (at, class) in self.classes(step, level) {
            let beta = &beta[class.comparison / BLOCK..];
            let dealt = Dealt { beta, masks: class.rows(&masks), index_masks: class.rows(&indices) };
            class.choice.deal(d, at, self.widths(), class.units, dealt);
        }
    }

    /// What a party unpacks from its tape.
    pub(super) fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32, level: u32) -> Result<Material<W>, TapeError> {
        let masks = tape.uniform(counter(step, level, field::K1), self.differences);
        let index_masks =
            if self.opened_index().is_none() { vec![] } else { tape.uniform(counter(step, level, field::INDEX), self.differences) };
        let beta = tape.uniform(counter(step, level, field::BETA), self.comparisons / BLOCK);
        let sign = tape.in_parts(self.comparisons, |tape, len, to| self.sign.expand(tape, step, level, len, to))?;
        let words = |(at, class): (At, &Class)| class.choice.expand(tape, at, self.widths(), class.units);
        let words = self.classes(step, level).map(words).collect::<Result<_, _>>()?;
        Ok(Material { masks, index_masks, sign, beta, words })
    }

    /// Messages and corrections.
    pub(super) fn traffic<W: Word>(&self) -> Traffic {
        let mut opening = Traffic::message(Sum::Planes(self.n), self.opened_bytes());
        if let Some(q) = self.opened_index() {
            opening.rounds[0].push(Segment { sum: Sum::Words { n: q, word: W::BITS }, bytes: self.index_bytes::<W>() });
        }
        let words = |c: &Class| c.choice.corrections::<W>(self.widths(), c.units);
        let choice = Traffic::message(Sum::Bits, self.comparisons / 8).with_corrections(self.classes.iter().map(words).sum());
        opening + self.sign.traffic(self.comparisons) + choice
    }

    /// One phase; the last one gives what is left.
    #[allow(clippy::too_many_arguments, reason = "one phase has that many inputs; a struct of them would be used once")]
    pub(super) fn phase<W: Word>(
        &self,
        k: usize,
        seat: Seat,
        material: &Material<W>,
        x: &Values<W>,
        state: &mut State<W>,
        round: Round<'_>,
        out: &mut Vec<u8>,
    ) -> Option<Values<W>> {
        let levels = self.sign.levels();
        match k {
            0 => self.send(material, x, out),
            1 => {
                self.open(round, state);
                self.sign.look_up(seat, &material.sign, &state.y, &mut state.sign, out);
            }
            k if k <= levels + 1 => self.sign.merge(seat, k - 2, &material.sign, round, &mut state.sign, out),
            _ => return Some(self.choose(seat, material, x, state, &open_bits(round))),
        }
        if k == levels + 1 {
            let mut bits = self.sign.bits(seat, &material.sign, &state.y, &state.sign);
            bits.iter_mut().zip(&material.beta).for_each(|(b, beta)| *b ^= beta);
            out.extend_from_slice(as_bytes(&bits));
        }
        None
    }

    /// Appends the masked differences of values and of indices.
    fn send<W: Word>(&self, material: &Material<W>, x: &Values<W>, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.opened_bytes(), 0);
        planes::pack(self.n, &self.masked(&material.masks, &x.values), &mut out[start..]);
        if let Some(q) = self.opened_index() {
            let start = out.len();
            out.resize(start + self.index_bytes::<W>(), 0);
            pack_words(q, &self.masked(&material.index_masks, &x.indices), &mut out[start..]);
        }
    }

    /// Sums up what all parties sent; leaves the openings of all pairs as planes.
    fn open<W: Word>(&self, round: Round<'_>, state: &mut State<W>) {
        let at = self.opened_bytes();
        let mut sum = round.own[..at].to_vec();
        round.peers.iter().for_each(|peer| planes::add_assign(self.n, &mut sum, &peer[..at]));
        state.differences = vec![W::from_u64(0); self.differences];
        planes::unpack(self.n, &sum, &mut state.differences);
        state.y = vec![0; self.comparisons / BLOCK * block_bytes(self.m)];
        for part in Part::all(self.comparisons) {
            let y = self.compared(&state.differences, W::from_u64(1 << (self.m - 2)), part);
            let bytes = |elements: usize| elements / BLOCK * block_bytes(self.m);
            planes::pack(self.m, &y, &mut state.y[bytes(part.start)..bytes(part.start + part.len)]);
        }
        if let Some(q) = self.opened_index() {
            state.indices = vec![W::from_u64(0); self.differences];
            let mut theirs = state.indices.clone();
            unpack_words(q, &round.own[at..], &mut state.indices);
            for peer in round.peers {
                unpack_words(q, &peer[at..], &mut theirs);
                state.indices.iter_mut().zip(&theirs).for_each(|(s, t)| *s = s.add(*t));
            }
        }
    }

    /// The largest of each group, unless this is the last level, and its index.
    fn choose<W: Word>(&self, seat: Seat, material: &Material<W>, x: &Values<W>, state: &State<W>, opened: &[u32]) -> Values<W> {
        let left = |any: bool| vec![W::from_u64(0); if any { self.outer * self.size.1 * self.inner } else { 0 }];
        let (has_values, index_step) = (self.has_values(), self.index.map(|i| i.first));
        let mut next = Values { values: left(has_values), indices: left(index_step.is_some()) };
        for (class, words) in self.classes.iter().zip(&material.words) {
            let units = class.units;
            let mut values = vec![W::from_u64(0); if has_values { units } else { 0 }];
            let mut indices = vec![W::from_u64(0); if index_step.is_some() { units } else { 0 }];
            let of = |differences, masks| Opened { differences: class.rows(differences), masks: class.rows(masks) };
            let (value, index) = (of(&state.differences, &material.masks), of(&state.indices, &material.index_masks));
            let add = |sum: &mut [W], more: &[W; BLOCK]| sum.iter_mut().zip(more).for_each(|(s, m)| *s = s.add(*m));
            class.choice.weights(seat.is_first(), units, &opened[class.comparison / BLOCK..], words, |w| {
                let block = w.start()..w.start() + BLOCK;
                if has_values {
                    add(&mut values[block.clone()], &w.times(units, value, words.values()));
                }
                match index_step {
                    Some(true) => {
                        let step = W::from_u64((class.choice.differences() - w.member) as u64);
                        add(&mut indices[block], &w.shares.map(|w| w.mul(step).neg()));
                    }
                    Some(false) => add(&mut indices[block], &w.times(units, index, words.indices())),
                    None => {}
                }
            });
            self.advance(class, &x.values, &values, &mut next.values);
            self.advance(class, &x.indices, &indices, &mut next.indices);
            if index_step == Some(true) && seat.is_first() {
                self.number(class, &mut next.indices);
            }
        }
        next
    }

    /// For the comparisons of a part, the difference of what their two members have, plus `offset`; nothing in the padding at the end.
    fn compared<W: Word>(&self, differences: &[W], offset: W, part: Part) -> Vec<W> {
        let mut out = vec![W::from_u64(0); part.len];
        for class in &self.classes {
            let rows = class.rows(differences);
            for (k, (a, b)) in class.choice.pairs.iter().enumerate() {
                let start = class.comparison + k * class.units;
                let inside = start.max(part.start)..(start + class.units).min(part.start + part.len);
                if inside.is_empty() {
                    continue;
                }
                let row = |a: &usize| &rows[a * class.units + inside.start - start..][..inside.len()];
                let out = &mut out[inside.start - part.start..][..inside.len()];
                out.iter_mut().zip(row(a)).for_each(|(o, a)| *o = a.add(offset));
                if *b < class.choice.differences() {
                    out.iter_mut().zip(row(b)).for_each(|(o, b)| *o = o.sub(*b));
                }
            }
        }
        out
    }

    /// A member's share minus the last one's plus the mask, for all members but the last.
    fn masked<W: Word>(&self, masks: &[W], x: &[W]) -> Vec<W> {
        let mut out = masks.to_vec();
        for class in &self.classes {
            for member in 0..class.choice.differences() {
                let row = &mut out[class.difference + member * class.units..][..class.units];
                self.each(class, |unit, members, _| {
                    let (own, last) = (&x[members(member)..][..self.inner], &x[members(class.choice.differences())..][..self.inner]);
                    let row = &mut row[unit..unit + self.inner];
                    row.iter_mut().zip(own.iter().zip(last)).for_each(|(r, (x, l))| *r = r.add(x.sub(*l)));
                });
            }
        }
        out
    }

    /// Writes the last member plus `gain`, to where the group goes; nothing where there are no values.
    fn advance<W: Word>(&self, class: &Class, x: &[W], gain: &[W], to: &mut [W]) {
        if to.is_empty() {
            return;
        }
        self.each(class, |unit, members, after| {
            let to = &mut to[after..after + self.inner];
            to.copy_from_slice(&gain[unit..unit + self.inner]);
            if !x.is_empty() {
                let last = &x[members(class.choice.differences())..][..self.inner];
                to.iter_mut().zip(last).for_each(|(t, l)| *t = t.add(*l));
            }
        });
    }

    /// Adds the public position of each group's last member.
    fn number<W: Word>(&self, class: &Class, to: &mut [W]) {
        let mut group = 0;
        self.each(class, |_, _, after| {
            let last = class.groups[group % class.groups.len()].members[class.choice.differences()];
            to[after..after + self.inner].iter_mut().for_each(|t| *t = t.add(W::from_u64(last as u64)));
            group += 1;
        });
    }

    /// Calls `f(unit, members, after)` for each row of groups: its first unit, where each of its members lies before, and where it goes.
    fn each(&self, class: &Class, mut f: impl FnMut(usize, &dyn Fn(usize) -> usize, usize)) {
        for outer in 0..self.outer {
            for (k, group) in class.groups.iter().enumerate() {
                let unit = (outer * class.groups.len() + k) * self.inner;
                let members = |member: usize| (outer * self.size.0 + group.members[member]) * self.inner;
                f(unit, &members, (outer * self.size.1 + group.to) * self.inner);
            }
        }
    }

    /// The values of a level without comparisons, moved to where they go.
    pub(super) fn moved<W: Word>(&self, x: &[W]) -> Vec<W> {
        let mut to = vec![W::from_u64(0); self.outer * self.size.1 * self.inner];
        for class in &self.classes {
            self.each(class, |_, members, after| to[after..after + self.inner].copy_from_slice(&x[members(0)..][..self.inner]));
        }
        to
    }

    fn classes(&self, step: u32, level: u32) -> impl Iterator<Item = (At, &Class)> {
        self.classes.iter().enumerate().map(move |(class, c)| (At { step, level, class: class as u32 }, c))
    }

    fn opened_bytes(&self) -> usize {
        self.differences / BLOCK * block_bytes(self.n)
    }

    fn index_bytes<W: Word>(&self) -> usize {
        self.opened_index().map_or(0, |q| word_bytes(q, W::BITS, self.differences))
    }
}

impl Class {
    /// Its part of what the whole level has for its differences; nothing of nothing.
    fn rows<'a, W>(&self, all: &'a [W]) -> &'a [W] {
        if all.is_empty() { all } else { &all[self.difference..][..self.choice.differences() * self.units] }
    }
}

impl<W: Word> Drop for Values<W> {
    fn drop(&mut self) {
        self.values.zeroize();
        self.indices.zeroize();
    }
}

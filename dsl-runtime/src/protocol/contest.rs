//! One level of finding the largest along an axis: groups of neighbours, each of which keeps its largest, in the ring Z_2^m.
//!
//! ```text
//! offline  r_a in Z_2^m for each member a of a group but the last: generator output of each party, known to the dealer; r_last = 0
//! round    d_a + r_a is sent by all, m bits, with d_a = x_a - x_last;   D_a, the sum, is public
//! compare  D_a - D_b + 2^(m-2) = (x_a - x_b) + 2^(m-2) + (r_a - r_b) mod 2^m is an opening of x_a - x_b under a mask that the dealer knows:
//!          `sign` finds 1{x_a >= x_b} from it, for all pairs a < b of all groups at once
//! round    the bits are opened under a mask each; `group` chooses
//! ```
//!
//! So a group of g opens g - 1 values for its g (g - 1) / 2 comparisons. Neighbours stay in order, and a tie is won by the lower one.
//!
//! The index: on the first level the members' positions are public, later their shares mod 2^q are carried, and i_a - i_last is opened under a mask in the round of
//! the differences. On the last level the value is not needed: the dealer shares the q bits of what chooses the index and nothing else.
//!
//! The mask of what a party sends is its own share of r_a, of the index's mask, of a variable of `merge` or of beta. Nothing is lifted: the contract is
//! -2^(m-2) <= x_a - x_b < 2^(m-2) for any two values of a group.

use super::group::{At, Choice, Dealt, Opened, Widths, Words};
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
    m: u32,
    q: u32,
    first: bool,
    last: bool,
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

/// The groups of one size; they lie next to each other.
#[derive(Clone, Debug)]
struct Class {
    choice: Choice,
    /// The first position before, and the first group, that is the first position after.
    start: (usize, usize),
    groups: usize,
    /// Groups of all rows, padded to whole blocks of 32.
    units: usize,
    /// Where its differences and its comparisons begin.
    difference: usize,
    comparison: usize,
}

/// What a party holds for one level.
pub(super) struct Material<W> {
    masks: Vec<W>,
    index_masks: Vec<W>,
    sign: sign::Material,
    beta: Vec<u32>,
    words: Vec<Words<W>>,
}

/// Shares along the axis, `[outer][position][inner]`: values mod 2^m, and after the first level indices mod 2^q.
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

/// The sizes of the groups of `k` neighbours: as few groups as `g` allows, the larger ones first.
pub(super) fn groups(k: usize, g: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = k.div_ceil(g);
    let (small, larger) = (k / count, k % count);
    [(small + 1, larger), (small, count - larger)].into_iter().filter(|(_, groups)| *groups > 0)
}

impl Contest {
    /// The level that takes `k` positions of an axis in groups of at most `g`; `first` and `last` of all.
    pub(super) fn new((compare, q): (Compare, u32), [outer, k, inner]: [usize; 3], g: usize, first: bool) -> Self {
        let (mut classes, mut start, mut difference, mut comparison) = (vec![], (0, 0), 0, 0);
        for (size, groups) in groups(k, g) {
            let (choice, units) = (Choice::new(size), (outer * groups * inner).next_multiple_of(BLOCK));
            let (differences, pairs) = (choice.differences(), choice.pairs.len());
            classes.push(Class { choice, start, groups, units, difference, comparison });
            start = (start.0 + size * groups, start.1 + groups);
            difference += differences * units;
            comparison += pairs * units;
        }
        let comparisons = padded(comparison);
        let (size, last) = ((k, start.1), start.1 == 1);
        Self { m: compare.m, q, first, last, outer, inner, size, classes, sign: Sign::new(compare), comparisons, differences: difference }
    }

    /// Positions that are left.
    pub(super) fn left(&self) -> usize {
        self.size.1
    }

    /// Comparisons, with padding.
    #[cfg(test)]
    pub(super) fn comparisons(&self) -> usize {
        self.comparisons
    }

    /// The number of rounds.
    pub(super) fn rounds(&self) -> usize {
        2 + self.sign.levels()
    }

    fn widths(&self) -> Widths {
        Widths {
            weight: if self.last { self.q } else { self.m.max(self.q) },
            value: if self.last { 0 } else { self.m },
            index: if self.first { 0 } else { self.q },
        }
    }

    /// The dealer's half; `level` tells the levels of one step apart.
    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, level: u32) {
        let masks: Vec<W> = d.uniform(counter(step, level, field::K1), self.differences);
        let indices: Vec<W> = if self.first { vec![] } else { d.uniform(counter(step, level, field::INDEX), self.differences) };
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
        tape.part(Part::WHOLE);
        let masks = tape.uniform(counter(step, level, field::K1), self.differences);
        let index_masks = if self.first { vec![] } else { tape.uniform(counter(step, level, field::INDEX), self.differences) };
        let beta = tape.uniform(counter(step, level, field::BETA), self.comparisons / BLOCK);
        let mut sign: Option<sign::Material> = None;
        for part in Part::all(self.comparisons) {
            tape.part(part);
            let next = self.sign.expand(tape, step, level, part.len)?;
            match &mut sign {
                None => sign.insert(next).reserve(self.comparisons / part.len),
                Some(all) => all.append(next),
            }
        }
        let words = |(at, class): (At, &Class)| class.choice.expand(tape, at, self.widths(), class.units);
        let words = self.classes(step, level).map(words).collect::<Result<_, _>>()?;
        let sign = sign.ok_or(TapeError { expected: 0, found: 0 })?;
        Ok(Material { masks, index_masks, sign, beta, words })
    }

    /// Messages and corrections.
    pub(super) fn traffic<W: Word>(&self) -> Traffic {
        let mut opening = Traffic::message(Sum::Planes(self.m), self.opened_bytes());
        if !self.first {
            opening.rounds[0].push(Segment { sum: Sum::Words { n: self.q, word: W::BITS }, bytes: self.index_bytes::<W>() });
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
        planes::pack(self.m, &self.masked(&material.masks, &x.values), &mut out[start..]);
        if !self.first {
            let start = out.len();
            out.resize(start + self.index_bytes::<W>(), 0);
            pack_words(self.q, &self.masked(&material.index_masks, &x.indices), &mut out[start..]);
        }
    }

    /// Sums up what all parties sent; leaves the openings of all pairs as planes.
    fn open<W: Word>(&self, round: Round<'_>, state: &mut State<W>) {
        let at = self.opened_bytes();
        let mut sum = round.own[..at].to_vec();
        round.peers.iter().for_each(|peer| planes::add_assign(self.m, &mut sum, &peer[..at]));
        state.differences = vec![W::from_u64(0); self.differences];
        planes::unpack(self.m, &sum, &mut state.differences);
        state.y = vec![0; self.comparisons / BLOCK * block_bytes(self.m)];
        for part in Part::all(self.comparisons) {
            let y = self.compared(&state.differences, W::from_u64(1 << (self.m - 2)), part);
            let bytes = |elements: usize| elements / BLOCK * block_bytes(self.m);
            planes::pack(self.m, &y, &mut state.y[bytes(part.start)..bytes(part.start + part.len)]);
        }
        if !self.first {
            state.indices = vec![W::from_u64(0); self.differences];
            let mut theirs = state.indices.clone();
            unpack_words(self.q, &round.own[at..], &mut state.indices);
            for peer in round.peers {
                unpack_words(self.q, &peer[at..], &mut theirs);
                state.indices.iter_mut().zip(&theirs).for_each(|(s, t)| *s = s.add(*t));
            }
        }
    }

    /// The largest of each group, unless this is the last level, and its index.
    fn choose<W: Word>(&self, seat: Seat, material: &Material<W>, x: &Values<W>, state: &State<W>, opened: &[u32]) -> Values<W> {
        let left = || vec![W::from_u64(0); self.outer * self.size.1 * self.inner];
        let mut next = Values { values: if self.last { vec![] } else { left() }, indices: left() };
        for (class, words) in self.classes.iter().zip(&material.words) {
            let units = class.units;
            let mut values = vec![W::from_u64(0); if self.last { 0 } else { units }];
            let mut indices = vec![W::from_u64(0); units];
            let of = |differences, masks| Opened { differences: class.rows(differences), masks: class.rows(masks) };
            let (value, index) = (of(&state.differences, &material.masks), of(&state.indices, &material.index_masks));
            let add = |sum: &mut [W], more: &[W; BLOCK]| sum.iter_mut().zip(more).for_each(|(s, m)| *s = s.add(*m));
            class.choice.weights(seat.is_first(), units, &opened[class.comparison / BLOCK..], words, |w| {
                let block = w.start()..w.start() + BLOCK;
                if !self.last {
                    add(&mut values[block.clone()], &w.times(units, value, words.values()));
                }
                if self.first {
                    let step = W::from_u64((class.choice.differences() - w.member) as u64);
                    add(&mut indices[block], &w.shares.map(|w| w.mul(step).neg()));
                } else {
                    add(&mut indices[block], &w.times(units, index, words.indices()));
                }
            });
            self.advance(class, &x.values, &values, &mut next.values);
            self.advance(class, &x.indices, &indices, &mut next.indices);
            if self.first && seat.is_first() {
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
                self.each(class, |unit, group, _| {
                    let last = &x[group + class.choice.differences() * self.inner..][..self.inner];
                    let own = &x[group + member * self.inner..][..self.inner];
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
        self.each(class, |unit, group, after| {
            let to = &mut to[after..after + self.inner];
            to.copy_from_slice(&gain[unit..unit + self.inner]);
            if !x.is_empty() {
                let last = &x[group + class.choice.differences() * self.inner..][..self.inner];
                to.iter_mut().zip(last).for_each(|(t, l)| *t = t.add(*l));
            }
        });
    }

    /// Adds the public position of each group's last member.
    fn number<W: Word>(&self, class: &Class, to: &mut [W]) {
        let mut group = 0;
        self.each(class, |_, _, after| {
            let last = class.start.0 + group % class.groups * class.choice.size() + class.choice.differences();
            to[after..after + self.inner].iter_mut().for_each(|t| *t = t.add(W::from_u64(last as u64)));
            group += 1;
        });
    }

    /// Calls `f(unit, before, after)` for each row of groups: its first unit, where its first member lies before and where it goes.
    fn each(&self, class: &Class, mut f: impl FnMut(usize, usize, usize)) {
        for outer in 0..self.outer {
            for group in 0..class.groups {
                let unit = (outer * class.groups + group) * self.inner;
                let before = (outer * self.size.0 + class.start.0 + group * class.choice.size()) * self.inner;
                f(unit, before, (outer * self.size.1 + class.start.1 + group) * self.inner);
            }
        }
    }

    fn classes(&self, step: u32, level: u32) -> impl Iterator<Item = (At, &Class)> {
        self.classes.iter().enumerate().map(move |(class, c)| (At { step, level, class: class as u32 }, c))
    }

    fn opened_bytes(&self) -> usize {
        self.differences / BLOCK * block_bytes(self.m)
    }

    fn index_bytes<W: Word>(&self) -> usize {
        if self.first { 0 } else { word_bytes(self.q, W::BITS, self.differences) }
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

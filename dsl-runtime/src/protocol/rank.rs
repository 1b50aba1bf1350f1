//! One level of finding the k largest: groups of positions, each of which keeps its k largest in order.
//!
//! ```text
//! round      the differences d_a = x_a - x_last of a group's members are opened under masks r_a, as in `contest`
//! compare    `sign` finds b_ab = 1{x_a >= x_b} for all pairs a < b, from D_a - D_b under the mask r_a - r_b
//! round      o_ab = b_ab ^ beta_ab is opened; the dealer shares [beta_ab] in Z_2^e, 2^e being at least the size of the group
//! local      rank_a = sum over b < a of b_ba + sum over b > a of (1 - b_ab):  [b] = [i = 0] o + (1 - 2 o) [beta]
//! round      v_a = rank_a + s_a mod 2^e is opened, s_a being uniform in Z_2^e and known to the dealer
//! ```
//!
//! Every member has a rank of its own, the lower one of two equal members the better one. No rank is opened: v_a is uniform whatever the rank is. The dealer shares
//! tables of its mask,
//!
//! ```text
//! H_a[u] = [1{s_a = u}]        R_a[u] = [1{s_a = u} r_a]        u in Z_2^e
//! ```
//!
//! and rank_a = t exactly where s_a = v_a - t, so the member of rank t is chosen without another round, by looking up at public places:
//!
//! ```text
//! x_(t) = x_last + sum over a < last of (D_a H_a[v_a - t] - R_a[v_a - t])
//! ```
//!
//! The last member needs neither a difference nor a rank of its own: it is what is left. Indices are chosen by the same H: at the first level they are public, later
//! their differences are opened under masks of their own, whose products with 1{s_a = u} are dealt too. On the last level, where only indices are wanted, H has their
//! bits and there is no R.
//!
//! Members that come out of one group of the level before are in order already: they are not compared with each other. Members are in the order of their positions, and
//! of equal ones the lower is before, so the lower index wins a tie.
//!
//! The mask of what a party sends is its own share of r_a, of the index's mask, of a variable of `merge`, of beta, or of s_a. Contract:
//! -2^(m-2) <= x_a - x_b < 2^(m-2) for any two values of a group.

mod tables;

use super::contest::{Values, divided};
use super::sign::{self, Sign, open_bits};
use super::tape::Part;
use super::{Compare, Dealing, Round, Seat, Segment, Sum, Tape, TapeError, Traffic, counter, field, padded};
use tables::Tables;
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::words::{pack_words, unpack_words, word_bytes};

/// The most classes of a level: groups are of two sizes, and the last one may hold a shorter list. So many streams of a level are kept apart.
pub(super) const CLASSES: usize = 3;

/// One level.
#[derive(Clone, Debug)]
pub(super) struct Rank {
    n: u32,
    m: u32,
    wanted: Wanted,
    outer: usize,
    inner: usize,
    /// Positions before and after.
    size: (usize, usize),
    classes: Vec<Class>,
    /// Groups of one list, which is handed on as it is.
    moved: Vec<Group>,
    sign: Sign,
    /// Comparisons, with padding.
    comparisons: usize,
    /// Differences, with padding.
    differences: usize,
}

/// What a level hands on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub values: bool,
    pub index: Option<Index>,
}

/// Indices that are found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Index {
    /// Bits of an index.
    pub q: u32,
    /// The positions are the indices.
    pub first: bool,
}

/// The groups whose lists have the same lengths.
#[derive(Clone, Debug)]
struct Class {
    lists: Vec<usize>,
    members: usize,
    /// How many of them are kept.
    kept: usize,
    /// e: bits of a rank.
    bits: u32,
    /// Members of different lists, the lower one first.
    pairs: Vec<(usize, usize)>,
    groups: Vec<Group>,
    /// Groups of all rows, padded to whole blocks of 32.
    units: usize,
    /// Where its differences and its comparisons begin.
    difference: usize,
    comparison: usize,
}

/// A group: its first position before, how many it takes, and its first one after.
#[derive(Clone, Copy, Debug)]
struct Group {
    from: usize,
    members: usize,
    to: usize,
}

/// What a party holds for one level.
pub(super) struct Material<W> {
    masks: Vec<W>,
    index_masks: Vec<W>,
    sign: sign::Material,
    beta: Vec<u32>,
    tables: Vec<Tables<W>>,
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

/// The lengths of the lists that a level leaves where it takes lists of these lengths, `per` of them a group, and keeps the `k` largest of each.
pub(super) fn left(lists: &[usize], per: usize, k: usize) -> Vec<usize> {
    let mut rest = lists;
    let group = |size: usize| {
        let (own, others) = rest.split_at(size);
        rest = others;
        own.iter().sum::<usize>().min(k)
    };
    divided(lists.len(), per).map(group).collect()
}

impl Rank {
    /// The level that takes positions in lists of these lengths, each in order, up to `per` of them a group, and leaves the `k` largest of each group in order.
    pub(super) fn new(
        (n, compare): (u32, Compare),
        [outer, inner]: [usize; 2],
        lists: &[usize],
        (per, k): (usize, usize),
        wanted: Wanted,
    ) -> Self {
        let (mut classes, mut moved): (Vec<Class>, Vec<Group>) = (vec![], vec![]);
        let (mut list, mut from, mut to) = (0, 0, 0);
        for size in divided(lists.len(), per) {
            let own = &lists[list..list + size];
            let group = Group { from, members: own.iter().sum(), to };
            (list, from, to) = (list + size, from + group.members, to + group.members.min(k));
            if size == 1 {
                moved.push(Group { members: group.members.min(k), ..group });
            } else if let Some(class) = classes.iter_mut().find(|c| c.lists == own) {
                class.groups.push(group);
            } else {
                classes.push(Class::new(own, k, group));
            }
        }
        assert!(classes.len() <= CLASSES, "a fourth class would use the masks of another stream again");
        let (mut difference, mut comparison) = (0, 0);
        for class in &mut classes {
            class.units = (outer * class.groups.len() * inner).next_multiple_of(BLOCK);
            (class.difference, class.comparison) = (difference, comparison);
            difference += (class.members - 1) * class.units;
            comparison += class.pairs.len() * class.units;
        }
        let (m, sign, comparisons) = (compare.m, Sign::new(compare), padded(comparison));
        Self { n, m, wanted, outer, inner, size: (from, to), classes, moved, sign, comparisons, differences: difference }
    }

    /// Comparisons, with padding.
    #[cfg(test)]
    pub(super) fn comparisons(&self) -> usize {
        self.comparisons
    }

    /// The entries of all tables of ranks.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let tables = self.widths().iter().filter(|bits| **bits > 0).count();
        self.classes.iter().map(|c| (((c.members - 1) * c.units) << c.bits) * tables).sum()
    }

    /// The number of rounds.
    pub(super) fn rounds(&self) -> usize {
        3 + self.sign.levels()
    }

    /// q, where indices are shared and so opened.
    fn opened_index(&self) -> Option<u32> {
        self.wanted.index.filter(|i| !i.first).map(|i| i.q)
    }

    /// Bits of H, of its products with masks of values, and of those with masks of indices.
    fn widths(&self) -> [u32; 3] {
        let value = if self.wanted.values { self.n } else { 0 };
        [value.max(self.wanted.index.map_or(0, |i| i.q)), value, self.opened_index().unwrap_or(0)]
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
        for (k, class) in (0..).zip(&self.classes) {
            let beta = &beta[class.comparison / BLOCK..][..class.pairs.len() * class.units / BLOCK];
            let bits: Vec<W> = (0..class.pairs.len() * class.units).map(|i| bit(beta, i)).collect();
            d.share(counter(step, level, field::RANK + k), class.bits, bits);
            let dealt = tables::Dealt { masks: class.rows(&masks), indices: class.rows(&indices) };
            tables::deal(d, class.shape(), self.widths(), (step, level, k), dealt);
        }
    }

    /// What a party unpacks from its tape.
    pub(super) fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32, level: u32) -> Result<Material<W>, TapeError> {
        let masks = tape.uniform(counter(step, level, field::K1), self.differences);
        let index_masks =
            if self.opened_index().is_none() { vec![] } else { tape.uniform(counter(step, level, field::INDEX), self.differences) };
        let beta = tape.uniform(counter(step, level, field::BETA), self.comparisons / BLOCK);
        let sign = tape.in_parts(self.comparisons, |tape, len, to| self.sign.expand(tape, step, level, len, to))?;
        let tables = (0..).zip(&self.classes).map(|(k, class)| {
            let bits = tape.share(counter(step, level, field::RANK + k), class.bits, class.pairs.len() * class.units)?;
            tables::expand(tape, class.shape(), self.widths(), (step, level, k), bits)
        });
        let tables = tables.collect::<Result<_, _>>()?;
        Ok(Material { masks, index_masks, sign, beta, tables })
    }

    /// Messages and corrections.
    pub(super) fn traffic<W: Word>(&self) -> Traffic {
        let mut opening = Traffic::message(Sum::Planes(self.n), self.opened_bytes());
        if let Some(q) = self.opened_index() {
            opening.rounds[0].push(Segment { sum: Sum::Words { n: q, word: W::BITS }, bytes: self.index_bytes::<W>() });
        }
        let ranks = |c: &Class| Segment { sum: Sum::Words { n: c.bits, word: W::BITS }, bytes: c.rank_bytes::<W>() };
        let tables = |c: &Class| word_bytes(c.bits, W::BITS, c.pairs.len() * c.units) + tables::corrections::<W>(c.shape(), self.widths());
        let bits = Traffic::message(Sum::Bits, self.comparisons / 8).with_corrections(self.classes.iter().map(tables).sum());
        let ranks = Traffic { rounds: vec![self.classes.iter().map(ranks).collect()], corrections: 0 };
        opening + self.sign.traffic(self.comparisons) + bits + ranks
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
            k if k == levels + 2 => self.rank(seat, material, &open_bits(round), out),
            _ => return Some(self.choose(seat, material, x, state, round)),
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
            state.indices = opened_words(q, self.differences, at, round);
        }
    }

    /// Appends the ranks under their masks.
    fn rank<W: Word>(&self, seat: Seat, material: &Material<W>, opened: &[u32], out: &mut Vec<u8>) {
        for (class, tables) in self.classes.iter().zip(&material.tables) {
            let opened = &opened[class.comparison / BLOCK..];
            let masked = class.ranks(seat, opened, tables);
            let start = out.len();
            out.resize(start + class.rank_bytes::<W>(), 0);
            pack_words(class.bits, &masked, &mut out[start..]);
        }
    }

    /// The largest of each group in order, and their indices.
    fn choose<W: Word>(&self, seat: Seat, material: &Material<W>, x: &Values<W>, state: &State<W>, round: Round<'_>) -> Values<W> {
        let left = |any: bool| vec![W::from_u64(0); if any { self.outer * self.size.1 * self.inner } else { 0 }];
        let (wanted, inner) = (self.wanted, self.inner);
        let mut next = Values { values: left(wanted.values), indices: left(wanted.index.is_some()) };
        let (mut start, first) = (0, seat.is_first());
        for (class, tables) in self.classes.iter().zip(&material.tables) {
            let ranks: Vec<W> = opened_words(class.bits, (class.members - 1) * class.units, start, round);
            start += class.rank_bytes::<W>();
            let (values, indices) = (class.rows(&state.differences), class.rows(&state.indices));
            self.each(&class.groups, |unit, group, before, after| {
                let last = before + (class.members - 1) * inner;
                for (t, lane) in (0..class.kept).flat_map(|t| (0..inner).map(move |lane| (t, lane))) {
                    let chosen = |f: &mut dyn FnMut(usize, usize)| {
                        for member in 0..class.members - 1 {
                            let row = member * class.units + unit + lane;
                            f(row, (ranks[row].to_u64() as usize).wrapping_sub(t) & ((1 << class.bits) - 1));
                        }
                    };
                    let to = after + t * inner + lane;
                    if wanted.values {
                        let mut sum = x.values[last + lane];
                        chosen(&mut |row, u| {
                            let (h, r) = tables.value(row, u);
                            sum = sum.add(values[row].mul(h)).sub(r);
                        });
                        next.values[to] = sum;
                    }
                    match wanted.index {
                        Some(Index { first: true, .. }) => {
                            let end = (group.from + class.members - 1) as u64;
                            let mut sum = W::from_u64(if first { end } else { 0 });
                            let step = |row: usize| W::from_u64((class.members - 1 - row / class.units) as u64);
                            chosen(&mut |row, u| sum = sum.sub(tables.weight(row, u).mul(step(row))));
                            next.indices[to] = sum;
                        }
                        Some(_) => {
                            let mut sum = x.indices[last + lane];
                            chosen(&mut |row, u| {
                                let (h, r) = tables.index(row, u);
                                sum = sum.add(indices[row].mul(h)).sub(r);
                            });
                            next.indices[to] = sum;
                        }
                        None => {}
                    }
                }
            });
        }
        self.each(&self.moved, |_, group, before, after| {
            let len = group.members * inner;
            if wanted.values {
                next.values[after..after + len].copy_from_slice(&x.values[before..before + len]);
            }
            if wanted.index.is_some_and(|i| i.first) {
                next.indices[after..after + len].fill(W::from_u64(if first { group.from as u64 } else { 0 }));
            } else if wanted.index.is_some() {
                next.indices[after..after + len].copy_from_slice(&x.indices[before..before + len]);
            }
        });
        next
    }

    /// For the comparisons of a part, the difference of what their two members have, plus `offset`; nothing in the padding at the end.
    fn compared<W: Word>(&self, differences: &[W], offset: W, part: Part) -> Vec<W> {
        let mut out = vec![W::from_u64(0); part.len];
        for class in &self.classes {
            let rows = class.rows(differences);
            for (k, (a, b)) in class.pairs.iter().enumerate() {
                let start = class.comparison + k * class.units;
                let inside = start.max(part.start)..(start + class.units).min(part.start + part.len);
                if inside.is_empty() {
                    continue;
                }
                let row = |a: &usize| &rows[a * class.units + inside.start - start..][..inside.len()];
                let out = &mut out[inside.start - part.start..][..inside.len()];
                out.iter_mut().zip(row(a)).for_each(|(o, a)| *o = a.add(offset));
                if *b < class.members - 1 {
                    out.iter_mut().zip(row(b)).for_each(|(o, b)| *o = o.sub(*b));
                }
            }
        }
        out
    }

    /// A member's share minus the last one's plus the mask, for all members but the last.
    fn masked<W: Word>(&self, masks: &[W], x: &[W]) -> Vec<W> {
        let (mut out, inner) = (masks.to_vec(), self.inner);
        for class in &self.classes {
            self.each(&class.groups, |unit, _, before, _| {
                let last = &x[before + (class.members - 1) * inner..][..inner];
                for member in 0..class.members - 1 {
                    let row = &mut out[class.difference + member * class.units + unit..][..inner];
                    let own = &x[before + member * inner..][..inner];
                    row.iter_mut().zip(own.iter().zip(last)).for_each(|(r, (x, l))| *r = r.add(x.sub(*l)));
                }
            });
        }
        out
    }

    /// Calls `f(unit, group, before, after)` for each row of groups: its first unit, and where its first member lies and its first result goes.
    fn each(&self, groups: &[Group], mut f: impl FnMut(usize, &Group, usize, usize)) {
        let count = groups.len();
        for outer in 0..self.outer {
            for (k, group) in groups.iter().enumerate() {
                let place = |size: usize, position: usize| (outer * size + position) * self.inner;
                f((outer * count + k) * self.inner, group, place(self.size.0, group.from), place(self.size.1, group.to));
            }
        }
    }

    fn opened_bytes(&self) -> usize {
        self.differences / BLOCK * block_bytes(self.n)
    }

    fn index_bytes<W: Word>(&self) -> usize {
        self.opened_index().map_or(0, |q| word_bytes(q, W::BITS, self.differences))
    }
}

impl Class {
    /// Units and where things begin are found when all classes are known.
    fn new(lists: &[usize], k: usize, group: Group) -> Self {
        let list: Vec<usize> = lists.iter().enumerate().flat_map(|(l, len)| core::iter::repeat_n(l, *len)).collect();
        let all = (0..list.len()).flat_map(|a| (a + 1..list.len()).map(move |b| (a, b)));
        Self {
            lists: lists.to_vec(),
            members: list.len(),
            kept: list.len().min(k),
            bits: (list.len() - 1).max(1).ilog2() + 1,
            pairs: all.filter(|(a, b)| list[*a] != list[*b]).collect(),
            groups: vec![group],
            units: 0,
            difference: 0,
            comparison: 0,
        }
    }

    /// Its part of what the whole level has for its differences; nothing of nothing.
    fn rows<'a, W>(&self, all: &'a [W]) -> &'a [W] {
        if all.is_empty() { all } else { &all[self.difference..][..(self.members - 1) * self.units] }
    }

    fn shape(&self) -> tables::Shape {
        tables::Shape { members: self.members - 1, units: self.units, bits: self.bits }
    }

    fn rank_bytes<W: Word>(&self) -> usize {
        word_bytes(self.bits, W::BITS, (self.members - 1) * self.units)
    }

    /// Shares of the ranks of all members but the last, under their masks, from the opened bits.
    fn ranks<W: Word>(&self, seat: Seat, opened: &[u32], tables: &Tables<W>) -> Vec<W> {
        let mut ranks = tables.masks.clone();
        let (one, rows) = (W::from_u64(u64::from(seat.is_first())), self.units);
        if seat.is_first() {
            // those before it in its own list, and those behind it in others as far as they do not lose
            for member in 0..self.members - 1 {
                let (mut list, mut inside) = (0, member);
                while inside >= self.lists[list] {
                    (list, inside) = (list + 1, inside - self.lists[list]);
                }
                ranks[member * rows..][..rows].iter_mut().for_each(|r| *r = r.add(W::from_u64(inside as u64)));
            }
        }
        for (pair, (a, b)) in self.pairs.iter().enumerate() {
            for unit in 0..rows {
                let at = pair * rows + unit;
                let (o, beta) = (bit::<W>(opened, at), tables.bits[at]);
                // [b] = [i = 0] o + (1 - 2 o) [beta]
                let won = o.mul(one).add(beta).sub(o.mul(beta.add(beta)));
                if *b < self.members - 1 {
                    ranks[b * rows + unit] = ranks[b * rows + unit].add(won);
                }
                ranks[a * rows + unit] = ranks[a * rows + unit].add(one.sub(won));
            }
        }
        ranks
    }
}

/// The sums of `len` words of `bits` bits that begin at byte `start` of all messages.
fn opened_words<W: Word>(bits: u32, len: usize, start: usize, round: Round<'_>) -> Vec<W> {
    let bytes = start..start + word_bytes(bits, W::BITS, len);
    let (mut sum, mut theirs) = (vec![W::from_u64(0); len], vec![W::from_u64(0); len]);
    unpack_words(bits, &round.own[bytes.clone()], &mut sum);
    for peer in round.peers {
        unpack_words(bits, &peer[bytes.clone()], &mut theirs);
        sum.iter_mut().zip(&theirs).for_each(|(s, t)| *s = s.add(*t));
    }
    sum
}

fn bit<W: Word>(bits: &[u32], i: usize) -> W {
    W::from_u64(u64::from(bits[i / BLOCK] >> (i % BLOCK) & 1))
}

//! The sign of an opened value: XOR shares of 1{y >= 0} by masked digit comparison.
//!
//! After the opening of `fold`, Y = y + 2^(m-2) + r mod 2^m is public and r is the dealer's. As y + 2^(m-2) is in [0, 2^(m-1)), its bit
//! m-2 is set exactly when y >= 0, and it is that bit of Y - r:
//!
//! ```text
//! 1{y >= 0} = Y_(m-2) ^ r_(m-2) ^ 1{Y' < r'}        Y', r': the low m-2 bits; the last term is the borrow
//! ```
//!
//! The borrow is found digit by digit, w bits each ([`Compare`]). For each digit
//! d of r' the dealer shares, by XOR, the circular unary table
//!
//! ```text
//! T[D] = 1{D < d} for D < 2^w - 1,   T[2^w - 1] = 1
//! l = T[D], but 0 at D = 2^w - 1         (D < d is then impossible)
//! e = l ^ T[D - 1 mod 2^w]                (D <= d  xor  D < d)
//! ```
//!
//! at the public digit D of Y', so l and e are looked up locally; a tree of ANDs combines them (`merge`). The last entry is a constant: where w is not 4 it is not
//! dealt, party 0 holds it.
//!
//! Where the comparison is fused, the tree ends before its last level, whose variables x are opened together with the sum of what needs no product,
//! S = Y_(m-2) ^ r_(m-2) ^ l_top, masked with f: then 1{y >= 0} = S ^ mu(x) with mu(x) = f ^ (the products of the level), a function of the opened x ^ a that the
//! dealer knows for each of their values ([`sets`]).
//! After the one-time truth tables of Ishai et al. (TCC 2013) and the masked comparison of Catrina and de Hoogh.

use super::merge::{Masks, Tree, merge};
use super::tape::more;
use super::{Compare, Dealing, Round, Seat, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, TABLE, block_bytes, table_bytes};
use undertone_ring::rows::{Row, WORDS, and, fill, xor};
use undertone_ring::{digits, simd};

/// The comparison of m-bit openings.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    compare: Compare,
    tree: Tree,
}

/// What a party holds.
#[derive(Default)]
pub(super) struct Material {
    /// Tables of digits of 4 bits, as bytes.
    tables: Vec<u8>,
    /// Tables of other digits, as bit rows.
    rows: Vec<u32>,
    top: Vec<u32>,
    masks: Vec<Masks>,
}

/// What a party remembers between the rounds.
#[derive(Default)]
pub(super) struct State {
    kept: Vec<u32>,
}

impl Material {
    /// The masks that come with the tables.
    pub(super) fn masks(&self) -> &[Masks] {
        &self.masks
    }
    /// XOR shares of bit m-2 of r.
    pub(super) fn top(&self) -> &[u32] {
        &self.top
    }
}

impl State {
    /// XOR shares of the borrow, once all levels are combined.
    pub(super) fn kept(&self) -> &[u32] {
        &self.kept
    }
}

impl Sign {
    pub(super) fn new(compare: Compare) -> Self {
        Self { compare, tree: Tree::new(compare.count(), compare.radix, compare.fused) }
    }

    /// Rounds of merging, the last one with the bit where the comparison is fused.
    pub(super) fn levels(&self) -> usize {
        self.tree.levels.len()
    }

    /// The number of variables that are opened with the bit.
    pub(super) fn open_variables(&self) -> usize {
        self.tree.levels.last().filter(|_| self.compare.fused).map_or(0, |last| last.variables)
    }

    /// The dealer's half; returns the masks of the variables that are opened with the bit, as bit rows.
    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, level: u32, r: &[W]) -> Vec<u32> {
        let (blocks, m) = (r.len() / BLOCK, self.compare.m);
        let mut packed = vec![0u8; blocks * block_bytes(m)];
        planes::pack(m, r, &mut packed);
        if self.compare.shuffles() {
            let mut tables = vec![0u8; blocks * table_bytes(m)];
            planes::unary(m, &packed, &mut tables);
            d.cover(counter(step, level, field::TABLES), &mut tables);
            for (j, digit) in tables.chunks_exact(TABLE).enumerate() {
                d.write_bytes(&digit[..self.compare.digit_bytes(j % self.compare.count())]);
            }
        } else {
            let mut rows = vec![0u32; self.row_words(blocks)];
            digits::unary(m, self.compare.digit, &packed, &mut rows);
            d.share_bits(counter(step, level, field::TABLES), rows);
        }
        let mut top = vec![0u32; blocks];
        planes::bit(m, &packed, m - 2, &mut top);
        d.share_bits(counter(step, level, field::TOP), top);
        self.deal_masks(d, step, level, blocks)
    }

    /// The dealer's half of combining alone: for one more value that is looked up in the same tables. Returns the masks of the variables that are opened with the bit.
    pub(super) fn deal_masks(&self, d: &mut Dealing<'_>, step: u32, level: u32, blocks: usize) -> Vec<u32> {
        let mut masks = vec![];
        for (depth, l) in self.tree.levels.iter().enumerate() {
            masks = l.deal(d, step, level, depth as u32, blocks);
        }
        masks
    }

    /// Appends what a party unpacks for `len` elements.
    pub(super) fn expand(&self, tape: &mut Tape<'_>, step: u32, level: u32, len: usize, to: &mut Material) -> Result<(), TapeError> {
        let (blocks, at) = (len / BLOCK, counter(step, level, field::TABLES));
        if self.compare.shuffles() {
            let bytes = blocks * table_bytes(self.compare.m);
            tape.reserve(bytes, &mut to.tables);
            match tape.corrections(blocks * self.compare.table_bytes())? {
                None => tape.add_uniform(at, bytes, &mut to.tables),
                Some(mut sent) => {
                    for (j, digit) in more(bytes, &mut to.tables).chunks_exact_mut(TABLE).enumerate() {
                        let (head, rest) = sent.split_at(self.compare.digit_bytes(j % self.compare.count()));
                        digit[..head.len()].copy_from_slice(head);
                        sent = rest;
                    }
                }
            }
        } else {
            tape.add_bits(at, self.row_words(blocks), &mut to.rows)?;
        }
        tape.add_bits(counter(step, level, field::TOP), blocks, &mut to.top)?;
        self.expand_masks(tape, step, level, blocks, &mut to.masks)
    }

    /// Appends what a party unpacks of [`deal_masks`](Self::deal_masks).
    pub(super) fn expand_masks(
        &self,
        tape: &mut Tape<'_>,
        step: u32,
        level: u32,
        blocks: usize,
        to: &mut Vec<Masks>,
    ) -> Result<(), TapeError> {
        to.resize_with(self.tree.levels.len(), Masks::default);
        (0..).zip(&self.tree.levels).zip(to).try_for_each(|((depth, l), to)| l.expand(tape, step, level, depth, blocks, to))
    }

    /// A message a level of merging, and the corrections.
    pub(super) fn traffic(&self, len: usize) -> Traffic {
        self.traffic_of(1, len)
    }

    /// The same for so many values that are looked up in the same tables.
    pub(super) fn traffic_of(&self, values: usize, len: usize) -> Traffic {
        let blocks = len / BLOCK;
        let levels = self.tree.levels.iter().map(|level| {
            let (sent, corrections) = level.bytes(values * blocks);
            Traffic::message(Sum::Bits, sent).with_corrections(corrections)
        });
        levels.sum::<Traffic>().with_corrections(blocks * self.compare.table_bytes() + 4 * blocks)
    }

    /// Looks up the digits of Y: the message of the first level, or with a single digit the result in `state`.
    pub(super) fn look_up(&self, seat: Seat, material: &Material, y: &[u8], state: &mut State, out: &mut Vec<u8>) {
        self.look_up_under(&material.masks, seat, material, y, state, out);
    }

    /// The same under other masks than those that come with the tables.
    pub(super) fn look_up_under(&self, masks: &[Masks], seat: Seat, material: &Material, y: &[u8], state: &mut State, out: &mut Vec<u8>) {
        let (Compare { m, digit, .. }, first) = (self.compare, seat.is_first());
        let blocks = y.len() / block_bytes(m);
        let Some(level) = self.tree.levels.first() else {
            state.kept = vec![0; blocks];
            if self.compare.shuffles() {
                planes::lookup(m, y, &material.tables, |g, _, l, _| state.kept.as_chunks_mut::<WORDS>().0[g] = l);
            } else {
                digits::lookup(m, digit, first, y, &material.rows, |g, _, l, _| state.kept.as_chunks_mut::<WORDS>().0[g] = l);
            }
            return;
        };
        let masks = &masks[0];
        let mut sent = vec![0u32; level.variables * blocks];
        state.kept = vec![0; level.locals * blocks];
        let kept = &mut state.kept[..];
        if self.compare.shuffles() {
            planes::lookup(m, y, &material.tables, |g, j, l, q| level.leaves(j, g, (l, xor(l, q)), masks, &mut sent, kept));
        } else {
            digits::lookup(m, digit, first, y, &material.rows, |g, j, l, e| level.leaves(j, g, (l, e), masks, &mut sent, kept));
        }
        out.extend_from_slice(as_bytes(&sent));
    }

    /// After the round of level `k`: the message of the next level, or the comparison's result in `state`.
    pub(super) fn merge(&self, seat: Seat, k: usize, material: &Material, round: Round<'_>, state: &mut State, out: &mut Vec<u8>) {
        self.merge_under(&material.masks, seat, k, &open_bits(round), state, out);
    }

    /// The same under other masks than those that come with the tables, from what the round opened.
    pub(super) fn merge_under(&self, masks: &[Masks], seat: Seat, k: usize, opened: &[u32], state: &mut State, out: &mut Vec<u8>) {
        let next = self.tree.levels.get(k + 1).map(|l| (l, &masks[k + 1]));
        let (sent, kept) = merge(seat, &self.tree.levels[k], &masks[k], opened, &state.kept, next);
        out.extend_from_slice(as_bytes(&sent));
        state.kept = kept;
    }

    /// XOR shares of 1{y >= 0}, one word of 32 elements a block.
    pub(super) fn bits(&self, seat: Seat, material: &Material, y: &[u8], state: &State) -> Vec<u32> {
        let mut bits = vec![0u32; material.top.len()];
        if seat.is_first() {
            planes::bit(self.compare.m, y, self.compare.m - 2, &mut bits);
        }
        for ((b, l), r) in bits.iter_mut().zip(&state.kept).zip(&material.top) {
            *b ^= l ^ r;
        }
        bits
    }

    fn row_words(&self, blocks: usize) -> usize {
        blocks * digits::table_rows(self.compare.m, self.compare.digit)
    }
}

/// The bits mu that a fused comparison multiplies with, one row of blocks for each value of the variables that are opened with the bit, from the masks of these and
/// from f. A variable is a bit of the number of the value: e2 l1 e1 l0, or e1 l0.
pub(super) fn sets(variables: usize, masks: &[u32], f: &[u32]) -> Vec<Vec<u32>> {
    let value = |set: usize| {
        let mut mu = f.to_vec();
        simd::vectorize(
            #[inline(always)]
            || {
                for (mu, a) in mu.as_chunks_mut::<WORDS>().0.iter_mut().zip(masks.as_chunks::<WORDS>().0.chunks_exact(variables.max(1))) {
                    let x = |v: usize| -> Row { xor(a[v], fill(set >> v & 1 == 1)) };
                    let products = match variables {
                        0 => fill(false),
                        2 => and(x(0), x(1)),
                        _ => and(x(0), xor(x(1), and(x(2), x(3)))),
                    };
                    *mu = xor(*mu, products);
                }
            },
        );
        mu
    };
    (0..1 << variables).map(value).collect()
}

/// The XOR of what all parties sent, as words.
pub(super) fn open_bits(round: Round<'_>) -> Vec<u32> {
    open_bits_at(round, 0..round.own.len())
}

/// The same for a part of the message.
pub(super) fn open_bits_at(round: Round<'_>, at: core::ops::Range<usize>) -> Vec<u32> {
    let mut sum: Vec<u32> = round.own[at.clone()].as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
    for peer in round.peers {
        for (s, b) in sum.iter_mut().zip(peer[at.clone()].as_chunks().0) {
            *s ^= u32::from_le_bytes(*b);
        }
    }
    sum
}

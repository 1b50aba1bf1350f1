//! The sign of an opened value: XOR shares of 1{y >= 0} by masked digit comparison.
//!
//! After the opening of `fold`, Y = y + 2^(m-2) + r mod 2^m is public and r is the dealer's. As y + 2^(m-2) is in [0, 2^(m-1)), its bit
//! m-2 is set exactly when y >= 0, and it is that bit of Y - r:
//!
//! ```text
//! 1{y >= 0} = Y_(m-2) ^ r_(m-2) ^ 1{Y' < r'}        Y', r': the low m-2 bits; the last term is the borrow
//! ```
//!
//! The borrow is found digit by digit, 4 bits each. For each digit
//! d of r' the dealer shares, by XOR, the circular unary table
//!
//! ```text
//! T[D] = 1{D < d} for D < 2^w - 1,   T[2^w - 1] = 1
//! l = T[D], but 0 at D = 2^w - 1         (D < d is then impossible)
//! e = l ^ T[D - 1 mod 2^w]                (D <= d  xor  D < d)
//! ```
//!
//! at the public digit D of Y', so l and e are looked up locally; a tree of ANDs combines them (`merge`).
//! After the one-time truth tables of Ishai et al. (TCC 2013) and the masked comparison of Catrina and de Hoogh.

use super::merge::{Masks, Tree, merge};
use super::{Dealing, Round, Seat, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, block_bytes, digit_width, digits, table_bytes};

/// The comparison of m-bit openings.
#[derive(Clone, Debug)]
pub(super) struct Sign {
    m: u32,
    tree: Tree,
}

/// What a party holds.
pub(super) struct Material {
    tables: Vec<u8>,
    top: Vec<u32>,
    masks: Vec<Masks>,
}

/// What a party remembers between the rounds.
#[derive(Default)]
pub(super) struct State {
    kept: Vec<u32>,
}

impl Material {
    /// Makes room for `parts` times what is there.
    pub(super) fn reserve(&mut self, parts: usize) {
        self.tables.reserve_exact(self.tables.len() * parts);
        self.top.reserve_exact(self.top.len() * parts);
        for masks in &mut self.masks {
            masks.reserve(parts);
        }
    }

    /// Adds the correlations of the next elements.
    pub(super) fn append(&mut self, next: Self) {
        self.tables.extend(next.tables);
        self.top.extend(next.top);
        for (masks, next) in self.masks.iter_mut().zip(next.masks) {
            masks.append(next);
        }
    }
}

impl Sign {
    pub(super) fn new(m: u32) -> Self {
        Self { m, tree: Tree::new(digits(m)) }
    }

    /// Rounds of merging.
    pub(super) fn levels(&self) -> usize {
        self.tree.levels.len()
    }

    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, level: u32, r: &[W]) {
        let blocks = r.len() / BLOCK;
        let mut packed = vec![0u8; blocks * block_bytes(self.m)];
        planes::pack(self.m, r, &mut packed);
        let mut tables = vec![0u8; blocks * table_bytes(self.m)];
        planes::unary(self.m, &packed, &mut tables);
        d.cover(counter(step, level, field::TABLES), &mut tables);
        for (j, digit) in tables.chunks_exact(64).enumerate() {
            d.write_bytes(&digit[..self.digit_bytes(j % digits(self.m))]);
        }
        let mut top = vec![0u32; blocks];
        planes::bit(self.m, &packed, self.m - 2, &mut top);
        d.share_bits(counter(step, level, field::TOP), top);
        for (depth, l) in self.tree.levels.iter().enumerate() {
            l.deal(d, step, level, depth as u32, blocks);
        }
    }

    pub(super) fn expand(&self, tape: &mut Tape<'_>, step: u32, level: u32, len: usize) -> Result<Material, TapeError> {
        let blocks = len / BLOCK;
        let mut tables = vec![0u8; blocks * table_bytes(self.m)];
        match tape.corrections(self.sent_tables(blocks))? {
            None => tape.fill(counter(step, level, field::TABLES), &mut tables),
            Some(mut sent) => {
                for (j, digit) in tables.chunks_exact_mut(64).enumerate() {
                    let (head, rest) = sent.split_at(self.digit_bytes(j % digits(self.m)));
                    digit[..head.len()].copy_from_slice(head);
                    sent = rest;
                }
            }
        }
        let top = tape.share_bits(counter(step, level, field::TOP), blocks)?;
        let masks = self.tree.levels.iter().enumerate();
        let masks = masks.map(|(depth, l)| l.expand(tape, step, level, depth as u32, blocks)).collect::<Result<_, _>>()?;
        Ok(Material { tables, top, masks })
    }

    /// A message a level of merging, and the corrections.
    pub(super) fn traffic(&self, len: usize) -> Traffic {
        let blocks = len / BLOCK;
        let levels = self.tree.levels.iter().map(|level| {
            let (sent, corrections) = level.bytes(blocks);
            Traffic::message(Sum::Bits, sent).with_corrections(corrections)
        });
        levels.sum::<Traffic>().with_corrections(self.sent_tables(blocks) + 4 * blocks)
    }

    /// Looks up the digits of Y: the message of the first level, or with a single digit the result in `state`.
    pub(super) fn look_up(&self, material: &Material, y: &[u8], state: &mut State, out: &mut Vec<u8>) {
        let blocks = y.len() / block_bytes(self.m);
        let Some(level) = self.tree.levels.first() else {
            state.kept = vec![0; blocks];
            planes::lookup(self.m, y, &material.tables, |b, _, l, _| state.kept[b] = l);
            return;
        };
        let masks = &material.masks[0];
        let mut sent = vec![0u32; level.variables * blocks];
        state.kept = vec![0; level.locals * blocks];
        let kept = &mut state.kept[..];
        planes::lookup(self.m, y, &material.tables, |b, j, l, q| level.leaf(j, b, (l, l ^ q), masks, &mut sent, kept));
        out.extend_from_slice(as_bytes(&sent));
    }

    /// After the round of level `k`: the message of the next level, or the comparison's result in `state`.
    pub(super) fn merge(&self, seat: Seat, k: usize, material: &Material, round: Round<'_>, state: &mut State, out: &mut Vec<u8>) {
        let next = self.tree.levels.get(k + 1).map(|l| (l, &material.masks[k + 1]));
        let opened = open_bits(round);
        let (sent, kept) = merge(seat, &self.tree.levels[k], &material.masks[k], &opened, &state.kept, next);
        out.extend_from_slice(as_bytes(&sent));
        state.kept = kept;
    }

    /// XOR shares of 1{y >= 0}, one word of 32 elements a block.
    pub(super) fn bits(&self, seat: Seat, material: &Material, y: &[u8], state: &State) -> Vec<u32> {
        let mut bits = vec![0u32; material.top.len()];
        if seat.is_first() {
            planes::bit(self.m, y, self.m - 2, &mut bits);
        }
        for ((b, l), r) in bits.iter_mut().zip(&state.kept).zip(&material.top) {
            *b ^= l ^ r;
        }
        bits
    }

    /// Bytes of digit `j`'s table that are sent: the upper half of a narrow digit's table is never read.
    fn digit_bytes(&self, j: usize) -> usize {
        if digit_width(self.m, j) == 4 { 64 } else { 32 }
    }

    fn sent_tables(&self, blocks: usize) -> usize {
        blocks * (0..digits(self.m)).map(|j| self.digit_bytes(j)).sum::<usize>()
    }
}

/// The XOR of what all parties sent, as words.
pub(super) fn open_bits(round: Round<'_>) -> Vec<u32> {
    let mut sum: Vec<u32> = round.own.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
    for peer in round.peers {
        for (s, b) in sum.iter_mut().zip(peer.as_chunks().0) {
            *s ^= u32::from_le_bytes(*b);
        }
    }
    sum
}

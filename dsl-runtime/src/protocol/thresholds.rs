//! Several thresholds of one opened value: XOR shares of 1{y >= p_j} for public integers p_0 < p_1 < ..
//!
//! After the opening of `fold`, Y = y + 2^(m-2) + r mod 2^m is public and r is the dealer's. Then Y - p is an opening of y - p under the same r, so [`sign`](super::sign)
//! finds 1{y >= p} with the same digit tables for all p: only what combines the digits, the masks of `merge` and their products, is dealt for each. All thresholds are
//! found in the same rounds.
//!
//! A difference of two values of either sign has one bit more than a value. Where some p is not 0, the digits therefore cover one bit more of Y and of r, which both
//! have: with v = y - p in [-2^(m-1), 2^(m-1)),
//!
//! ```text
//! 1{v >= 0} = bit m-1 of v + 2^(m-1),   v + 2^(m-1) = (Y - p + 2^(m-2)) - r mod 2^m
//! ```
//!
//! which is the comparison of m + 1 bits whose topmost bit nobody reads. So nothing more is opened, and the contract is that of the opening for y, with
//! |p| <= 2^(m-2).
//!
//! The mask of what a party sends is its own share of the mask of one variable for one threshold: the tables are looked up at several public places, but what is
//! found there never leaves a party without a mask of its own.

use super::merge::Masks;
use super::sign::{self, Sign};
use super::{Compare, Dealing, Round, Seat, Tape, TapeError, Traffic};
use undertone_ring::Word;
use undertone_ring::planes::{self, BLOCK, block_bytes};

/// The comparison of an opening with thresholds.
#[derive(Clone, Debug)]
pub(super) struct Thresholds {
    at: Vec<i64>,
    /// Bits of the opening.
    m: u32,
    /// Bits of the comparison: m, or one more.
    width: u32,
    sign: Sign,
}

/// What a party holds.
#[derive(Default)]
pub(super) struct Material {
    sign: sign::Material,
    /// The masks of all thresholds but the first.
    masks: Vec<Vec<Masks>>,
}

/// What a party remembers between the rounds, for each threshold.
#[derive(Default)]
pub(super) struct State {
    /// The bit of Y that says more than the digits.
    tops: Vec<Vec<u32>>,
    signs: Vec<sign::State>,
}

/// The bits of a comparison with these thresholds, for an opening of m.
pub(crate) fn width(m: u32, thresholds: &[i64]) -> u32 {
    m + u32::from(thresholds.iter().any(|p| *p != 0))
}

impl Thresholds {
    /// At least one threshold, ascending; the comparison is not fused.
    pub(super) fn new(compare: Compare, at: &[i64]) -> Self {
        Self::of_width(compare, at, width(compare.m, at))
    }

    /// The same by digits that cover `width` bits: where these are m and no more, whatever the thresholds are, the contract is -2^(m-2) <= y - p < 2^(m-2) for all of them.
    pub(super) fn of_width(compare: Compare, at: &[i64], width: u32) -> Self {
        Self { at: at.to_vec(), m: compare.m, width, sign: Sign::new(compare.opening(width)) }
    }

    /// Rounds of merging.
    pub(super) fn levels(&self) -> usize {
        self.sign.levels()
    }

    /// The dealer's half, from the mask of the opening; threshold `j` has the streams of level `j`.
    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, r: &[W]) {
        self.sign.deal(d, step, 0, r);
        for (level, _) in (0..).zip(&self.at).skip(1) {
            self.sign.deal_masks(d, step, level, r.len() / BLOCK);
        }
    }

    /// Appends what a party unpacks for `len` elements.
    pub(super) fn expand(&self, tape: &mut Tape<'_>, step: u32, len: usize, to: &mut Material) -> Result<(), TapeError> {
        self.sign.expand(tape, step, 0, len, &mut to.sign)?;
        to.masks.resize_with(self.at.len() - 1, Vec::new);
        (1..).zip(&mut to.masks).try_for_each(|(level, to)| self.sign.expand_masks(tape, step, level, len / BLOCK, to))
    }

    /// A message a level of merging, and the corrections.
    pub(super) fn traffic(&self, len: usize) -> Traffic {
        self.sign.traffic_of(self.at.len(), len)
    }

    /// Looks up the digits of Y, less each threshold: the message of the first level, if there is one.
    pub(super) fn look_up<W: Word>(&self, seat: Seat, material: &Material, y: &[u8], state: &mut State, out: &mut Vec<u8>) {
        let blocks = y.len() / block_bytes(self.m);
        let mut opened = vec![W::from_u64(0); blocks * BLOCK];
        planes::unpack(self.m, y, &mut opened);
        let more = if self.width > self.m { 1u64 << (self.m - 2) } else { 0 };
        for (j, p) in self.at.iter().enumerate() {
            let by = W::from_u64(more).sub(W::from_u64(*p as u64));
            let moved: Vec<W> = opened.iter().map(|y| y.add(by)).collect();
            let mut planes = vec![0u8; blocks * block_bytes(self.width)];
            planes::pack(self.width, &moved, &mut planes);
            let mut top = vec![0u32; blocks];
            if seat.is_first() {
                planes::bit(self.width, &planes, self.width - 2, &mut top);
            }
            state.tops.push(top);
            let mut sign = sign::State::default();
            match j.checked_sub(1) {
                None => self.sign.look_up(seat, &material.sign, &planes, &mut sign, out),
                Some(j) => self.sign.look_up_under(&material.masks[j], seat, &material.sign, &planes, &mut sign, out),
            }
            state.signs.push(sign);
        }
    }

    /// After the round of level `k`: the message of the next level, or the result in `state`.
    pub(super) fn merge(&self, seat: Seat, k: usize, material: &Material, round: Round<'_>, state: &mut State, out: &mut Vec<u8>) {
        self.merge_opened(seat, k, material, &sign::open_bits(round), state, out);
    }

    /// The same from what the round opened.
    pub(super) fn merge_opened(&self, seat: Seat, k: usize, material: &Material, opened: &[u32], state: &mut State, out: &mut Vec<u8>) {
        let each = opened.len() / self.at.len();
        for (j, (opened, sign)) in opened.chunks_exact(each).zip(&mut state.signs).enumerate() {
            let masks = j.checked_sub(1).map_or(material.sign.masks(), |j| &material.masks[j]);
            self.sign.merge_under(masks, seat, k, opened, sign, out);
        }
    }

    /// XOR shares of 1{y >= p} for each threshold p, one word of 32 elements a block.
    pub(super) fn bits(material: &Material, state: &State) -> Vec<Vec<u32>> {
        let bits = |(top, sign): (&Vec<u32>, &sign::State)| {
            let all = top.iter().zip(sign.kept()).zip(material.sign.top());
            all.map(|((top, less), r)| top ^ less ^ r).collect()
        };
        state.tops.iter().zip(&state.signs).map(bits).collect()
    }
}

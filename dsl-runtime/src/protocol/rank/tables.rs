//! Tables of the masks of ranks, which choose a member of known rank without another round.
//!
//! For each member but the last, and each u in Z_2^e: whether its mask is u, and that times the masks under which differences of values and of indices were opened. They
//! lie `[member][unit][u]`, so one look-up reads next to another.

use super::super::tape::Part;
use super::super::{Dealing, Tape, TapeError, counter, field};
use undertone_ring::Word;
use undertone_ring::planes::BLOCK;
use undertone_ring::words::word_bytes;

/// The sizes of the tables of some groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Members but the last.
    pub members: usize,
    /// Groups, whole blocks of 32.
    pub units: usize,
    /// e.
    pub bits: u32,
}

/// What a party holds for the groups of one class.
pub(super) struct Tables<W> {
    bits_of_rank: u32,
    /// Shares of what masks the bits of pairs.
    pub bits: Vec<W>,
    /// Masks of ranks.
    pub masks: Vec<W>,
    weights: Vec<W>,
    values: Vec<W>,
    indices: Vec<W>,
}

/// What the dealer knows: masks of differences, `[member][unit]`; none where they are not opened.
#[derive(Clone, Copy)]
pub(super) struct Dealt<'a, W> {
    pub masks: &'a [W],
    pub indices: &'a [W],
}

impl Shape {
    fn masks(self) -> usize {
        self.members * self.units
    }

    fn words(self) -> usize {
        self.masks() << self.bits
    }

    /// The parts in which tables are dealt: a block of groups of one member, for the cache's sake.
    fn parts(self) -> impl Iterator<Item = Part> {
        Part::of_size(BLOCK, self.masks())
    }
}

/// Deals for a class; (step, level, class).
pub(super) fn deal<W: Word>(
    d: &mut Dealing<'_>,
    shape: Shape,
    widths: [u32; 3],
    (step, level, class): (u32, u32, u32),
    dealt: Dealt<'_, W>,
) {
    let low = (1u64 << shape.bits) - 1;
    let masks: Vec<W> = d.uniform(counter(step, level, field::RANK_MASK + class), shape.masks());
    let fields = [field::CHOICE, field::CHOSEN, field::CHOSEN_INDEX];
    for part in shape.parts() {
        if d.is_closed() {
            return;
        }
        let mut d = d.part(part);
        let own = &masks[part.start..part.start + part.len];
        for ((bits, field), times) in widths.into_iter().zip(fields).zip([None, Some(dealt.masks), Some(dealt.indices)]) {
            if bits == 0 {
                continue;
            }
            let mut table = vec![W::from_u64(0); part.len << shape.bits];
            for (i, s) in own.iter().enumerate() {
                let place = (i << shape.bits) + (s.to_u64() & low) as usize;
                table[place] = times.map_or(W::from_u64(1), |r| r[part.start + i]);
            }
            d.share(counter(step, level, field + class), bits, table);
        }
    }
}

/// What a party unpacks, besides the shares of what masks bits.
pub(super) fn expand<W: Word>(
    tape: &mut Tape<'_>,
    shape: Shape,
    widths: [u32; 3],
    (step, level, class): (u32, u32, u32),
    bits: Vec<W>,
) -> Result<Tables<W>, TapeError> {
    let masks = tape.uniform(counter(step, level, field::RANK_MASK + class), shape.masks());
    let fields = [field::CHOICE, field::CHOSEN, field::CHOSEN_INDEX];
    let [weights, values, indices] = tape.in_parts_of(BLOCK, shape.masks(), |tape, len, to: &mut [Vec<W>; 3]| {
        for ((bits, field), to) in widths.into_iter().zip(fields).zip(to).filter(|((bits, _), _)| *bits > 0) {
            tape.add_share(counter(step, level, field + class), bits, len << shape.bits, to)?;
        }
        Ok(())
    })?;
    Ok(Tables { bits_of_rank: shape.bits, bits, masks, weights, values, indices })
}

/// Bytes of corrections.
pub(super) fn corrections<W: Word>(shape: Shape, widths: [u32; 3]) -> usize {
    widths.into_iter().filter(|bits| *bits > 0).map(|bits| word_bytes(bits, W::BITS, shape.words())).sum()
}

impl<W: Word> Tables<W> {
    /// This party's share of 1{s = u} for a member of a unit.
    pub(super) fn weight(&self, row: usize, u: usize) -> W {
        self.weights[(row << self.bits_of_rank) + u]
    }

    /// The same, and that times the mask of the difference of values.
    pub(super) fn value(&self, row: usize, u: usize) -> (W, W) {
        (self.weight(row, u), self.values[(row << self.bits_of_rank) + u])
    }

    /// The same, and that times the mask of the difference of indices.
    pub(super) fn index(&self, row: usize, u: usize) -> (W, W) {
        (self.weight(row, u), self.indices[(row << self.bits_of_rank) + u])
    }
}

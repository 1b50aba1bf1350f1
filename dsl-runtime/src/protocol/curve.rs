//! Functions that are smooth between public thresholds, from one opening: shares of z become shares of f(y) with y = z / 2^t.
//!
//! f is a constant, y itself, or a sum of public numbers times dealt words (`words`) from one threshold to the next. All of it follows from the same opening, so
//! the thresholds and the values of all pieces are found in parallel, the latter wherever y is:
//!
//! ```text
//! round 1       the opening of `fold`: Y = y + 2^(m-2) + r is public
//! rounds 2..    b_j = 1{y >= p_j} for all thresholds at once (`thresholds`); o_j = b_(j-1) ^ b_j, the bit of piece j, is local
//! round 2       besides: P_j + its mask for every piece of words, shifted right as in `fold`, in the short ring of its words; out of it come shares of P_j
//! last round    o_j ^ beta_j for each piece;   f(y) = base + sum over j of o_j (f_j(y) - base)         (`piecewise::select`)
//! ```
//!
//! P_j is right on its piece only. Elsewhere it is any number, and even its lift to the ring may be wrong; but a bit of 0 times any word of the ring is exactly 0, so
//! nothing is wrong anywhere in the contract. The base is a public constant that the pieces of words contain.
//!
//! Where y is known to stay on one piece, there are no thresholds and no bits: two rounds, and the shares of P are the result. A function with a period, such as a sine, needs
//! no range at all: z is multiplied by a public number such that its turn is 2^n, and the wrap of the ring is the period.
//!
//! Rounds: 1 opening, the merges (2 for m = 34 with digits of 4 bits, 1 with digits of 8 by 4), 1 for the bits. At n = 64, t = 16, m = 34, for GELU, two thresholds, 7 harmonics
//! and y itself above: 4 rounds, 34 + 36 + 21 + 2 = 93 bits an element sent by each party to each peer; corrections to the last party: 60 + 137 + 52 bits of the opening
//! and the thresholds, 14 words of 39 bits, 86 of the opening of P, 158 + 171 of the two bits.
//!
//! The masks are those of the openings, of the merges and of the bits; the mask of P is made for it alone. Contract: that of the opening, and
//! |p_j| <= 2^(m-2); where the comparison is as wide as the opening, -2^(m-2) <= y - p_j < 2^(m-2).
//! After Kelkar et al.'s evaluation of exponentials on a masked value, SecFormer's Fourier sums, and the shifted polynomials of function secret sharing.

mod data;
#[cfg(test)]
mod tests;

pub use data::{Curve, Form};

use super::fold::{self, Fold};
use super::piecewise::select::{self, Opened};
use super::piecewise::{Piece, Term};
use super::sign::open_bits_at;
use super::thresholds::{self, Thresholds};
use super::words::{self, Tables, Words};
use super::{Compare, Correlations, Dealing, On, Phases, Protocol, Round, Seat, Segment, Sum, Tape, TapeError, Traffic};
use core::ops::Range;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::rows::GROUP;
use undertone_ring::{Word, simd};

/// Streams of the first piece of words; below are those of thresholds and their bits.
const PIECES: u32 = 66;

// streams of thresholds, of their bits, of pieces and of words are apart
const _: () = assert!(super::piecewise::THRESHOLDS as u32 + 1 < PIECES && PIECES + (super::piecewise::THRESHOLDS as u32) < words::STREAMS);

/// Truncation by t bits and a function of the result.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Bits of the ring.
    n: u32,
    by: i64,
    fold: Fold,
    thresholds: Option<Thresholds>,
    base: i64,
    pieces: Vec<(Words, Fold)>,
    bits: Vec<Bit>,
}

/// A bit, and what it is multiplied with.
#[derive(Clone, Debug)]
struct Bit {
    /// The thresholds that it is made of, and a polynomial of what was opened.
    term: Term,
    /// The piece whose value that is; `None`: y.
    piece: Option<usize>,
}

/// What a party holds for one such step.
#[derive(Default)]
struct Material<W> {
    fold: fold::Material<W>,
    thresholds: Option<thresholds::Material>,
    pieces: Vec<(words::Material, fold::Material<W>)>,
    bits: Vec<select::Words<W>>,
}

/// A party's correlations, with the tables of its public numbers.
struct Held<W> {
    evaluation: Evaluation,
    material: Material<W>,
    tables: Vec<Tables>,
}

/// A party's half while it runs.
struct Run<'a, W> {
    held: &'a Held<W>,
    seat: Seat,
    z: &'a [W],
    y: Vec<u8>,
    /// What was opened of each piece.
    values: Vec<Vec<u8>>,
    state: thresholds::State,
}

impl Evaluation {
    /// A valid curve after a shift by t, in a ring of n bits, by digits that cover `width` bits; the comparison is not fused.
    pub fn new(n: u32, t: u32, compare: Compare, width: u32, curve: &Curve) -> Self {
        let (mut pieces, mut bits) = (vec![], vec![]);
        for (j, form) in curve.pieces.iter().enumerate() {
            let ends = [j.checked_sub(1), (j < curve.thresholds.len()).then_some(j)];
            let term = |piece| Term { thresholds: ends.into_iter().flatten().collect(), turned: j == 0, piece };
            match form {
                Form::Constant { value, .. } if *value == curve.base => {}
                Form::Constant { value, .. } => {
                    bits.push(Bit { term: term(Piece::constant(value.wrapping_sub(curve.base))), piece: None });
                }
                Form::Line { .. } => bits.push(Bit { term: term(Piece::line(1, curve.base.wrapping_neg())), piece: None }),
                Form::Words(words) => {
                    bits.push(Bit { term: term(Piece::line(1, 0)), piece: Some(pieces.len()) });
                    pieces.push((words.clone(), Fold { n, t: words.t, m: words.m }));
                }
            }
        }
        let m = compare.m;
        // y is only lifted where it is the value
        let lifted = curve.pieces.iter().any(|form| matches!(form, Form::Line { .. }));
        let thresholds = (!curve.thresholds.is_empty()).then(|| Thresholds::of_width(compare, &curve.thresholds, width));
        if thresholds.is_none() {
            bits.clear();
        }
        Self { n, by: curve.by, fold: Fold { n: if lifted { n } else { m }, t, m }, thresholds, base: curve.base, pieces, bits }
    }

    /// Rounds of merging.
    fn levels(&self) -> usize {
        self.thresholds.as_ref().map_or(0, Thresholds::levels)
    }

    /// What a bit is multiplied with was opened so; a constant is not.
    fn opening(&self, bit: &Bit) -> Fold {
        match bit.piece {
            Some(piece) => self.pieces[piece].1,
            None => Fold { n: self.n, ..self.fold },
        }
    }

    /// Messages and corrections for `len` elements.
    fn traffic_of<W: Word>(&self, len: usize) -> Traffic {
        let mut all = self.fold.traffic::<W>(len);
        let merges = self.thresholds.as_ref().map(|t| t.traffic(len)).unwrap_or_default();
        all = all + merges;
        let mut send = |round: usize, segment: Segment| {
            while all.rounds.len() <= round {
                all.rounds.push(vec![]);
            }
            all.rounds[round].push(segment);
        };
        for (_, fold) in &self.pieces {
            send(1, Segment { sum: Sum::Planes(fold.m), bytes: len / BLOCK * block_bytes(fold.m) });
        }
        if !self.bits.is_empty() {
            send(1 + self.levels(), Segment { sum: Sum::Bits, bytes: self.bits.len() * len / 8 });
        }
        let pieces = self.pieces.iter().map(|(words, fold)| words.corrections(len) as u64 + fold.traffic::<W>(len).corrections);
        let bits = self.bits.iter().map(|bit| select::corrections::<W>(self.opening(bit), &bit.term, len) as u64);
        all.corrections += pieces.sum::<u64>() + bits.sum::<u64>();
        all
    }

    fn deal_part<W: Word>(&self, d: &mut Dealing<'_>, step: u32, len: usize) {
        let dealt = self.fold.deal::<W>(d, step, 0, len);
        if let Some(thresholds) = &self.thresholds {
            thresholds.deal(d, step, &dealt.r);
        }
        let r: Vec<u64> = dealt.r.iter().map(|r| r.to_u64()).collect();
        let mut values = vec![];
        for (piece, (words, fold)) in (0..).zip(&self.pieces) {
            words.deal(d, step, piece, &r);
            values.push(fold.deal::<W>(d, step, PIECES + piece, len));
        }
        for (level, bit) in (0..).zip(&self.bits) {
            select::deal(self.opening(bit), &bit.term, d, step, level, bit.piece.map_or(&dealt, |piece| &values[piece]));
        }
    }

    fn expand_part<W: Word>(&self, tape: &mut Tape<'_>, step: u32, len: usize, to: &mut Material<W>) -> Result<(), TapeError> {
        self.fold.expand(tape, step, 0, len, &mut to.fold)?;
        if let Some(thresholds) = &self.thresholds {
            thresholds.expand(tape, step, len, to.thresholds.get_or_insert_default())?;
        }
        to.pieces.resize_with(self.pieces.len(), Default::default);
        for (piece, ((words, fold), to)) in (0..).zip(self.pieces.iter().zip(&mut to.pieces)) {
            words.expand(tape, step, piece, len, &mut to.0)?;
            fold.expand(tape, step, PIECES + piece, len, &mut to.1)?;
        }
        to.bits.resize_with(self.bits.len(), Default::default);
        let mut each = (0..).zip(self.bits.iter().zip(&mut to.bits));
        each.try_for_each(|(level, (bit, to))| select::expand(self.opening(bit), &bit.term, tape, step, level, len, to))
    }
}

impl<W: Word> Run<'_, W> {
    /// Bytes of the values of all pieces in the message of the second round, and of the bits, for the elements of this step.
    fn sizes(&self) -> (usize, usize) {
        let (evaluation, len) = (&self.held.evaluation, self.held.material.fold.k1().len());
        let values = evaluation.pieces.iter().map(|(_, fold)| len / BLOCK * block_bytes(fold.m)).sum();
        (values, evaluation.bits.len() * len / 8)
    }

    /// Shift and mask, of what was multiplied by a public number.
    fn send(&self, out: &mut Vec<u8>) {
        let Held { evaluation, material, .. } = self.held;
        if evaluation.by == 1 {
            return evaluation.fold.send(self.seat, &material.fold, self.z, out);
        }
        let by = W::from_u64(evaluation.by as u64);
        let turned: Vec<W> = self.z.iter().map(|z| z.mul(by)).collect();
        evaluation.fold.send(self.seat, &material.fold, &turned, out);
    }

    /// The values of all pieces, shifted and masked.
    fn send_values(&self, out: &mut Vec<u8>) {
        let (Held { evaluation, material, tables }, seat) = (self.held, self.seat);
        let m = evaluation.fold.m;
        let (group, off) = (GROUP / BLOCK * block_bytes(m), 1u64 << (m - 2));
        for (((words, fold), (dealt, opening)), tables) in evaluation.pieces.iter().zip(&material.pieces).zip(tables) {
            let (start, bytes) = (out.len(), GROUP / BLOCK * block_bytes(fold.m));
            out.resize(start + self.y.len() / group * bytes, 0);
            let all = self.y.chunks_exact(group).zip(opening.k1().as_chunks::<GROUP>().0).zip(out[start..].chunks_exact_mut(bytes));
            simd::vectorize_products(
                #[inline(always)]
                || {
                    let (mut lanes, mut sum) = ([0u64; GROUP], [0u64; GROUP]);
                    for (g, ((y, k1), out)) in all.enumerate() {
                        planes::unpack(m, y, &mut lanes);
                        for y in &mut lanes {
                            *y = y.wrapping_sub(off);
                        }
                        words.evaluate(seat.is_first(), tables, &lanes, dealt.group(g), &mut sum);
                        fold.send_group(seat, k1, &sum, out);
                    }
                },
            );
        }
    }

    /// What the second round opened of the pieces, which lies there in its message.
    fn open_values(&mut self, round: Round<'_>, at: Range<usize>) {
        let mut start = at.start;
        for (_, fold) in &self.held.evaluation.pieces {
            let end = start + self.held.material.fold.k1().len() / BLOCK * block_bytes(fold.m);
            self.values.push(fold.open_at(round, start..end));
            start = end;
        }
    }

    /// The bits of the pieces under their masks.
    fn send_bits(&self, out: &mut Vec<u8>) {
        let Held { evaluation, material, .. } = self.held;
        let Some(thresholds) = &material.thresholds else { return };
        let all = Thresholds::bits(thresholds, &self.state);
        for (bit, words) in evaluation.bits.iter().zip(&material.bits) {
            let turned = if bit.term.turned && self.seat.is_first() { u32::MAX } else { 0 };
            let one = |(i, beta): (usize, &u32)| bit.term.thresholds.iter().fold(beta ^ turned, |b, j| b ^ all[*j][i]);
            let bits: Vec<u32> = words.beta.iter().enumerate().map(one).collect();
            out.extend_from_slice(as_bytes(&bits));
        }
    }

    /// Shares of the value once everything is open.
    fn finish(&self, bits: &[u32], result: &mut [W]) {
        let (Held { evaluation, material, .. }, seat) = (self.held, self.seat);
        let base = W::from_u64(if seat.is_first() { evaluation.base as u64 } else { 0 });
        if let ([(_, fold)], [(_, opening)], true) = (&evaluation.pieces[..], &material.pieces[..], evaluation.bits.is_empty()) {
            fold.lift(seat, opening, &self.values[0], result);
            for r in result {
                *r = r.add(base);
            }
            return;
        }
        result.fill(base);
        let each = bits.chunks_exact(result.len() / BLOCK);
        for ((bit, words), bits) in evaluation.bits.iter().zip(&material.bits).zip(each) {
            let (opening, y) = match bit.piece {
                Some(piece) => (&material.pieces[piece].1, &self.values[piece]),
                None => (&material.fold, &self.y),
            };
            Opened { fold: evaluation.opening(bit), seat, opening, squares: None, y }.add(&bit.term, words, bits, result);
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        let evaluation = &self.held.evaluation;
        let second = usize::from(!evaluation.pieces.is_empty());
        1 + second.max(evaluation.levels() + usize::from(!evaluation.bits.is_empty()))
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let (held, seat) = (self.held, self.seat);
        let Held { evaluation, material, .. } = held;
        let (levels, (values, bits)) = (evaluation.levels(), self.sizes());
        let compared = evaluation.thresholds.as_ref().zip(material.thresholds.as_ref());
        // the last bytes of the message of the bits, and of the second one what is before those
        let end = round.own.len() - if k == 2 + levels { bits } else { 0 };
        match k {
            0 => return self.send(out),
            1 => {
                self.y = evaluation.fold.open(round);
                if let Some((thresholds, material)) = compared {
                    thresholds.look_up::<W>(seat, material, &self.y, &mut self.state, out);
                }
                self.send_values(out);
            }
            2 => self.open_values(round, end - values..end),
            _ => {}
        }
        if let Some((thresholds, material)) = compared.filter(|_| (2..2 + levels).contains(&k)) {
            let opened = open_bits_at(round, 0..round.own.len() - if k == 2 { values } else { 0 });
            thresholds.merge_opened(seat, k - 2, material, &opened, &mut self.state, out);
        }
        if k == 1 + levels {
            self.send_bits(out);
        }
        if k == <Self as Phases<W>>::rounds(self) {
            self.finish(&open_bits_at(round, end..round.own.len()), result);
        }
    }
}

impl<W: Word> Protocol<W> for On<Evaluation> {
    fn traffic(&self) -> Traffic {
        self.protocol.traffic_of::<W>(self.len)
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        d.in_parts(self.len, |d, len| self.protocol.deal_part::<W>(d, step, len));
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material = tape.in_parts(self.len, |tape, len, to| self.protocol.expand_part(tape, step, len, to))?;
        let tables = self.protocol.pieces.iter().map(|(words, _)| words.tables()).collect();
        Ok(Box::new(Held { evaluation: self.protocol.clone(), material, tables }))
    }
}

impl<W: Word> Correlations<W> for Held<W> {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(Run { held: self, seat, z, y: vec![], values: vec![], state: thresholds::State::default() })
    }
}

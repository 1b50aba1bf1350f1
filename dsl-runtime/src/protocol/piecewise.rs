//! Functions that are polynomials between public thresholds, from one opening: shares of z become shares of f(y) with y = z / 2^t.
//!
//! Clamps, leaks, steps, and whatever is made of straight lines and parabolas: f is P_0 below p_0, P_j from p_(j-1) on and below p_j, P_T from p_(T-1) on.
//!
//! ```text
//! round 1       the opening of `fold`: Y = y + 2^(m-2) + r is public, and out of it come shares of y
//! rounds 2..    b_j = 1{y >= p_j} for all thresholds at once (`thresholds`); o_j = b_(j-1) ^ b_j, the bit of piece j, is local
//! last round    o_j ^ beta_j for each piece that differs from P;   f(y) = P(y) + sum over j of o_j (P_j(y) - P(y))         (`select`)
//! ```
//!
//! P is the polynomial of one of the pieces and costs nothing; pieces of one polynomial share a bit. Coefficients are public integers: whoever wants fractions of them
//! multiplies all by a power of two, or by a common factor, and says of the result that it has so many more fraction bits, or that factor. f is right for every y
//! within the contract, at the thresholds too; there is no error besides the rounding of the shift. Everything is mod 2^n, so pieces that are not taken may be
//! anything.
//!
//! Rounds: 1 opening, the merges (2 for m = 34), 1 for the bits. At n = 64, t = 16, m = 34, for T thresholds other than 0 and K pieces that differ from P: 4 rounds,
//! 34 + 18 T + K bits an element sent by each party to each peer. Corrections to the last party: 60 + 136 + 1 + 26 T bits an element, and for each of the K pieces
//! 64 for a constant, 158 for a line, 286 for a parabola; 128 more where there is one. A clamp at both sides: T = 2 and K = 2, 72 bits and 471 bits of corrections.
//!
//! The masks are those of the opening, of the merges and of the bits. Contract: that of the opening, and |p_j| <= 2^(m-2).
//! Derived as the comparison of [`relu`](super::relu) is; several thresholds of one opening, and one-hot bits of their intervals, after Catrina and de Hoogh.

mod function;
pub(super) mod select;

pub use function::{Function, Piece, THRESHOLDS};

use super::fold::{self, Fold};
use super::sign::open_bits;
use super::thresholds::{self, Thresholds};
use super::{Compare, Correlations, Dealing, On, Phases, Protocol, Round, Seat, Sum, Tape, TapeError, Traffic};
pub(super) use function::Term;
use select::{Opened, Squares, Words};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::BLOCK;

pub(crate) use thresholds::width;

/// Truncation by t bits and a function of the result.
#[derive(Clone, Debug)]
pub struct Piecewise {
    fold: Fold,
    thresholds: Thresholds,
    base: Piece,
    terms: Vec<Term>,
}

/// What a party holds for one such step.
#[derive(Default)]
pub struct Material<W> {
    fold: fold::Material<W>,
    thresholds: thresholds::Material,
    squares: Option<Squares<W>>,
    words: Vec<Words<W>>,
}

/// A party's half while it runs.
pub struct Run<'a, W> {
    piecewise: &'a Piecewise,
    seat: Seat,
    material: &'a Material<W>,
    z: &'a [W],
    y: Vec<u8>,
    state: thresholds::State,
}

impl Piecewise {
    /// A valid function after a shift by t, in a ring of n bits; the comparison is not fused.
    pub fn new(n: u32, t: u32, compare: Compare, function: &Function) -> Self {
        let (base, terms) = function.terms();
        Self { fold: Fold { n, t, m: compare.m }, thresholds: Thresholds::new(compare, &function.thresholds), base, terms }
    }

    /// Whether anything is made of y^2.
    fn has_squares(&self) -> bool {
        self.base.square != 0 || self.terms.iter().any(|t| t.piece.square != 0)
    }

    fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32, len: usize, to: &mut Material<W>) -> Result<(), TapeError> {
        self.fold.expand(tape, step, 0, len, &mut to.fold)?;
        self.thresholds.expand(tape, step, len, &mut to.thresholds)?;
        if self.has_squares() {
            select::expand_squares(self.fold, tape, step, len, to.squares.get_or_insert_default())?;
        }
        to.words.resize_with(self.terms.len(), Words::default);
        let mut each = (0..).zip(self.terms.iter().zip(&mut to.words));
        each.try_for_each(|(level, (term, to))| select::expand(self.fold, term, tape, step, level, len, to))
    }

    /// The bits of the terms under their masks.
    fn masked<W>(&self, seat: Seat, material: &Material<W>, state: &thresholds::State) -> Vec<u32> {
        let bits = Thresholds::bits(&material.thresholds, state);
        let mut out = Vec::with_capacity(self.terms.len() * bits.first().map_or(0, Vec::len));
        for (term, words) in self.terms.iter().zip(&material.words) {
            let turned = if term.turned && seat.is_first() { u32::MAX } else { 0 };
            out.extend(words.beta.iter().enumerate().map(|(i, beta)| term.thresholds.iter().fold(beta ^ turned, |b, j| b ^ bits[*j][i])));
        }
        out
    }

    /// Shares of the function's value once the bits of the terms are open.
    fn finish<W: Word>(&self, seat: Seat, material: &Material<W>, y: &[u8], bits: &[u32], result: &mut [W]) {
        let opened = Opened { fold: self.fold, seat, opening: &material.fold, squares: material.squares.as_ref(), y };
        opened.everywhere(self.base, result);
        let each = bits.chunks_exact(result.len() / BLOCK);
        for ((term, words), bits) in self.terms.iter().zip(&material.words).zip(each) {
            opened.add(term, words, bits, result);
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        2 + self.piecewise.thresholds.levels()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let Self { piecewise, seat, material, z, .. } = *self;
        let levels = piecewise.thresholds.levels();
        match k {
            0 => piecewise.fold.send(seat, &material.fold, z, out),
            1 => {
                self.y = piecewise.fold.open(round);
                piecewise.thresholds.look_up::<W>(seat, &material.thresholds, &self.y, &mut self.state, out);
            }
            k if k <= levels + 1 => piecewise.thresholds.merge(seat, k - 2, &material.thresholds, round, &mut self.state, out),
            _ => return piecewise.finish(seat, material, &self.y, &open_bits(round), result),
        }
        if k == levels + 1 {
            out.extend_from_slice(as_bytes(&piecewise.masked(seat, material, &self.state)));
        }
    }
}

impl<W: Word> Protocol<W> for On<Piecewise> {
    fn traffic(&self) -> Traffic {
        let (p, len) = (&self.protocol, self.len);
        let words = p.terms.iter().map(|t| select::corrections::<W>(p.fold, t, len)).sum::<usize>();
        let squares = if p.has_squares() { select::squares::<W>(p.fold, len) } else { 0 };
        let bits = Traffic::message(Sum::Bits, p.terms.len() * len / 8).with_corrections(words + squares);
        p.fold.traffic::<W>(len) + p.thresholds.traffic(len) + bits
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        let p = &self.protocol;
        d.in_parts(self.len, |d, len| {
            let dealt = p.fold.deal::<W>(d, step, 0, len);
            p.thresholds.deal(d, step, &dealt.r);
            if p.has_squares() {
                select::deal_squares(p.fold, d, step, &dealt);
            }
            for (level, term) in (0..).zip(&p.terms) {
                select::deal(p.fold, term, d, step, level, &dealt);
            }
        });
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material: Material<W> = tape.in_parts(self.len, |tape, len, to| self.protocol.expand(tape, step, len, to))?;
        Ok(Box::new((self.protocol.clone(), material)))
    }
}

impl<W: Word> Correlations<W> for (Piecewise, Material<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(Run { piecewise: &self.0, seat, material: &self.1, z, y: vec![], state: thresholds::State::default() })
    }
}

#[cfg(test)]
mod tests;

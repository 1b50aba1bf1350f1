//! Truncation and ReLU in one opening: shares of z become shares of max(y, 0) with y = z / 2^t.
//!
//! The opening of `fold` shifts and masks; `sign` finds 1{y >= 0} from the opened Y; `select` multiplies. The lift
//! back to n bits comes out of the same opening, so there is no truncation of its own and no large error of any probability.
//!
//! Rounds: 1 opening, the merges (2 for m = 34), 1 bit; where the comparison is fused, the bit goes with the last merge. At n = 64, t = 16, m = 34: 4 rounds and 34 + 16 + 1 = 51 bits an element sent by each party to each peer;
//! corrections to the last party: 2 * 30 + 128 + 1 + 20 + 2 * 64 + 30 = 367 bits an element. Contract: that of the opening.

use super::fold::{self, Fold};
use super::sign::{self, Sign, open_bits};
use super::{Compare, Correlations, Dealing, On, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic, select};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;

/// Truncation by t bits and ReLU, fused.
#[derive(Clone, Debug)]
pub struct Relu {
    fold: Fold,
    fused: bool,
    sign: Sign,
}

/// What a party holds for one such step.
#[derive(Default)]
pub struct Material<W> {
    fold: fold::Material<W>,
    sign: sign::Material,
    select: select::Material<W>,
}

/// A party's half while it runs.
pub struct Run<'a, W> {
    /// The step's widths.
    pub relu: &'a Relu,
    /// Which party this is.
    pub seat: Seat,
    /// Its correlations; used for one run only.
    pub material: &'a Material<W>,
    /// Its share, padded to whole groups of 256.
    pub z: &'a [W],
    state: State,
}

#[derive(Default)]
pub(super) struct State {
    y: Vec<u8>,
    sign: sign::State,
}

impl Relu {
    /// After a shift by t, in a ring of n bits.
    pub fn new(n: u32, t: u32, compare: Compare) -> Self {
        Self { fold: Fold { n, t, m: compare.m }, fused: compare.fused, sign: Sign::new(compare) }
    }

    /// The number of rounds.
    pub fn rounds(&self) -> usize {
        1 + self.sign.levels() + usize::from(!self.fused)
    }

    /// The dealer's half, for `len` elements (whole groups of 256); `level` tells comparisons of one step apart.
    pub fn deal<W: Word>(&self, d: &mut Dealing<'_>, step: u32, level: u32, len: usize) {
        d.in_parts(len, |d, len| {
            let dealt = self.fold.deal::<W>(d, step, level, len);
            let masks = self.sign.deal(d, step, level, &dealt.r);
            select::deal(self.fold, self.sign.open_variables(), &masks, d, step, level, &dealt);
        });
    }

    /// What a party unpacks from its tape.
    pub fn expand<W: Word>(&self, tape: &mut Tape<'_>, step: u32, level: u32, len: usize) -> Result<Material<W>, TapeError> {
        tape.in_parts(len, |tape, len, to: &mut Material<W>| {
            self.fold.expand(tape, step, level, len, &mut to.fold)?;
            self.sign.expand(tape, step, level, len, &mut to.sign)?;
            select::expand(self.fold, self.sign.open_variables(), tape, step, level, len, &mut to.select)
        })
    }

    /// Messages and corrections for `len` elements.
    pub fn traffic<W: Word>(&self, len: usize) -> Traffic {
        let before = self.fold.traffic::<W>(len) + self.sign.traffic(len);
        let select = select::traffic::<W>(self.fold, self.sign.open_variables(), len);
        if self.fused { before.together(select) } else { before + select }
    }

    /// A party's half, on its share `z`.
    pub fn run<'a, W>(&'a self, seat: Seat, material: &'a Material<W>, z: &'a [W]) -> Run<'a, W> {
        Run { relu: self, seat, material, z, state: State::default() }
    }

    #[allow(clippy::too_many_arguments, reason = "one phase has that many inputs; a struct of them would be used once")]
    pub(super) fn phase<W: Word>(
        &self,
        k: usize,
        seat: Seat,
        material: &Material<W>,
        z: &[W],
        state: &mut State,
        round: Round<'_>,
        out: &mut Vec<u8>,
        result: &mut [W],
    ) {
        let rounds = self.rounds();
        match k {
            0 => return self.fold.send(seat, &material.fold, z, out),
            1 => {
                state.y = self.fold.open(round);
                self.sign.look_up(seat, &material.sign, &state.y, &mut state.sign, out);
            }
            k if k < rounds => self.sign.merge(seat, k - 2, &material.sign, round, &mut state.sign, out),
            _ => {
                let opened = select::Opened { y: &state.y, variables: self.sign.open_variables(), bits: &open_bits(round) };
                return select::finish(self.fold, seat, &material.fold, &material.select, opened, result);
            }
        }
        if k + 1 == rounds {
            let mut bits = self.sign.bits(seat, &material.sign, &state.y, &state.sign);
            bits.iter_mut().zip(&material.select.beta).for_each(|(b, beta)| *b ^= beta);
            out.extend_from_slice(as_bytes(&bits));
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        self.relu.rounds()
    }
    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        self.relu.phase(k, self.seat, self.material, self.z, &mut self.state, round, out, result);
    }
}

impl<W: Word> Protocol<W> for On<Relu> {
    fn traffic(&self) -> Traffic {
        self.protocol.traffic::<W>(self.len)
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        self.protocol.deal::<W>(d, step, 0, self.len);
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material = self.protocol.expand(tape, step, 0, self.len)?;
        Ok(Box::new((self.protocol.clone(), material)))
    }
}

impl<W: Word> Correlations<W> for (Relu, Material<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(self.0.run(seat, &self.1, z))
    }
}

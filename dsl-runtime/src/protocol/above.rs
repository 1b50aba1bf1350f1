//! Whether a value is at least a threshold: shares of z become shares mod 2 of 1{y >= p} with y = z / 2^t, for a public integer p.
//!
//! The opening of `fold` shifts and masks; `thresholds` finds the bit. Addition mod 2 is exclusive or, so the XOR shares that come out are
//! the result: there is no lift, no selection, and no round after the last merge.
//!
//! Rounds: 1 opening, the merges (2 for m = 34). At m = 34 and a threshold other than 0: 3 rounds and 34 + 18 = 52 bits an element sent by each party to each peer;
//! corrections to the last party: 136 + 1 + 26 bits an element. Contract: that of the opening, and |p| <= 2^(m-2). The masks are those of the opening and of the merges.

use super::fold::{self, Fold};
use super::thresholds::{self, Thresholds};
use super::{Compare, Correlations, Dealing, On, Phases, Protocol, Round, Seat, Tape, TapeError, Traffic};
use undertone_ring::Word;
use undertone_ring::planes::BLOCK;

/// Truncation by t bits and comparison with a threshold.
#[derive(Clone, Debug)]
pub struct Above {
    /// In a ring of m bits: only the low bits of the shares are opened, and nothing is lifted.
    fold: Fold,
    thresholds: Thresholds,
}

/// What a party holds for one such step.
#[derive(Default)]
pub struct Material<W> {
    fold: fold::Material<W>,
    thresholds: thresholds::Material,
}

/// A party's half while it runs.
pub struct Run<'a, W> {
    above: &'a Above,
    seat: Seat,
    material: &'a Material<W>,
    z: &'a [W],
    state: thresholds::State,
}

impl Above {
    /// y >= p after a shift by t; the comparison is not fused.
    pub fn new(t: u32, compare: Compare, threshold: i64) -> Self {
        let m = compare.m;
        Self { fold: Fold { n: m, t, m }, thresholds: Thresholds::new(compare, &[threshold]) }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        1 + self.above.thresholds.levels()
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let Self { above: Above { fold, thresholds }, seat, material, z, state } = self;
        match k {
            0 => fold.send(*seat, &material.fold, z, out),
            1 => thresholds.look_up::<W>(*seat, &material.thresholds, &fold.open(round), state, out),
            k => thresholds.merge(*seat, k - 2, &material.thresholds, round, state, out),
        }
        if k == 1 + thresholds.levels() {
            for bits in Thresholds::bits(&material.thresholds, state) {
                for (i, r) in result.iter_mut().enumerate() {
                    *r = W::from_u64(u64::from(bits[i / BLOCK] >> (i % BLOCK) & 1));
                }
            }
        }
    }
}

impl<W: Word> Protocol<W> for On<Above> {
    fn traffic(&self) -> Traffic {
        self.protocol.fold.traffic::<W>(self.len) + self.protocol.thresholds.traffic(self.len)
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        d.in_parts(self.len, |d, len| {
            let dealt = self.protocol.fold.deal::<W>(d, step, 0, len);
            self.protocol.thresholds.deal(d, step, &dealt.r);
        });
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material = tape.in_parts(self.len, |tape, len, to: &mut Material<W>| {
            self.protocol.fold.expand(tape, step, 0, len, &mut to.fold)?;
            self.protocol.thresholds.expand(tape, step, len, &mut to.thresholds)
        })?;
        Ok(Box::new((self.protocol.clone(), material)))
    }
}

impl<W: Word> Correlations<W> for (Above, Material<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(Run { above: &self.0, seat, material: &self.1, z, state: thresholds::State::default() })
    }
}

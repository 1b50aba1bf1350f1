//! Opening a wire under a mask, so that linear steps can consume it.
//!
//! ```text
//! offline  r_i in Z_2^n: generator output of each party; r = sum r_i is known to the dealer
//! round    x_i + r_i is sent by all;   x-hat = sum (x_i + r_i) = x + r   is public
//! ```
//!
//! Not everybody has to send, or to learn: a value that one party has by itself is sent by that party alone, under its own mask; and where one party keeps the
//! weights to itself, it alone learns the opening, adds its own share as it is, and masks nothing ([`Opening`]).
//!
//! The mask of what a party sends is its own r_i, used for this wire of this run alone. One round, n bits an element; no corrections.
//! After the masked wires of ABY2.0 and of Ben-Efraim, Nielsen and Omri.

use super::tape::Part;
use super::{Dealing, Phases, Round, Sum, Tape, Traffic, counter, field};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use undertone_ring::Word;
use undertone_ring::words::{add_words, append_bytes, unpack_words, word_bytes};

/// Who sends and who learns an opening.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The only party that sends: the value is its own, all other shares are zero. `None`: all do.
    pub from: Option<usize>,
    /// The only party that learns the opening: it keeps the weights to itself, or has all operands of a product by itself. `None`: all do.
    pub to: Option<usize>,
}

/// A party's half of an opening while it runs.
pub struct Run<'a, W> {
    n: u32,
    x: &'a [W],
    mask: &'a [W],
}

impl Opening {
    /// Whether this party sends, and so masks what it sends.
    pub fn sends(self, party: usize) -> bool {
        self.from.is_none_or(|from| from == party) && self.to != Some(party)
    }

    /// Whether this party learns the opening.
    pub fn learns(self, party: usize) -> bool {
        self.to.is_none_or(|to| to == party)
    }

    /// Whether anything is sent: a value that only its reader has is not.
    pub fn is_sent(self) -> bool {
        self.from.is_none() || self.from != self.to
    }
}

/// A party's share of the mask of the wire that step `step` opens.
pub fn mask<W: Word>(tape: &mut Tape<'_>, step: u32, len: usize) -> Vec<W> {
    tape.uniform(counter(step, 0, field::WIRE), len)
}

/// The mask, as the dealer knows it: the sum of the parts of those parties that send.
pub fn dealt<W: Word>(d: &Dealing<'_>, sends: impl Fn(usize) -> bool, step: u32, len: usize) -> Vec<W> {
    let mut mask = vec![W::from_u64(0); len];
    for party in (0..d.keys().len()).filter(|p| sends(*p)) {
        let part: Vec<W> = d.of(party, counter(step, 0, field::WIRE), len);
        mask.iter_mut().zip(&part).for_each(|(m, p)| *m = m.add(*p));
    }
    mask
}

/// The same with one party left out, as a second sum: where it keeps the weights to itself, its products need no part of its own mask.
pub fn dealt_apart<W: Word>(d: &Dealing<'_>, sends: impl Fn(usize) -> bool, apart: usize, step: u32, len: usize) -> (Vec<W>, Vec<W>) {
    let others: Vec<W> = dealt(d, |party| sends(party) && party != apart, step, len);
    let mut all = others.clone();
    if sends(apart) {
        let part: Vec<W> = d.of(apart, counter(step, 0, field::WIRE), len);
        all.iter_mut().zip(&part).for_each(|(m, p)| *m = m.add(*p));
    }
    (all, others)
}

/// The mask of a wire as the dealer has it, of a whole batch.
pub enum Mask<'a, W> {
    /// All of it.
    Held(&'a [W]),
    /// Nothing yet: it is made from the generators where it is needed, for a wire that only one step reads.
    Made {
        /// The step that opens the wire.
        step: u32,
        /// Whether a party sends, and so masks its share.
        sends: &'a dyn Fn(usize) -> bool,
    },
}

impl<W: Word> Mask<'_, W> {
    /// The mask of a part of the wire's elements.
    pub(super) fn part(&self, d: &mut Dealing<'_>, part: Part) -> Cow<'_, [W]> {
        match self {
            Mask::Held(all) => Cow::Borrowed(&all[part.start..][..part.len]),
            Mask::Made { step, sends } => Cow::Owned(dealt(&d.part(part), *sends, *step, part.len)),
        }
    }
}

impl<W> core::fmt::Debug for Mask<'_, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if matches!(self, Mask::Held(_)) { "Mask::Held" } else { "Mask::Made" })
    }
}

/// The message of `len` elements of n bits.
pub fn traffic<W: Word>(n: u32, len: usize) -> Traffic {
    Traffic::message(Sum::Words { n, word: W::BITS }, word_bytes(n, W::BITS, len))
}

/// A party's half: its share `x` and its mask.
pub fn run<'a, W>(n: u32, x: &'a [W], mask: &'a [W]) -> Run<'a, W> {
    Run { n, x, mask }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        1
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let len = self.mask.len();
        if k == 0 {
            result[..len].iter_mut().zip(self.x.iter().zip(self.mask)).for_each(|(r, (x, mask))| *r = x.add(*mask));
            return append_bytes(self.n, &result[..len], out);
        }
        unpack_words(self.n, round.own, &mut result[..len]);
        for peer in round.peers {
            add_words(self.n, peer, &mut result[..len]);
        }
    }
}

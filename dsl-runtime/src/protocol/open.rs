//! Opening a wire under a mask, so that linear steps can consume it.
//!
//! ```text
//! offline  r_i in Z_2^n: generator output of each party; r = sum r_i is known to the dealer
//! round    x_i + r_i is sent by all;   x-hat = sum (x_i + r_i) = x + r   is public
//! ```
//!
//! The mask of what a party sends is its own r_i, used for this wire of this run alone. One round, n bits an element; no corrections.
//! After the masked wires of ABY2.0 and of Ben-Efraim, Nielsen and Omri.

use super::{Cost, Dealing, Phases, Round, Tape, counter, field};
use undertone_ring::Word;
use undertone_ring::words::{pack_words, unpack_words, word_bytes};

/// A party's half of an opening while it runs.
pub struct Run<'a, W> {
    n: u32,
    x: &'a [W],
    mask: &'a [W],
}

/// A party's share of the mask of the wire that step `step` opens.
pub fn mask<W: Word>(tape: &Tape<'_>, step: u32, len: usize) -> Vec<W> {
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

/// Rounds and bytes for `len` elements of n bits.
pub fn cost<W: Word>(n: u32, len: usize) -> Cost {
    Cost { rounds: 1, sent: word_bytes(n, W::BITS, len) as u64, ..Cost::default() }
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
            let masked: Vec<W> = self.x[..len].iter().zip(self.mask).map(|(x, r)| x.add(*r)).collect();
            let start = out.len();
            out.resize(start + word_bytes(self.n, W::BITS, len), 0);
            pack_words(self.n, &masked, &mut out[start..]);
            return;
        }
        unpack_words(self.n, round.own, &mut result[..len]);
        let mut theirs = vec![W::from_u64(0); len];
        for peer in round.peers {
            unpack_words(self.n, peer, &mut theirs);
            result.iter_mut().zip(&theirs).for_each(|(r, t)| *r = r.add(*t));
        }
    }
}

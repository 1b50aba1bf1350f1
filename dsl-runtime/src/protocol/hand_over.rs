//! Handing shares over when roles rotate: of three parties, p stops computing and c starts, while q goes on. Afterwards p deals.
//!
//! ```text
//! before   x = x_p + x_q mod 2^n
//! round    c and p make r from a generator that only they have;  p sends x_p - r to q
//! after    x'_q = x_q + (x_p - r),  x'_c = r            x'_q + x'_c = x
//! ```
//!
//! Right for every plain share, with f or 2f fraction bits alike: nothing is rounded, and nothing needs a range.
//!
//! The mask of the message is r, word by word: q, who hears it, has no key of it; c, who has, hears nothing. p knows r and x_p, but never hears x_q again, and deals from
//! now on by keys that tell it nothing about x'. The same message re-shares what one party holds by itself, weights of a third that deals or its inputs: then c and q add to
//! what they have, or to nothing.
//!
//! What must *not* be handed over is what c has dealt masks for: openings x-hat, opened bits and comparisons, and opened weights. They die with the roles; whoever computes
//! next opens anew, under the masks of the new dealer. Keys: one pair of parties, one hand-over; the stream is [`field::HAND_OVER`].
//!
//! One round of n bits an element, from p to q alone; no corrections.

use super::{Cost, field};
use undertone_ring::Word;
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::words::{pack_words, unpack_words, word_bytes};
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The hand-over of shares mod 2^n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// Bits of the ring.
    pub n: u32,
}

impl HandOver {
    /// What the party that leaves sends to the one that stays. `pair` belongs to the one that leaves and the one that joins, and `number` to this vector under it: no two
    /// vectors may have both in common.
    pub fn leave<W: Word>(self, pair: &Prg, number: u32, share: &[W]) -> Vec<u8> {
        let mut rest: Zeroizing<Vec<W>> = self.join(pair, number, share.len()).into();
        rest.iter_mut().zip(share).for_each(|(r, x)| *r = x.sub(*r));
        let mut message = vec![0; self.bytes::<W>(share.len())];
        pack_words(self.n, &rest, &mut message);
        message
    }

    /// The share of the party that joins, for `len` elements.
    pub fn join<W: Word>(self, pair: &Prg, number: u32, len: usize) -> Vec<W> {
        let mut share = vec![W::from_u64(0); len];
        pair.words(Counter { step: number, field: field::HAND_OVER }, &mut share);
        share
    }

    /// The new share of the party that stays, from its old one and the message; nothing if the message has another length than [`bytes`](Self::bytes).
    pub fn stay<W: Word>(self, share: &[W], message: &[u8]) -> Option<Vec<W>> {
        if message.len() != self.bytes::<W>(share.len()) {
            return None;
        }
        let mut new = vec![W::from_u64(0); share.len()];
        unpack_words(self.n, message, &mut new);
        new.iter_mut().zip(share).for_each(|(new, old)| *new = new.add(*old));
        Some(new)
    }

    /// The length of the message for `len` elements.
    pub fn bytes<W: Word>(self, len: usize) -> usize {
        word_bytes(self.n, W::BITS, len)
    }

    /// One message, from the party that leaves, as if it were party 0; the others send nothing.
    pub fn cost<W: Word>(self, len: usize) -> Cost {
        Cost::messages(1, 1, |_| self.bytes::<W>(len) as u64)
    }
}

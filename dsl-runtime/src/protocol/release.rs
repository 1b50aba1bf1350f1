//! Releasing a value to one receiver.
//!
//! ```text
//! zero     zeta_i = sum over j < i of PRG(s_ij) - sum over j > i of PRG(s_ij) in Z_2^n          s_ij: a seed of parties i and j
//! message  v_i = the share z_i + zeta_i, shifted right by t as `fold` does (party 0 down, the others up, centred), reduced to m bits
//! result   y = sum v_i mod 2^m, signed: z / 2^t, off by less than N / 2 units (1 for two parties)            |y| < 2^(m-1) - N
//! ```
//!
//! The zero sharing comes first, in Z_2^n, so that the messages of honest parties are uniform subject to their sum whatever their shares were; and the value
//! leaves at f fraction bits, never at 2f, where it would be an exact inner product. The seeds are those of pairs of parties, so a dealer does not have them.
//!
//! What the receiver learns: y, that is z / 2^t rounded at random to one of its neighbours. Releasing one input again and again averages towards z.
//! One message of m bits an element to the receiver, no corrections, no round before it.

use super::fold::{Fold, mask};
use super::{Round, Seat, field};
use undertone_ring::Word;
use undertone_ring::planes::{BLOCK, block_bytes};
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::rows::GROUP;
use undertone_ring::words::{pack_words, unpack_words};
use zeroize::Zeroizing;

/// A release of values that are shifted right by `t` and fit in m bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// How far the value is shifted right.
    pub t: u32,
    /// Bits of the message.
    pub m: u32,
}

/// This party's share of zero, from the generators that it has in common with each peer (`None` at its own place).
pub fn zero<W: Word>(seat: Seat, pairs: &[Option<Prg>], step: u32, len: usize) -> Vec<W> {
    let at = Counter { step, field: field::ZERO };
    let (mut zeta, mut one) = (vec![W::from_u64(0); len], Zeroizing::new(vec![]));
    for (k, (peer, pair)) in pairs.iter().enumerate().filter_map(|(peer, pair)| Some((peer, pair.as_ref()?))).enumerate() {
        if k == 0 {
            pair.words(at, &mut zeta);
            if peer > seat.party {
                for z in &mut zeta {
                    *z = z.neg();
                }
            }
            continue;
        }
        one.resize(len, W::from_u64(0));
        pair.words(at, &mut one);
        for (z, o) in zeta.iter_mut().zip(one.iter()) {
            *z = if peer < seat.party { z.add(*o) } else { z.sub(*o) };
        }
    }
    zeta
}

impl Release {
    /// This party's message, from its share (whole blocks of 32) and its share of zero.
    pub fn message<W: Word>(self, seat: Seat, z: &[W], zeta: &[W]) -> Vec<u8> {
        let mut out = vec![];
        self.send(seat, z, zeta, &mut out);
        out
    }

    /// Appends it.
    pub fn send<W: Word>(self, seat: Seat, z: &[W], zeta: &[W], out: &mut Vec<u8>) {
        let (centre, start) = (Fold::centre::<W>(self.t, seat), out.len());
        out.resize(start + self.bytes(z.len()), 0);
        let mut v = Zeroizing::new([W::from_u64(0); GROUP]);
        let parts = z.chunks(GROUP).zip(zeta.chunks(GROUP)).zip(out[start..].chunks_mut(self.bytes(GROUP)));
        for ((z, zeta), out) in parts {
            for ((v, z), zero) in v.iter_mut().zip(z).zip(zeta) {
                let z = z.add(*zero);
                *v = if seat.is_first() { z.sub(centre).shr(self.t) } else { z.neg().shr(self.t).neg() };
            }
            pack_words(self.m, &v[..z.len()], out);
        }
    }

    /// The released values, from the receiver's own message and those of its peers.
    pub fn combine<W: Word>(self, round: Round<'_>, len: usize) -> Vec<i64> {
        let (mut values, shift, bytes) = (Vec::with_capacity(len), 64 - self.m, self.bytes(GROUP));
        let (mut sum, mut theirs) = ([W::from_u64(0); GROUP], [W::from_u64(0); GROUP]);
        for (k, own) in round.own.chunks(bytes).enumerate() {
            let count = own.len() * 8 / self.m as usize;
            unpack_words(self.m, own, &mut sum[..count]);
            for peer in round.peers {
                unpack_words(self.m, &peer[k * bytes..][..own.len()], &mut theirs[..count]);
                sum.iter_mut().zip(&theirs).for_each(|(s, t)| *s = s.add(*t));
            }
            values.extend(sum[..count.min(len - values.len())].iter().map(|w| ((w.and(mask(self.m)).to_u64() << shift) as i64) >> shift));
        }
        values
    }

    /// The length of a message of `len` elements, whole blocks of 32.
    pub fn bytes(self, len: usize) -> usize {
        len / BLOCK * block_bytes(self.m)
    }
}

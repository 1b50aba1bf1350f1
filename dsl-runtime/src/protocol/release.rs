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
use undertone_ring::planes::{BLOCK, block_bytes};
use undertone_ring::prg::{Counter, Prg};
use undertone_ring::rows::GROUP;
use undertone_ring::words::{add_words, append_bytes, unpack_words};
use undertone_ring::{Word, simd};
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
    let (mut zeta, mut one): (Vec<W>, _) = (vec![], Zeroizing::new(vec![]));
    for (peer, pair) in pairs.iter().enumerate().filter_map(|(peer, pair)| Some((peer, pair.as_ref()?))) {
        let negative = peer > seat.party;
        if zeta.is_empty() {
            pair.append(at, 0, len, &mut zeta);
            simd::vectorize(
                #[inline(always)]
                || zeta.iter_mut().filter(|_| negative).for_each(|z| *z = z.neg()),
            );
            continue;
        }
        one.clear();
        pair.append(at, 0, len, &mut one);
        simd::vectorize(
            #[inline(always)]
            || zeta.iter_mut().zip(one.iter()).for_each(|(z, o)| *z = if negative { z.sub(*o) } else { z.add(*o) }),
        );
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
        let (centre, t, first) = (Fold::centre::<W>(self.t, seat), self.t, seat.is_first());
        out.reserve(self.bytes(z.len()));
        simd::vectorize(
            #[inline(always)]
            || {
                let mut v = Zeroizing::new([W::from_u64(0); GROUP]);
                for (z, zeta) in z.chunks(GROUP).zip(zeta.chunks(GROUP)) {
                    let shares = v.iter_mut().zip(z.iter().zip(zeta).map(|(z, zero)| z.add(*zero)));
                    if first {
                        shares.for_each(|(v, z)| *v = z.sub(centre).shr(t));
                    } else {
                        shares.for_each(|(v, z)| *v = z.neg().shr(t).neg());
                    }
                    append_bytes(self.m, &v[..z.len()], out);
                }
            },
        );
    }

    /// The released values, from the receiver's own message and those of its peers.
    pub fn combine<W: Word>(self, round: Round<'_>, len: usize) -> Vec<i64> {
        let (mut values, shift, bytes) = (Vec::with_capacity(len), 64 - self.m, self.bytes(GROUP));
        let (mut sum, mut group) = ([W::from_u64(0); GROUP], [0; GROUP]);
        let low = mask::<W>(self.m);
        simd::vectorize(
            #[inline(always)]
            || {
                for (k, own) in round.own.chunks(bytes).enumerate() {
                    let count = own.len() * 8 / self.m as usize;
                    unpack_words(self.m, own, &mut sum[..count]);
                    for peer in round.peers {
                        add_words(self.m, &peer[k * bytes..][..own.len()], &mut sum[..count]);
                    }
                    for (v, w) in group.iter_mut().zip(&sum) {
                        *v = ((w.and(low).to_u64() << shift) as i64) >> shift;
                    }
                    values.extend_from_slice(&group[..count.min(len - values.len())]);
                }
            },
        );
        values
    }

    /// The length of a message of `len` elements, whole blocks of 32.
    pub fn bytes(self, len: usize) -> usize {
        len / BLOCK * block_bytes(self.m)
    }
}

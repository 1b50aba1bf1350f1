//! Truncation without a sign: shares of z become shares of y = z / 2^t, for two parties, one bit each.
//!
//! ```text
//! offline  bits s_0, s_1 from the two generators;  pi = [s_0 s_1] in Z_2^t, a correction of t bits
//! party 0  Z = z_0 + 2^(n-2) mod 2^n,  a = 1 - msb(Z),   sends d_0 = a ^ s_0
//! party 1                              b = 1 - msb(z_1), sends d_1 = b ^ s_1
//! result   p = [a b] in Z_2^t  =  d_0 d_1 + d_1 (1 - 2 d_0) [s_0] + d_0 (1 - 2 d_1) [s_1] + (1 - 2 d_0)(1 - 2 d_1) [pi]
//!          y_0 = floor(Z / 2^t) + (p_0 - 1) 2^(n-t) - 2^(n-2-t)
//!          y_1 = ceil(z_1 / 2^t) + p_1 2^(n-t)
//! ```
//!
//! Z + z_1 = z + 2^(n-2) + 2^n w with w = 0 or 1. As z + 2^(n-2) is in [0, 2^(n-1)), its top bit is 0, so the sum wraps unless both top bits are 0: w = 1 - a b.
//! Shifting both parts and subtracting w 2^(n-t) leaves y, up to the carry of the lower t bits: y is floor(z / 2^t) or one more, exact on multiples of 2^t,
//! and more often the nearer the fraction is to 1.
//!
//! The masks of what the parties send are s_0 and s_1. Contract: -2^(n-2) <= z < 2^(n-2), both ends included. For N > 2 the lift of `fold`
//! alone does the same for m bits in one round.

use super::fold::{Fold, Material as Opening};
use super::sign::open_bits;
use super::tape::Part;
use super::{Correlations, Dealing, Phases, Protocol, Round, Seat, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::Word;
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::BLOCK;
use undertone_ring::simd;
use undertone_ring::words::word_bytes;

/// Truncation of n-bit shares by t bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncate {
    /// Bits of the ring.
    pub n: u32,
    /// How far the value is shifted right.
    pub t: u32,
    /// Bits that the lift opens where there are more than two parties: |y| < 2^(m-2) - N.
    pub m: u32,
}

/// What a party holds for one such step.
pub struct Material<W>(Kind<W>);

enum Kind<W> {
    Two { coin: Vec<u32>, coins: Vec<W> },
    More(Opening<W>),
}

/// A party's half while it runs.
pub struct Run<'a, W> {
    truncate: Truncate,
    seat: Seat,
    material: &'a Material<W>,
    z: &'a [W],
}

impl Truncate {
    /// The dealer's half, for `len` elements (whole groups of 256).
    pub fn deal<W: Word>(self, d: &mut Dealing<'_>, step: u32, len: usize) {
        if d.keys().len() != 2 {
            self.fold().deal::<W>(d, step, 0, len);
            return;
        }
        for part in Part::all(len) {
            let (mut d, at, len) = (d.part(part), counter(step, 0, field::COIN), part.len);
            if d.is_closed() {
                return;
            }
            let (mut both, other): (Vec<u32>, Vec<u32>) = (d.of(0, at, len / BLOCK), d.of(1, at, len / BLOCK));
            both.iter_mut().zip(&other).for_each(|(a, b)| *a &= b);
            d.share::<W>(counter(step, 0, field::COINS), self.t, (0..len).map(|i| bit(&both, i)).collect());
        }
    }

    /// What a party unpacks from its tape.
    pub fn expand<W: Word>(self, parties: usize, tape: &mut Tape<'_>, step: u32, len: usize) -> Result<Material<W>, TapeError> {
        if parties != 2 {
            let mut opening = Opening::default();
            self.fold().expand(tape, step, 0, len, &mut opening)?;
            return Ok(Material(Kind::More(opening)));
        }
        let coin = tape.uniform(counter(step, 0, field::COIN), len / BLOCK);
        let coins = tape.share(counter(step, 0, field::COINS), self.t, len)?;
        Ok(Material(Kind::Two { coin, coins }))
    }

    /// One round; one bit an element and t bits of corrections for two parties, m and 2 (n - m) for more.
    pub fn traffic<W: Word>(self, parties: usize, len: usize) -> Traffic {
        if parties != 2 {
            return self.fold().traffic::<W>(len);
        }
        Traffic::message(Sum::Bits, len / 8).with_corrections(word_bytes(self.t, W::BITS, len))
    }

    /// A party's half, on its share `z`.
    pub fn run<'a, W>(self, seat: Seat, material: &'a Material<W>, z: &'a [W]) -> Run<'a, W> {
        Run { truncate: self, seat, material, z }
    }

    fn fold(self) -> Fold {
        Fold { n: self.n, t: self.t, m: self.m }
    }

    /// The share with party 0's offset, in the low n bits.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    fn offset<W: Word>(self, seat: Seat, z: W) -> W {
        let z = if seat.is_first() { z.add(W::from_u64(1 << (self.n - 2))) } else { z };
        z.and(super::fold::mask(self.n))
    }

    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
    fn result<W: Word>(self, seat: Seat, z: W, (d0, d1): (W, W), own: W, coins: W) -> W {
        let one = W::from_u64(1);
        let sign = |d: W| one.sub(d.add(d));
        let mut p = sign(d0).mul(sign(d1)).mul(coins);
        let z = self.offset(seat, z);
        let (n, t) = (self.n, self.t);
        if seat.is_first() {
            p = p.add(d0.mul(d1)).add(d1.mul(sign(d0)).mul(own));
            z.shr(t).add(p.sub(one).shl(n - t)).sub(W::from_u64(1 << (n - 2 - t)))
        } else {
            p = p.add(d0.mul(sign(d1)).mul(own));
            let up = W::from_u64(u64::from(z.and(super::fold::mask(t)) != W::from_u64(0)));
            z.shr(t).add(up).add(p.shl(n - t))
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        1
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let (cut, seat) = (self.truncate, self.seat);
        match (&self.material.0, k) {
            (Kind::More(opening), 0) => cut.fold().send(seat, opening, self.z, out),
            (Kind::More(opening), _) => {
                let fold = cut.fold();
                fold.lift(seat, opening, &fold.open(round), result);
            }
            (Kind::Two { coin, .. }, 0) => {
                let mut bits = coin.clone();
                simd::vectorize(
                    #[inline(always)]
                    || {
                        for (bits, z) in bits.iter_mut().zip(self.z.as_chunks::<BLOCK>().0) {
                            let mut tops = 0;
                            for (i, z) in z.iter().enumerate() {
                                tops |= (cut.offset(seat, *z).shr(cut.n - 1).to_u64() as u32) << i;
                            }
                            *bits ^= !tops;
                        }
                    },
                );
                out.extend_from_slice(as_bytes(&bits));
            }
            (Kind::Two { coin, coins }, _) => {
                let own = open_bits(Round { own: round.own, peers: &[] });
                let peer = open_bits(Round { own: &round.peers[0], peers: &[] });
                let (d0, d1) = if seat.is_first() { (&own, &peer) } else { (&peer, &own) };
                simd::vectorize(
                    #[inline(always)]
                    || {
                        let blocks = self.z.as_chunks::<BLOCK>().0.iter().zip(coins.as_chunks::<BLOCK>().0);
                        for (b, ((z, coins), out)) in blocks.zip(result.as_chunks_mut::<BLOCK>().0).enumerate() {
                            let lane = |bits: u32, i: usize| W::from_u64(u64::from(bits >> i & 1));
                            for i in 0..BLOCK {
                                let d = (lane(d0[b], i), lane(d1[b], i));
                                out[i] = cut.result(seat, z[i], d, lane(coin[b], i), coins[i]);
                            }
                        }
                    },
                );
            }
        }
    }
}

/// Truncation of so many elements among so many parties.
#[derive(Clone, Copy, Debug)]
pub struct Truncation {
    /// The widths.
    pub truncate: Truncate,
    /// The number of parties.
    pub parties: usize,
    /// The number of elements, whole groups of 256.
    pub len: usize,
}

impl<W: Word> Protocol<W> for Truncation {
    fn traffic(&self) -> Traffic {
        self.truncate.traffic::<W>(self.parties, self.len)
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        self.truncate.deal::<W>(d, step, self.len);
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material = self.truncate.expand::<W>(self.parties, tape, step, self.len)?;
        Ok(Box::new((self.truncate, material)))
    }
}

impl<W: Word> Correlations<W> for (Truncate, Material<W>) {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(self.0.run(seat, &self.1, z))
    }
}

fn bit<W: Word>(bits: &[u32], i: usize) -> W {
    W::from_u64(u64::from(bits[i / BLOCK] >> (i % BLOCK) & 1))
}

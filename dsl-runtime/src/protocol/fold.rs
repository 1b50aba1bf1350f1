//! The folded masked opening: a share shifted right, masked and opened on m bits, and lifted back to the ring.
//!
//! Goal: from shares of z, |z| < 2^(n-2), make y = z / 2^t public under a mask, on m bits only, and get shares of y mod 2^n.
//!
//! ```text
//! shift    v_0 = floor((z_0 - (N - 2) 2^(t-1)) / 2^t)     v_i = ceil(z_i / 2^t) for i > 0       (mod 2^m; t = 0: v_i = z_i)
//! offline  K1_i in Z_2^n: generator output, but for the last party's upper n - m bits, which are a correction such that
//!          sum K1_i = -(r + 2^(m-2)) mod 2^n   with   r := -(sum K1_i) - 2^(m-2) mod 2^m
//!          h = bit m-1 of r, shared in Z_2^(n-m)
//! round    e_i = v_i - K1_i mod 2^m is sent by all;  Y = sum e_i = y + r + 2^(m-2) mod 2^m
//! lift     y_i = [i = 0] Y + K1_i + 2^m (1 - c) h_i        c = bit m-1 of Y
//! ```
//!
//! With R = r + 2^(m-2), Y = y + R - 2^m w. As 0 <= y + 2^(m-2) < 2^(m-1), the sum wraps exactly when bit m-1 of r is set and that of
//! Y is not: w = h (1 - c). So Y - R + 2^m w = y over the integers.
//!
//! The mask of what a party sends is its own K1_i, used here alone. Contract: -2^(m-2) + N/2 - 1 <= y <= 2^(m-2) - N/2, and
//! m <= n - t or t = 0. One floor and N - 1 ceilings err upwards by (N - 2) / 2 units on average, which party 0 takes away beforehand: the rounding is unbiased, off by
//! less than N / 2 units; at N = 2 it is exact on multiples of 2^t. At t = 0 nothing rounds.
//! After SPU's truncation with a probabilistic rounding and Catrina's masked comparison.

use super::{Dealing, Round, Seat, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::planes::{self, block_bytes};
use undertone_ring::rows::GROUP;
use undertone_ring::words::{unpack_words, word_bytes};
use undertone_ring::{Word, simd};

/// The widths of an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Bits of the ring of the result.
    pub n: u32,
    /// How far the value is shifted right.
    pub t: u32,
    /// Bits that are opened.
    pub m: u32,
}

/// What a party holds for one opening.
#[derive(Default)]
pub(super) struct Material<W> {
    k1: Vec<W>,
    h: Vec<W>,
}

/// What the dealer knows of one opening.
pub(super) struct Dealt<W> {
    /// r, m bits.
    pub r: Vec<W>,
    /// R = r + 2^(m-2), not reduced.
    pub offset: Vec<W>,
    /// Bit m-1 of r.
    pub top: Vec<W>,
}

impl Fold {
    /// Whether the widths keep the contract's premises.
    pub const fn is_valid(self, word_bits: u32) -> bool {
        self.n <= word_bits && self.m > 2 && self.m <= self.n && (self.t == 0 || self.m + self.t <= self.n)
    }

    /// Whether the ring is wider than what is opened, so that the result needs the lift.
    pub(super) const fn lifts(self) -> bool {
        self.n > self.m
    }

    pub(super) fn deal<W: Word>(self, d: &mut Dealing<'_>, step: u32, level: u32, len: usize) -> Dealt<W> {
        let at = counter(step, level, field::K1);
        let (m, low) = (self.m, mask::<W>(self.m));
        let off = W::from_u64(1 << (m - 2));
        let others: Vec<W> = d.others(at, len);
        let last: Vec<W> = d.last(at, len); // counts mod 2^m only: its upper bits are corrected away
        let room = || Vec::with_capacity(len);
        let (mut r, mut offset, mut top, mut upper): (Vec<W>, Vec<W>, Vec<W>, Vec<W>) = (room(), room(), room(), room());
        simd::vectorize(
            #[inline(always)]
            || {
                for (o, l) in others.as_chunks::<GROUP>().0.iter().zip(last.as_chunks::<GROUP>().0) {
                    let r_: [W; GROUP] = core::array::from_fn(|i| o[i].add(l[i]).neg().sub(off).and(low));
                    let offset_: [W; GROUP] = core::array::from_fn(|i| r_[i].add(off));
                    r.extend_from_slice(&r_);
                    offset.extend_from_slice(&offset_);
                    top.extend_from_slice(&core::array::from_fn::<W, GROUP, _>(|i| r_[i].shr(m - 1)));
                    // K1_last = -(R + the others' words); its low m bits are those of its generator
                    upper.extend_from_slice(&core::array::from_fn::<W, GROUP, _>(|i| offset_[i].add(o[i]).neg().shr(m)));
                }
            },
        );
        if self.lifts() {
            d.write(self.n - m, &upper);
            d.share(counter(step, level, field::H), self.n - m, top.clone());
        }
        Dealt { r, offset, top }
    }

    /// Appends what a party unpacks for `len` elements, whole groups.
    pub(super) fn expand<W: Word>(
        self,
        tape: &mut Tape<'_>,
        step: u32,
        level: u32,
        len: usize,
        to: &mut Material<W>,
    ) -> Result<(), TapeError> {
        let start = to.k1.len();
        tape.add_uniform(counter(step, level, field::K1), len, &mut to.k1);
        if !self.lifts() {
            return Ok(());
        }
        let (low, m, bits) = (mask::<W>(self.m), self.m, self.n - self.m);
        if let Some(sent) = tape.corrections(word_bytes(bits, W::BITS, len))? {
            let groups = to.k1[start..].as_chunks_mut::<GROUP>().0.iter_mut().zip(sent.chunks_exact(word_bytes(bits, W::BITS, GROUP)));
            simd::vectorize(
                #[inline(always)]
                || {
                    let mut upper = [W::from_u64(0); GROUP];
                    for (k1, sent) in groups {
                        unpack_words(bits, sent, &mut upper);
                        for (k, u) in k1.iter_mut().zip(&upper) {
                            *k = k.and(low).add(u.shl(m));
                        }
                    }
                },
            );
        }
        tape.add_share(counter(step, level, field::H), bits, len, &mut to.h)
    }

    /// The opening and its corrections.
    pub(super) fn traffic<W: Word>(self, len: usize) -> Traffic {
        let corrections = if self.lifts() { 2 * word_bytes(self.n - self.m, W::BITS, len) } else { 0 };
        Traffic::message(Sum::Planes(self.m), len / 32 * block_bytes(self.m)).with_corrections(corrections)
    }

    /// What party 0 takes away before it shifts, so that the rounding of more than two parties is centred: N - 1 of them round up.
    pub(super) fn centre<W: Word>(t: u32, seat: Seat) -> W {
        if t == 0 { W::from_u64(0) } else { W::from_u64((seat.parties as u64).saturating_sub(2)).shl(t - 1) }
    }

    /// Shift and mask: appends e_i, packed to m bits.
    pub(super) fn send<W: Word>(self, seat: Seat, material: &Material<W>, z: &[W], out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + z.len() / 32 * block_bytes(self.m), 0);
        let (first, t, m, centre) = (seat.is_first(), self.t, self.m, Self::centre::<W>(self.t, seat));
        simd::vectorize(
            #[inline(always)]
            || {
                let chunks = z.as_chunks::<GROUP>().0.iter().zip(material.k1.as_chunks::<GROUP>().0);
                for ((z, k1), out) in chunks.zip(out[start..].chunks_exact_mut(GROUP / 32 * block_bytes(m))) {
                    let mut e = [W::from_u64(0); GROUP];
                    if first {
                        for i in 0..GROUP {
                            e[i] = z[i].sub(centre).shr(t).sub(k1[i]);
                        }
                    } else {
                        for i in 0..GROUP {
                            e[i] = z[i].neg().shr(t).neg().sub(k1[i]);
                        }
                    }
                    planes::pack(m, &e, out);
                }
            },
        );
    }

    /// Shift and mask for one group of shares in a ring of m + t bits, which may be more than a word of the result has.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn send_group<W: Word>(self, seat: Seat, k1: &[W; GROUP], z: &[u64; GROUP], out: &mut [u8]) {
        let mut e = [W::from_u64(0); GROUP];
        if seat.is_first() {
            let centre = Self::centre::<u64>(self.t, seat);
            for i in 0..GROUP {
                e[i] = W::from_u64(z[i].wrapping_sub(centre) >> self.t).sub(k1[i]);
            }
        } else {
            for i in 0..GROUP {
                e[i] = W::from_u64((z[i].wrapping_neg() >> self.t).wrapping_neg()).sub(k1[i]);
            }
        }
        planes::pack(self.m, &e, out);
    }

    /// Y as planes: the sum of what all parties sent.
    pub(super) fn open(self, round: Round<'_>) -> Vec<u8> {
        self.open_at(round, 0..round.own.len())
    }

    /// The same for a part of the message.
    pub(super) fn open_at(self, round: Round<'_>, at: core::ops::Range<usize>) -> Vec<u8> {
        let mut y = round.own[at.clone()].to_vec();
        for peer in round.peers {
            planes::add_assign(self.m, &mut y, &peer[at.clone()]);
        }
        y
    }

    /// Shares of y from the opened Y.
    pub(super) fn lift<W: Word>(self, seat: Seat, material: &Material<W>, y: &[u8], result: &mut [W]) {
        planes::unpack(self.m, y, result);
        let first = seat.is_first();
        for (i, v) in result.iter_mut().enumerate() {
            *v = self.lifted(first, *v, material.k1[i], material.h.get(i).copied().unwrap_or(W::from_u64(0)));
        }
    }

    /// One element of [`lift`](Self::lift).
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn lifted<W: Word>(self, first: bool, y: W, k1: W, h: W) -> W {
        let share = if first { y.add(k1) } else { k1 };
        if self.lifts() { share.add(h.shl(self.m).and(self.no_carry(y))) } else { share }
    }

    /// All ones where bit m-1 of Y is 0: the factor 1 - c as a mask.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn no_carry<W: Word>(self, y: W) -> W {
        y.shr(self.m - 1).and(W::from_u64(1)).sub(W::from_u64(1))
    }
}

impl<W> Material<W> {
    pub(super) fn k1(&self) -> &[W] {
        &self.k1
    }
    /// Empty where the ring is not wider than the opening.
    pub(super) fn h(&self) -> &[W] {
        &self.h
    }
}

/// The word whose low `bits` bits are set.
pub(super) fn mask<W: Word>(bits: u32) -> W {
    if bits >= W::BITS { W::from_u64(0).not() } else { W::from_u64(1).shl(bits).sub(W::from_u64(1)) }
}

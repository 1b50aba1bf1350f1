//! Polynomials of an opened wire with public integers as coefficients; a square is one.
//!
//! Let x-hat = x + r be opened, r = sum r_i, and the dealer share r^2 .. r^d. With P = sum over k of A_k x^k, and x = x-hat - r, Taylor's formula is exact in any ring:
//!
//! ```text
//! P(x) = sum over j of T_j(x-hat) r^j,     T_j(v) = (-1)^j sum over k >= j of A_k binomial(k, j) v^(k-j)
//! offline  [r^j] for 2 <= j <= d: corrections of n bits an element each;  [r] is made of the parts of the mask
//! online   z_i = [i = 0] T_0(x-hat) + sum over j >= 1 of T_j(x-hat) [r^j]_i
//! ```
//!
//! T_j is public, so everything after the opening is local. Terms may leave the ring on the way; P(x) itself must fit, and that is the only contract.
//!
//! Nothing is sent here. The opening was, under a mask of each sender's own, which serves every product that reads the wire. [r^j]_i is generator output, or the correction of the
//! last party, which hides r^j from it.
//!
//! Where one party has x by itself, nothing is opened: it evaluates P, and the shares of the others are zero.
//!
//! Cost: d (d + 1) / 2 multiply-adds an element online, n (d - 1) bits of corrections; no rounds. After the powers of Damgård et al. (TCC 2006).

use super::open::Mask;
use super::tape::Part;
use super::{Cost, Dealing, Tape, TapeError, counter, field};
use undertone_ring::Word;
use undertone_ring::simd;
use undertone_ring::words::word_bytes;

/// The largest degree.
pub const DEGREE: usize = 8;

/// A polynomial on so many elements.
#[derive(Clone, Debug)]
pub struct Powers {
    /// Bits of the ring.
    pub n: u32,
    /// A_0, A_1, …: at least two, and at most [`DEGREE`] + 1.
    pub coefficients: Vec<i64>,
    /// The number of elements.
    pub len: usize,
}

impl Powers {
    /// The dealer's half: the powers of the mask, a part after the other.
    pub fn deal<W: Word>(&self, wire: &Mask<'_, W>, d: &mut Dealing<'_>, step: u32) {
        for part in Part::all(self.len) {
            let mask = wire.part(d, part);
            let mut d = d.part(part);
            if d.is_closed() {
                return;
            }
            let mut power = mask.to_vec();
            for j in 2..=self.degree() {
                power.iter_mut().zip(mask.iter()).for_each(|(p, r)| *p = p.mul(*r));
                d.share(counter(step, level(j), field::PRODUCT), self.n, power.clone());
            }
        }
    }

    /// What a party unpacks from its tape: its shares of the powers from the second on, `[part][power][element]`; none where nothing was masked.
    ///
    /// # Errors
    /// [`TapeError`] where the tape is too short.
    pub fn expand<W: Word>(&self, masked: bool, tape: &mut Tape<'_>, step: u32) -> Result<Vec<W>, TapeError> {
        let powers = self.degree() - 1;
        tape.in_parts(if masked { self.len } else { 0 }, |tape, len, to| {
            tape.reserve(powers * len, to);
            (0..powers).try_for_each(|j| tape.add_share(counter(step, level(j + 2), field::PRODUCT), self.n, len, to))
        })
    }

    /// A party's online half, from the opened value, its own part of the mask (or none, if it did not mask) and its shares of the powers. One party, the `first`, adds the
    /// public term; where nothing was masked, that is the one that has the value.
    pub fn run<W: Word>(&self, first: bool, opened: &[W], mask: Option<&[W]>, powers: &[W], z: &mut [W]) {
        for part in Part::all(self.len) {
            let here = part.start..part.start + part.len;
            let (opened, z) = (&opened[here.clone()], &mut z[here.clone()]);
            if first {
                self.term(0, opened, None, z);
            }
            if let Some(mask) = mask {
                self.term(1, opened, Some(&mask[here]), z);
            }
            // those who did not mask have shares of the powers all the same
            if !powers.is_empty() {
                let powers = powers[part.start * (self.degree() - 1)..].chunks_exact(part.len);
                (2..=self.degree()).zip(powers).for_each(|(j, power)| self.term(j, opened, Some(power), z));
            }
        }
    }

    /// Adds T_j of the opened value, times the share of r^j, to `z`.
    fn term<W: Word>(&self, j: usize, opened: &[W], share: Option<&[W]>, z: &mut [W]) {
        let factors: Vec<W> = (j..=self.degree())
            .rev()
            .map(|k| {
                let a = self.coefficients[k].wrapping_mul(binomial(k, j));
                W::from_u64(if j.is_multiple_of(2) { a } else { a.wrapping_neg() } as u64)
            })
            .collect();
        let horner = |v: W| factors.iter().fold(W::from_u64(0), |sum, a| sum.mul(v).add(*a));
        simd::vectorize(
            #[inline(always)]
            || match share {
                None => z.iter_mut().zip(opened).for_each(|(z, v)| *z = z.add(horner(*v))),
                Some(share) => z.iter_mut().zip(opened.iter().zip(share)).for_each(|(z, (v, s))| *z = z.add(horner(*v).mul(*s))),
            },
        );
    }

    /// No rounds; n (d - 1) bits of corrections an element if the wire is masked.
    pub fn cost<W: Word>(&self, masked: bool) -> Cost {
        let (d, len) = (self.degree(), self.len as u64);
        let bytes = Part::all(self.len).map(|part| word_bytes(self.n, W::BITS, part.len)).sum::<usize>() as u64;
        Cost {
            corrections: if masked { (d as u64 - 1) * bytes } else { 0 },
            multiply_adds: if masked { len * (d * (d + 1) / 2) as u64 } else { len * d as u64 },
            ..Cost::default()
        }
    }

    fn degree(&self) -> usize {
        self.coefficients.len() - 1
    }
}

/// Each power has a stream of its own.
fn level(j: usize) -> u32 {
    j as u32 - 2
}

fn binomial(k: usize, j: usize) -> i64 {
    (0..j).fold(1, |b, i| b * (k - i) as i64 / (i + 1) as i64)
}

//! Multiplying an opened value by a shared bit.
//!
//! After the opening of `fold`, Y is public, with y = Y - R + 2^m (1-c) h. Let b be a bit shared by XOR. The dealer knows a random bit
//! beta, shared by XOR, and R and h, and shares
//!
//! ```text
//! A = [beta]   B = [beta R]   in Z_2^n            C = [beta h]   in Z_2^(n-m)
//! ```
//!
//! All open bh = b ^ beta, one bit. If bh = 0 then b = beta and b y = beta y = Y A - B + 2^m (1-c) C; if bh = 1 then b = 1 - beta and b y = y - beta y:
//!
//! ```text
//! u_i = bh y_i + (1 - 2 bh) (Y A_i - B_i + 2^m (1-c) C_i)
//! ```
//!
//! **Fused** with the last round of the comparison ([`sign`](super::sign)): b = S ^ mu(x) for a bit S and variables x, all of which are opened at once, S under a mask f and every
//! x under its own, a. What S is XORed with is then a bit that the dealer knows for each of the opened values o of the variables,
//!
//! ```text
//! mu_o = f ^ e_2 l_1 ^ e_2 e_1 l_0 at x = o ^ a            (3 digits left: 16 values;  f ^ e_1 l_0, 4 values, where 2 are)
//! ```
//!
//! so the dealer shares A, B and C for each mu_o in the place of beta, and the parties use those of the o that they opened. Of the others nothing is ever used.
//! One round less, and 4 or 16 times the corrections.
//!
//! The mask of what a party sends is its own share of beta, or of f and of each a.

use super::fold::{self, Fold};
use super::sign::sets;
use super::tape::Part;
use super::{Dealing, Seat, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::rows::{GROUP, WORDS};
use undertone_ring::words::word_bytes;
use undertone_ring::{Word, simd};

/// What a party holds. Of A, B and C a row of elements for each value of the variables that are opened with the bit, one part of the elements after the other.
#[derive(Default)]
pub(super) struct Material<W> {
    pub beta: Vec<u32>,
    a: Vec<W>,
    b: Vec<W>,
    c: Vec<W>,
}

/// Where the words of one group are that belong to the opened values of the variables: which ones is public.
struct Chosen {
    /// Where the group's words for the first value of the variables begin.
    start: usize,
    /// From one value to the next.
    stride: usize,
    values: [u8; GROUP],
}

impl Chosen {
    /// Those of group `g` of `len` elements.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
    fn new(opened: Opened<'_>, g: usize, len: usize) -> Self {
        let part = Part::of(g * GROUP, len);
        let mut values = [0; GROUP];
        let rows = &opened.bits.as_chunks::<WORDS>().0[g * opened.variables..][..opened.variables];
        for (i, value) in values.iter_mut().enumerate() {
            *value = rows.iter().rev().fold(0, |all, row| all << 1 | (row[i / BLOCK] >> (i % BLOCK) & 1) as u8);
        }
        Self { start: (part.start << opened.variables) + g * GROUP - part.start, stride: part.len, values }
    }

    /// The group's words of A, B or C.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
    fn of<W: Word>(&self, words: &[W]) -> [W; GROUP] {
        let words = &words[self.start..];
        core::array::from_fn(|i| words[usize::from(self.values[i]) * self.stride + i])
    }
}

/// What was opened.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a> {
    /// Y, as planes.
    pub y: &'a [u8],
    /// The number of variables that were opened with the bit, none where it is not fused.
    pub variables: usize,
    /// Their rows, then the bit.
    pub bits: &'a [u32],
}

/// The dealer's half; `masks` are those of the variables that are opened with the bit.
pub(super) fn deal<W: Word>(
    fold: Fold,
    variables: usize,
    masks: &[u32],
    d: &mut Dealing<'_>,
    step: u32,
    level: u32,
    dealt: &fold::Dealt<W>,
) {
    let len = dealt.r.len();
    let beta = d.uniform_bits(counter(step, level, field::BETA), len / BLOCK);
    let bits: Vec<Vec<u32>> = if variables == 0 { vec![beta] } else { sets(variables, masks, &beta) };
    let room = || Vec::with_capacity(bits.len() * len);
    let (mut a, mut b, mut c): (Vec<W>, Vec<W>, Vec<W>) = (room(), room(), room());
    simd::vectorize(
        #[inline(always)]
        || {
            for bits in &bits {
                let known = dealt.offset.as_chunks::<BLOCK>().0.iter().zip(dealt.top.as_chunks::<BLOCK>().0);
                for (bits, (offset, top)) in bits.iter().zip(known) {
                    let bit: [W; BLOCK] = core::array::from_fn(|lane| W::from_u64(u64::from(bits >> lane & 1)));
                    a.extend_from_slice(&bit);
                    b.extend_from_slice(&core::array::from_fn::<W, BLOCK, _>(|lane| bit[lane].neg().and(offset[lane])));
                    c.extend_from_slice(&core::array::from_fn::<W, BLOCK, _>(|lane| bit[lane].neg().and(top[lane])));
                }
            }
        },
    );
    d.share(counter(step, level, field::A), fold.n, a);
    d.share(counter(step, level, field::B), fold.n, b);
    if fold.lifts() {
        d.share(counter(step, level, field::C), fold.n - fold.m, c);
    }
}

/// Appends what a party unpacks for `len` elements.
pub(super) fn expand<W: Word>(
    fold: Fold,
    variables: usize,
    tape: &mut Tape<'_>,
    step: u32,
    level: u32,
    len: usize,
    to: &mut Material<W>,
) -> Result<(), TapeError> {
    let all = len << variables;
    tape.add_uniform(counter(step, level, field::BETA), len / BLOCK, &mut to.beta);
    tape.add_share(counter(step, level, field::A), fold.n, all, &mut to.a)?;
    tape.add_share(counter(step, level, field::B), fold.n, all, &mut to.b)?;
    if fold.lifts() { tape.add_share(counter(step, level, field::C), fold.n - fold.m, all, &mut to.c) } else { Ok(()) }
}

/// One bit an element, and the corrections of A, B and C.
pub(super) fn traffic<W: Word>(fold: Fold, variables: usize, len: usize) -> Traffic {
    let mut corrections = 2 * word_bytes(fold.n, W::BITS, len << variables);
    if fold.lifts() {
        corrections += word_bytes(fold.n - fold.m, W::BITS, len << variables);
    }
    Traffic::message(Sum::Bits, len / 8).with_corrections(corrections)
}

/// Shares of b y.
pub(super) fn finish<W: Word>(
    fold: Fold,
    seat: Seat,
    opening: &fold::Material<W>,
    material: &Material<W>,
    opened: Opened<'_>,
    result: &mut [W],
) {
    let run = if seat.is_first() { finish_as::<W, true> } else { finish_as::<W, false> };
    run(fold, opening, material, opened, result);
}

fn finish_as<W: Word, const FIRST: bool>(
    fold: Fold,
    opening: &fold::Material<W>,
    material: &Material<W>,
    opened: Opened<'_>,
    result: &mut [W],
) {
    let (bytes, len) = (GROUP / BLOCK * block_bytes(fold.m), result.len());
    let bh = &opened.bits[opened.variables * (len / BLOCK)..];
    let nothing = [W::from_u64(0); GROUP];
    simd::vectorize_products(
        #[inline(always)]
        || {
            for (g, out) in result.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                let mut y = [W::from_u64(0); GROUP];
                planes::unpack(fold.m, &opened.y[g * bytes..(g + 1) * bytes], &mut y);
                let k1 = &opening.k1().as_chunks::<GROUP>().0[g];
                let h = if fold.lifts() { &opening.h().as_chunks::<GROUP>().0[g] } else { &nothing };
                let (a, b, c);
                let (a, b, c) = if opened.variables > 0 {
                    let chosen = Chosen::new(opened, g, len);
                    (a, b) = (chosen.of(&material.a), chosen.of(&material.b));
                    c = if fold.lifts() { chosen.of(&material.c) } else { nothing };
                    (&a, &b, &c)
                } else {
                    let group = |words| &<[W]>::as_chunks::<GROUP>(words).0[g];
                    (group(&material.a), group(&material.b), if fold.lifts() { group(&material.c) } else { &nothing })
                };
                for block in 0..GROUP / BLOCK {
                    let bits = bh[g * (GROUP / BLOCK) + block];
                    for lane in 0..BLOCK {
                        let i = block * BLOCK + lane;
                        let v = y[i];
                        let wrap = fold.no_carry(v);
                        let product = v.mul(a[i]).sub(b[i]).add(c[i].shl(fold.m).and(wrap));
                        let share = fold.lifted(FIRST, v, k1[i], h[i]);
                        let flip = W::from_u64(u64::from(bits >> lane & 1)).neg();
                        out[i] = product.xor(product.xor(share.sub(product)).and(flip));
                    }
                }
            }
        },
    );
}

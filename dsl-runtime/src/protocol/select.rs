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
//! The mask of what a party sends is its own share of beta.

use super::fold::{self, Fold};
use super::{Cost, Dealing, Seat, Tape, TapeError, counter, field};
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::rows::GROUP;
use undertone_ring::words::word_bytes;
use undertone_ring::{Word, simd};

/// What a party holds.
pub(super) struct Material<W> {
    pub beta: Vec<u32>,
    a: Vec<W>,
    b: Vec<W>,
    c: Vec<W>,
}

impl<W> Material<W> {
    /// Makes room for `parts` times what is there.
    pub(super) fn reserve(&mut self, parts: usize) {
        self.beta.reserve_exact(self.beta.len() * parts);
        for words in [&mut self.a, &mut self.b, &mut self.c] {
            words.reserve_exact(words.len() * parts);
        }
    }

    /// Adds the correlations of the next elements.
    pub(super) fn append(&mut self, next: Self) {
        self.beta.extend(next.beta);
        self.a.extend(next.a);
        self.b.extend(next.b);
        self.c.extend(next.c);
    }
}

pub(super) fn deal<W: Word>(fold: Fold, d: &mut Dealing<'_>, step: u32, level: u32, dealt: &fold::Dealt<W>) {
    let len = dealt.r.len();
    let bits = d.uniform_bits(counter(step, level, field::BETA), len / BLOCK);
    let beta: Vec<W> = (0..len).map(|i| W::from_u64(u64::from(bits[i / BLOCK] >> (i % BLOCK) & 1))).collect();
    let times = |x: &[W]| -> Vec<W> { beta.iter().zip(x).map(|(b, x)| b.neg().and(*x)).collect() };
    let (b, c) = (times(&dealt.offset), times(&dealt.top));
    d.share(counter(step, level, field::A), fold.n, beta);
    d.share(counter(step, level, field::B), fold.n, b);
    if fold.lifts() {
        d.share(counter(step, level, field::C), fold.n - fold.m, c);
    }
}

pub(super) fn expand<W: Word>(fold: Fold, tape: &mut Tape<'_>, step: u32, level: u32, len: usize) -> Result<Material<W>, TapeError> {
    let beta = tape.uniform(counter(step, level, field::BETA), len / BLOCK);
    let a = tape.share(counter(step, level, field::A), fold.n, len)?;
    let b = tape.share(counter(step, level, field::B), fold.n, len)?;
    let c = if fold.lifts() { tape.share(counter(step, level, field::C), fold.n - fold.m, len)? } else { vec![] };
    Ok(Material { beta, a, b, c })
}

/// One bit an element, and the corrections of A, B and C.
pub(super) fn cost<W: Word>(fold: Fold, len: usize) -> Cost {
    let mut corrections = 2 * word_bytes(fold.n, W::BITS, len);
    if fold.lifts() {
        corrections += word_bytes(fold.n - fold.m, W::BITS, len);
    }
    Cost { rounds: 1, sent: (len / 8) as u64, corrections: corrections as u64, multiply_adds: 0 }
}

/// Shares of b y from the opened bits `bh` and the opened planes `y`.
pub(super) fn finish<W: Word>(
    fold: Fold,
    seat: Seat,
    opening: &fold::Material<W>,
    material: &Material<W>,
    y: &[u8],
    bh: &[u32],
    result: &mut [W],
) {
    if seat.is_first() {
        finish_as::<W, true>(fold, opening, material, y, bh, result);
    } else {
        finish_as::<W, false>(fold, opening, material, y, bh, result);
    }
}

fn finish_as<W: Word, const FIRST: bool>(
    fold: Fold,
    opening: &fold::Material<W>,
    material: &Material<W>,
    y: &[u8],
    bh: &[u32],
    result: &mut [W],
) {
    let bytes = GROUP / BLOCK * block_bytes(fold.m);
    let nothing = [W::from_u64(0); GROUP];
    simd::vectorize_products(
        #[inline(always)]
        || {
            for (g, out) in result.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                let mut opened = [W::from_u64(0); GROUP];
                planes::unpack(fold.m, &y[g * bytes..(g + 1) * bytes], &mut opened);
                let (k1, a, b) =
                    (&opening.k1().as_chunks::<GROUP>().0[g], &material.a.as_chunks::<GROUP>().0[g], &material.b.as_chunks::<GROUP>().0[g]);
                let (h, c) = if fold.lifts() {
                    (&opening.h().as_chunks::<GROUP>().0[g], &material.c.as_chunks::<GROUP>().0[g])
                } else {
                    (&nothing, &nothing)
                };
                for block in 0..GROUP / BLOCK {
                    let bits = bh[g * (GROUP / BLOCK) + block];
                    for lane in 0..BLOCK {
                        let i = block * BLOCK + lane;
                        let v = opened[i];
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

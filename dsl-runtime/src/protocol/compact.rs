//! Functions of positive numbers that repeat from one power of 4 to the next, from one polynomial: shares of z become shares of f(y) with y = z / 2^t.
//!
//! A reciprocal, a root or a logarithm at 4 x is that at x times 1/4, 1/2 or 2, or plus ln 4. So one polynomial on numbers u in [1, 4) is enough, where `curve` has one for
//! each of many segments. Intervals j = 0, 1, .. of y begin at public thresholds p_j, about 4 times as far as the one before. On each the plan has a shift a_j that brings
//! y 2^a_j to the same place, and a scale s_j; what is below p_0 acts as the place z_b with the scale s_b.
//!
//! ```text
//! round 1       the opening of `fold`: Y = y + 2^(m-2) + r is public
//! rounds 2..    b_j = 1{y >= p_j} for all thresholds at once (`thresholds`); o_j = b_j ^ b_(j+1), the bit of interval j, is local
//! next round    o_j ^ beta_j for each interval: shares of
//!               w = z_b + sum over j of o_j (y 2^a_j - z_b)  mod 2^m         s = s_b + sum over j of o_j (s_j - s_b)  mod 2^q
//! next round    the opening of `fold` of w / 2^d, on as many bits as the polynomial reads;  S = s + r_s mod 2^q
//! local         shares of P(w / 2^d) mod 2^q: public numbers times dealt words (`words`)
//! next round    G = P + r_g mod 2^q: shares of P s, as S G - S r_g - G r_s + r_s r_g
//! last round    the opening of `fold` of P s / 2^T, on q - T bits, and its lift to the ring
//! ```
//!
//! Where the scale is added, as to a logarithm, P + s is local: one round less, and neither S nor G is opened.
//!
//! **The bits.** With R = r + 2^(m-2) the dealer shares A_j = \[beta_j\] and B_j = \[beta_j R\]. All open o_j ^ beta_j = h, and as in `select`, but mod 2^m,
//!
//! ```text
//! [o_j]   = [i = 0] h + (1 - 2 h) A_j              [o_j y] = h y_i + (1 - 2 h) (Y A_j - B_j)
//! ```
//!
//! \[o_j y\] is shifted left by a_j, so it is needed mod 2^(m - a_j) only, and so is B_j. A_j is needed to as many bits, and to those that the zeros at the end of s_j - s_b
//! and of z_b leave of q and m. That is why this takes a quarter of what the words of `curve` take.
//!
//! **Exactness.** y is not lifted, because w is a multiple of it that stays below 2^(m-2). What is opened of w has the bits that `words::segment` reads: it needs no other contract than
//! that w / 2^d, rounded by N / 2 units at most, lies on the segment. A bit of 0 times anything is 0, so values of either sign and beyond all intervals are exact as well.
//!
//! The masks are those of the openings, of the merges and of the bits, r_s and r_g: each is used once. Contract: that of the opening for y, and |p_j| <= 2^(m-2).
//!
//! Rounds: 1 opening, the merges (2 for m = 34 with digits of 4 bits), 1 for the bits, 2 or 3 for polynomial and product. After the fixed-point inverses of Aly and Smart, and of
//! Catrina and Saxena, who normalise by the position of the highest bit.

mod data;
#[cfg(test)]
mod tests;

pub use data::{Below, Compact, Interval};

use super::fold::{self, Fold};
use super::sign::open_bits;
use super::thresholds::{self, Thresholds};
use super::words::{self, Tables, Words};
use super::{Compare, Correlations, Dealing, On, Phases, Protocol, Round, Seat, Segment, Sum, Tape, TapeError, Traffic, counter, field};
use undertone_ring::bytes::as_bytes;
use undertone_ring::planes::{self, BLOCK, block_bytes};
use undertone_ring::rows::GROUP;
use undertone_ring::words::word_bytes;
use undertone_ring::{Word, simd};

/// Streams of the second and third opening and of the two factors; below are those of thresholds and their bits.
const INNER: u32 = 66;
const LAST: u32 = 67;
const FACTORS: [u32; 2] = [68, 69];

const _: () = assert!((super::piecewise::THRESHOLDS as u32) < INNER && FACTORS[1] < words::STREAMS);

/// Truncation by t bits and a function of the result.
#[derive(Clone, Debug)]
pub struct Scaled {
    function: Compact,
    fold: Fold,
    thresholds: Thresholds,
    /// The opening of the multiple of y.
    inner: Fold,
    /// The opening of the result.
    last: Fold,
    /// For each interval, bits of the shares of its bit, and of that times the mask.
    bits: Vec<[u32; 2]>,
}

/// What a party holds for one such step.
#[derive(Default)]
struct Material<W> {
    fold: fold::Material<W>,
    thresholds: thresholds::Material,
    bits: Vec<Bit>,
    inner: fold::Material<u64>,
    words: words::Material,
    /// Masks of the factors and a share of their product; empty where the scale is added.
    product: [Vec<u64>; 3],
    last: fold::Material<W>,
}

/// What belongs to the bit of an interval.
#[derive(Default)]
struct Bit {
    beta: Vec<u32>,
    a: Vec<u64>,
    b: Vec<u64>,
}

/// A party's correlations.
struct Held<W> {
    scaled: Scaled,
    material: Material<W>,
}

/// A party's half while it runs.
struct Run<'a, W> {
    held: &'a Held<W>,
    seat: Seat,
    z: &'a [W],
    y: Vec<u8>,
    /// The share of the scale, then the opened one where it is a factor.
    scale: Vec<u64>,
    /// The share of the polynomial.
    value: Vec<u64>,
    state: thresholds::State,
}

impl Scaled {
    /// A valid function after a shift by t, in a ring of n bits, by digits that cover `width` bits; the comparison is not fused.
    pub fn new(n: u32, t: u32, compare: Compare, width: u32, function: &Compact) -> Self {
        let (m, words) = (compare.m, &function.words);
        Self {
            fold: Fold { n: m, t, m },
            thresholds: Thresholds::of_width(compare, &function.thresholds(), width),
            inner: Fold { n: words.reads(), t: function.drop, m: words.reads() },
            last: Fold { n, t: words.t, m: words.m },
            bits: function.intervals.iter().map(|i| function.bits(m, i)).collect(),
            function: function.clone(),
        }
    }

    fn words(&self) -> &Words {
        &self.function.words
    }

    fn traffic_of<W: Word>(&self, len: usize) -> Traffic {
        let planes = |m: u32| Segment { sum: Sum::Planes(m), bytes: len / BLOCK * block_bytes(m) };
        let (q, product) = (self.words().q(), self.function.product);
        let mut all = self.fold.traffic::<W>(len) + self.thresholds.traffic(len);
        all.rounds.push(vec![Segment { sum: Sum::Bits, bytes: self.bits.len() * len / 8 }]);
        all.rounds.push(core::iter::once(planes(self.inner.m)).chain(product.then(|| planes(q))).collect());
        if product {
            all.rounds.push(vec![planes(q)]);
        }
        let dealt = |bits: u32| word_bytes(bits, u64::BITS, len);
        let bits = self.bits.iter().flatten().map(|bits| dealt(*bits)).sum::<usize>();
        let more = bits + self.words().corrections(len) + if product { dealt(q) } else { 0 };
        (all + self.last.traffic::<W>(len)).with_corrections(more)
    }

    fn deal_part<W: Word>(&self, d: &mut Dealing<'_>, step: u32, len: usize) {
        let dealt = self.fold.deal::<W>(d, step, 0, len);
        self.thresholds.deal(d, step, &dealt.r);
        for (level, [of_bit, of_product]) in (0..).zip(&self.bits) {
            let beta = d.uniform_bits(counter(step, level, field::BETA), len / BLOCK);
            let a: Vec<u64> = (0..len).map(|i| u64::from(beta[i / BLOCK] >> (i % BLOCK) & 1)).collect();
            let b = a.iter().zip(&dealt.offset).map(|(a, r)| a.wrapping_neg() & r.to_u64()).collect();
            d.share(counter(step, level, field::A), *of_bit, a);
            d.share(counter(step, level, field::B), *of_product, b);
        }
        let inner = self.inner.deal::<u64>(d, step, INNER, len);
        self.words().deal(d, step, 0, &inner.r);
        if self.function.product {
            let [s, g]: [Vec<u64>; 2] = FACTORS.map(|level| d.uniform(counter(step, level, field::WIRE), len));
            let product = s.iter().zip(&g).map(|(s, g)| s.wrapping_mul(*g)).collect();
            d.share(counter(step, FACTORS[0], field::PRODUCT), self.words().q(), product);
        }
        self.last.deal::<W>(d, step, LAST, len);
    }

    fn expand_part<W: Word>(&self, tape: &mut Tape<'_>, step: u32, len: usize, to: &mut Material<W>) -> Result<(), TapeError> {
        self.fold.expand(tape, step, 0, len, &mut to.fold)?;
        self.thresholds.expand(tape, step, len, &mut to.thresholds)?;
        to.bits.resize_with(self.bits.len(), Bit::default);
        for (level, ([of_bit, of_product], to)) in (0..).zip(self.bits.iter().zip(&mut to.bits)) {
            tape.add_uniform(counter(step, level, field::BETA), len / BLOCK, &mut to.beta);
            tape.add_share(counter(step, level, field::A), *of_bit, len, &mut to.a)?;
            tape.add_share(counter(step, level, field::B), *of_product, len, &mut to.b)?;
        }
        self.inner.expand(tape, step, INNER, len, &mut to.inner)?;
        self.words().expand(tape, step, 0, len, &mut to.words)?;
        if self.function.product {
            let [s, g, product] = &mut to.product;
            for (level, factor) in FACTORS.into_iter().zip([s, g]) {
                tape.add_uniform(counter(step, level, field::WIRE), len, factor);
            }
            tape.add_share(counter(step, FACTORS[0], field::PRODUCT), self.words().q(), len, product)?;
        }
        self.last.expand(tape, step, LAST, len, &mut to.last)
    }
}

impl<W: Word> Run<'_, W> {
    /// The bits of the intervals under their masks.
    fn send_bits(&self, out: &mut Vec<u8>) {
        let material = &self.held.material;
        let all = Thresholds::bits(&material.thresholds, &self.state);
        for (j, bit) in material.bits.iter().enumerate() {
            let one = |(i, beta): (usize, &u32)| beta ^ all[j][i] ^ all.get(j + 1).map_or(0, |next| next[i]);
            let bits: Vec<u32> = bit.beta.iter().enumerate().map(one).collect();
            out.extend_from_slice(as_bytes(&bits));
        }
    }

    /// Shares of the multiple of y and of the scale, from the bits under their masks: the first shifted and masked, the second masked where it is a factor.
    fn send_scaled(&mut self, opened: &[u32], out: &mut Vec<u8>) {
        let Held { scaled: Scaled { function, fold, inner, .. }, material } = self.held;
        let (first, len, below) = (self.seat.is_first(), material.fold.k1().len(), function.below);
        let own = |v: u64| if first { v } else { 0 };
        let mut y = vec![W::from_u64(0); len];
        planes::unpack(fold.m, &self.y, &mut y);
        let y: Vec<u64> = y.iter().map(|y| y.to_u64()).collect();
        let (mut places, mut scales) = (vec![own(below.place as u64); len], vec![own(below.scale as u64); len]);
        let each = function.intervals.iter().zip(&material.bits).zip(opened.chunks_exact(len / BLOCK));
        simd::vectorize_products(
            #[inline(always)]
            || {
                for ((interval, bit), opened) in each {
                    let more = interval.scale.wrapping_sub(below.scale) as u64;
                    for i in 0..len {
                        let flip = u64::from(opened[i / BLOCK] >> (i % BLOCK) & 1).wrapping_neg();
                        // v where the opened bit is set, and beta v elsewhere, whose sign is then the other one
                        let choose = |v: u64, beta: u64| beta ^ ((beta ^ v.wrapping_sub(beta)) & flip);
                        let share = own(y[i]).wrapping_add(material.fold.k1()[i].to_u64());
                        let one = choose(own(1), bit.a[i]);
                        let of_y = choose(share, y[i].wrapping_mul(bit.a[i]).wrapping_sub(bit.b[i]));
                        places[i] = places[i].wrapping_add(of_y << interval.shift).wrapping_sub(one.wrapping_mul(below.place as u64));
                        scales[i] = scales[i].wrapping_add(one.wrapping_mul(more));
                    }
                }
            },
        );
        inner.send(self.seat, &material.inner, &places, out);
        if function.product {
            mask(function.words.q(), &scales, &material.product[0], out);
        }
        self.scale = scales;
    }

    /// Shares of the polynomial of what was opened.
    fn evaluate(&mut self, opened: &[u8]) {
        let Held { scaled: Scaled { function, inner, .. }, material } = self.held;
        let (first, off) = (self.seat.is_first(), 1u64 << (inner.m - 2));
        let mut values = vec![0u64; self.scale.len()];
        planes::unpack(inner.m, opened, &mut values);
        simd::vectorize_products(
            #[inline(always)]
            || {
                for (g, lanes) in values.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                    let mut sum = [0u64; GROUP];
                    for y in lanes.iter_mut() {
                        *y = y.wrapping_sub(off);
                    }
                    function.words.evaluate(first, &Tables::None, lanes, material.words.group(g), &mut sum);
                    *lanes = sum;
                }
            },
        );
        self.value = values;
    }

    /// Shares of the product of the scale and the polynomial, both opened under masks.
    fn multiply(&mut self, opened: &[u64]) {
        let [s, g, c] = &self.held.material.product;
        let first = self.seat.is_first();
        for (i, (value, scale)) in self.value.iter_mut().zip(&self.scale).enumerate() {
            let public = if first { scale.wrapping_mul(opened[i]) } else { 0 };
            *value = public.wrapping_sub(scale.wrapping_mul(g[i])).wrapping_sub(opened[i].wrapping_mul(s[i])).wrapping_add(c[i]);
        }
    }

    /// The scaled polynomial, shifted and masked.
    fn send_value(&self, out: &mut Vec<u8>) {
        let Held { scaled: Scaled { last, .. }, material } = self.held;
        let (start, bytes) = (out.len(), GROUP / BLOCK * block_bytes(last.m));
        out.resize(start + self.value.len() / GROUP * bytes, 0);
        let groups = self.value.as_chunks::<GROUP>().0.iter().zip(material.last.k1().as_chunks::<GROUP>().0);
        for ((value, k1), out) in groups.zip(out[start..].chunks_exact_mut(bytes)) {
            last.send_group(self.seat, k1, value, out);
        }
    }
}

impl<W: Word> Phases<W> for Run<'_, W> {
    fn rounds(&self) -> usize {
        let scaled = &self.held.scaled;
        4 + scaled.thresholds.levels() + usize::from(scaled.function.product)
    }

    fn phase(&mut self, k: usize, round: Round<'_>, out: &mut Vec<u8>, result: &mut [W]) {
        let (held, seat) = (self.held, self.seat);
        let Held { scaled, material } = held;
        let (product, q) = (scaled.function.product, scaled.words().q());
        // what comes after the rounds of merging
        let after = k.checked_sub(1 + scaled.thresholds.levels());
        match k {
            0 => return scaled.fold.send(seat, &material.fold, self.z, out),
            1 => {
                self.y = scaled.fold.open(round);
                scaled.thresholds.look_up::<W>(seat, &material.thresholds, &self.y, &mut self.state, out);
            }
            k if after.is_none_or(|after| after == 0) => {
                scaled.thresholds.merge(seat, k - 2, &material.thresholds, round, &mut self.state, out);
            }
            _ => {}
        }
        match after {
            Some(0) => self.send_bits(out),
            Some(1) => self.send_scaled(&open_bits(round), out),
            Some(2) => {
                let place = self.scale.len() / BLOCK * block_bytes(scaled.inner.m);
                self.evaluate(&scaled.inner.open_at(round, 0..place));
                if product {
                    self.scale = opened(q, round, place, self.scale.len());
                    mask(q, &self.value, &material.product[1], out);
                } else {
                    self.value.iter_mut().zip(&self.scale).for_each(|(v, s)| *v = v.wrapping_add(*s));
                    self.send_value(out);
                }
            }
            Some(3) if product => {
                self.multiply(&opened(q, round, 0, self.value.len()));
                self.send_value(out);
            }
            Some(_) => scaled.last.lift(seat, &material.last, &scaled.last.open(round), result),
            None => {}
        }
    }
}

/// Words of q bits under their masks.
fn mask(q: u32, x: &[u64], masks: &[u64], out: &mut Vec<u8>) {
    let masked: Vec<u64> = x.iter().zip(masks).map(|(x, r)| x.wrapping_add(*r)).collect();
    let start = out.len();
    out.resize(start + x.len() / BLOCK * block_bytes(q), 0);
    planes::pack(q, &masked, &mut out[start..]);
}

/// What a round opened of `len` words of q bits, which lie from `at` on in its message.
fn opened(q: u32, round: Round<'_>, at: usize, len: usize) -> Vec<u64> {
    let mut words = vec![0; len];
    planes::unpack(q, &Fold { n: q, t: 0, m: q }.open_at(round, at..round.own.len()), &mut words);
    words
}

impl<W: Word> Protocol<W> for On<Scaled> {
    fn traffic(&self) -> Traffic {
        self.protocol.traffic_of::<W>(self.len)
    }

    fn deal(&self, d: &mut Dealing<'_>, step: u32) {
        d.in_parts(self.len, |d, len| self.protocol.deal_part::<W>(d, step, len));
    }

    fn expand(&self, tape: &mut Tape<'_>, step: u32) -> Result<Box<dyn Correlations<W>>, TapeError> {
        let material = tape.in_parts(self.len, |tape, len, to| self.protocol.expand_part(tape, step, len, to))?;
        Ok(Box::new(Held { scaled: self.protocol.clone(), material }))
    }
}

impl<W: Word> Correlations<W> for Held<W> {
    fn run<'a>(&'a self, seat: Seat, z: &'a [W]) -> Box<dyn Phases<W> + 'a> {
        Box::new(Run { held: self, seat, z, y: vec![], scale: vec![], value: vec![], state: thresholds::State::default() })
    }
}

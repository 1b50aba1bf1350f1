//! Functions of an opened value that are sums of public numbers times dealt words: no digit of the value has to be known for them, no carry, and no secret table.
//!
//! After the opening of `fold`, Y = y + r + 2^(m-2) mod 2^m is public and r is the dealer's. So whatever can be written as
//!
//! ```text
//! P(y) = c + sum over k of p_k(Y) W_k(r)          p_k: public integers,  W_k: words that the dealer computes from r and shares in Z_2^q
//! ```
//!
//! is local: a party multiplies its shares by numbers that everybody knows. Three families of functions can, each in a file of its own:
//!
//! | family | p_k | W_k | words |
//! |---|---|---|---|
//! | [`Waves`] | a cos + b sin and a sin - b cos of k angles of Y | cos and sin of k angles of r | 2 K for K harmonics |
//! | [`Segment`] | powers of the low bits of Y | a polynomial, shifted by the low bits of r | 2 (d + 1) for degree d |
//! | [`Exponential`] | e to the low bits of Y | e to the rest of what Y - r may be | a power of two, from 2 on |
//!
//! P is right for y inside an interval only; elsewhere it is some number, and whoever uses it selects it away. It is an integer of about t more bits than what it stands for:
//! [`curve`](super::curve) opens it under a mask, shifted right by t, on m bits. That needs P mod 2^q for q = m + t and no more, so the words are short, whatever the ring is.
//!
//! **Public numbers are integers**, made by integer arithmetic from tables that are made by integer arithmetic ([`integer`]): floats of two machines may differ by a unit, and a
//! share times another number than its fellows is garbage. The dealer's words may use floats, since it alone makes them.

mod exponential;
pub mod integer;
mod segment;
#[cfg(test)]
pub(crate) mod tests;
mod waves;

pub use exponential::Exponential;
pub use segment::{DEGREE, Segment};
pub use waves::{HARMONICS, Waves};

use super::tape::Part;
use super::{Dealing, Tape, TapeError, counter};
use serde::{Deserialize, Serialize};
use undertone_ring::rows::GROUP;
use undertone_ring::simd;
use undertone_ring::words::word_bytes;

/// A function on an interval, as data of a plan: its value is `P / 2^t`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Words {
    /// The public numbers and the dealt words.
    pub family: Family,
    /// c: what is added to the sum.
    pub constant: i64,
    /// How far P is shifted right.
    pub t: u32,
    /// Bits that are opened of the result: inside the interval it stays below 2^(m - 2), by some units for the rounding of the parties.
    pub m: u32,
    /// The largest error of the function on its interval, before anything rounds: units of the result.
    pub error: u64,
}

/// The families of functions.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Family {
    /// Cosines and sines.
    Waves(Waves),
    /// A polynomial on a segment.
    Segment(Segment),
    /// An exponential function.
    Exponential(Exponential),
}

/// Elements that are computed at once.
pub(super) type Lanes<T = u64> = [T; GROUP];

/// Shares of the words of all elements: `[part][word][element]`.
#[derive(Default)]
pub(super) struct Material {
    words: Vec<u64>,
    count: usize,
    len: usize,
}

/// The words of one group.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    words: &'a [u64],
    /// From one word to the next.
    stride: usize,
}

/// Tables of public numbers, made when correlations are unpacked.
pub(super) enum Tables {
    None,
    Exponential(exponential::Tables),
}

/// Streams of a piece: below are those of thresholds and of terms.
pub(super) const STREAMS: u32 = 256;

const _: () = assert!(2 * HARMONICS as u32 <= LEVELS * super::field::SPAN);

/// Streams that a piece may use, in multiples of [`SPAN`](super::field::SPAN).
const LEVELS: u32 = 4;

impl Words {
    /// q: bits of the ring of the words.
    pub const fn q(&self) -> u32 {
        self.m + self.t
    }

    /// The number of words that are dealt for an element.
    pub fn count(&self) -> usize {
        match &self.family {
            Family::Waves(w) => w.count(),
            Family::Segment(s) => s.count(),
            Family::Exponential(e) => e.count(),
        }
    }

    /// The fewest bits of an opening that this is a function of.
    pub fn reads(&self) -> u32 {
        match &self.family {
            Family::Waves(w) => w.e,
            Family::Segment(s) => s.e,
            Family::Exponential(e) => e.e,
        }
    }

    /// Whether this can be computed from an opening of `opened` bits, in a ring of n: nothing overflows on the way, whatever is opened.
    pub fn is_valid(&self, opened: u32, n: u32) -> bool {
        let fits = match &self.family {
            Family::Waves(w) => w.is_valid(),
            Family::Segment(s) => s.is_valid(),
            Family::Exponential(e) => e.is_valid(),
        };
        fits && self.reads() <= opened && self.m >= 3 && self.m <= n && self.t <= 61 && self.q() <= 64
    }

    /// The value at y, in units of the result, inside of the interval.
    pub fn at(&self, y: i64) -> f64 {
        let sum = match &self.family {
            Family::Waves(w) => w.at(y),
            Family::Segment(s) => s.at(y),
            Family::Exponential(e) => e.at(y),
        };
        (sum + self.constant as f64) / self.scale()
    }

    /// How far P / 2^t may be from the value at y, because words and public numbers are rounded: units of the result.
    pub fn rounding(&self, y: i64) -> f64 {
        let sum = match &self.family {
            Family::Waves(w) => w.rounding(),
            Family::Segment(s) => s.rounding(),
            Family::Exponential(e) => e.rounding(y),
        };
        (sum + 1.0) / self.scale()
    }

    fn scale(&self) -> f64 {
        (1u64 << self.t) as f64
    }

    /// What the dealer makes of masks: the words, one after the other.
    pub(super) fn words(&self, r: &[u64]) -> Vec<Vec<u64>> {
        let mut all = vec![vec![0; r.len()]; self.count()];
        simd::vectorize(
            #[inline(always)]
            || match &self.family {
                Family::Waves(w) => w.words(r, &mut all),
                Family::Segment(s) => s.words(r, &mut all),
                Family::Exponential(e) => e.words(r, &mut all),
            },
        );
        all
    }

    /// The dealer's half for piece `piece` of a step.
    pub(super) fn deal(&self, d: &mut Dealing<'_>, step: u32, piece: u32, r: &[u64]) {
        for (k, word) in (0..).zip(self.words(r)) {
            d.share(stream(step, piece, k), self.q(), word);
        }
    }

    /// Appends what a party unpacks of it.
    pub(super) fn expand(&self, tape: &mut Tape<'_>, step: u32, piece: u32, len: usize, to: &mut Material) -> Result<(), TapeError> {
        to.count = self.count();
        to.len += len;
        tape.reserve(to.count * len, &mut to.words);
        (0..to.count as u32).try_for_each(|k| tape.add_share(stream(step, piece, k), self.q(), len, &mut to.words))
    }

    /// Bytes of corrections.
    pub(super) fn corrections(&self, len: usize) -> usize {
        self.count() * word_bytes(self.q(), u64::BITS, len)
    }

    /// Tables of public numbers.
    pub(super) fn tables(&self) -> Tables {
        match &self.family {
            Family::Exponential(e) => Tables::Exponential(e.tables()),
            Family::Waves(_) | Family::Segment(_) => Tables::None,
        }
    }

    /// A party's share of P for a group, from y + r; the first party adds what is public.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn evaluate(&self, first: bool, tables: &Tables, y: &Lanes, words: Group<'_>, sum: &mut Lanes) {
        *sum = [if first { self.constant as u64 } else { 0 }; GROUP];
        match (&self.family, tables) {
            (Family::Waves(w), _) => w.evaluate(y, words, sum),
            (Family::Segment(s), _) => s.evaluate(y, words, sum),
            (Family::Exponential(e), Tables::Exponential(tables)) => e.evaluate(tables, y, words, sum),
            (Family::Exponential(_), Tables::None) => {}
        }
    }
}

impl Material {
    /// Those of group `g`.
    pub(super) fn group(&self, g: usize) -> Group<'_> {
        let part = Part::of(g * GROUP, self.len);
        Group { words: &self.words[part.start * self.count + g * GROUP - part.start..], stride: part.len }
    }
}

impl<'a> Group<'a> {
    /// Word `k` of all elements.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
    pub(super) fn word(&self, k: usize) -> &'a Lanes {
        let Some(lanes) = self.words[k * self.stride..].first_chunk() else { unreachable!("a group has all its words") };
        lanes
    }
}

/// The stream of word `k` of a piece.
fn stream(step: u32, piece: u32, k: u32) -> undertone_ring::prg::Counter {
    let span = super::field::SPAN;
    counter(step, STREAMS + piece * LEVELS + k / span, k % span)
}

/// The low bits of a word.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loops that must vectorise")]
const fn low(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}

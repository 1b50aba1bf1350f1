//! Choosing the largest of a group of up to four neighbours, once every pair of them is compared.
//!
//! Let b_ab = 1{x_a >= x_b} for a < b, shared by XOR. Member a is the largest, the lowest one on a tie, exactly when it wins all its pairs:
//!
//! ```text
//! w_a = product over b > a of b_ab, times product over b < a of (1 - b_ba)
//! max = x_last + sum over a < last of w_a (x_a - x_last)
//! ```
//!
//! Every b_p is opened under a random bit beta_p, shared by XOR: o_p = b_p ^ beta_p. A factor of w_a is then c ^ beta_p = c + (1 - 2c) beta_p, where the public c
//! is o_p for a factor b_p and 1 - o_p for a factor 1 - b_p. Multiplied out, w_a is a sum over the subsets T of its pairs, so the dealer shares
//!
//! ```text
//! A_T = [beta_T]          beta_T = product over p in T of beta_p, once a group however many members need it
//! B_aT = [beta_T r_a]     r_a: the mask under which d_a = x_a - x_last was opened as D_a = d_a + r_a
//! ```
//!
//! and with A_{} = [1] and B_a{} = [r_a] a party has, one factor after the other and without a product of secrets,
//!
//! ```text
//! [w_a]     = fold(A)           fold, for one factor:   t_T - t_{T + p} where c = 1,   t_{T + p} where c = 0
//! [w_a d_a] = D_a fold(A) - fold(B_a)
//! ```
//!
//! An index is carried by the same w_a. Where indices are public, [w_a] (i_a - i_last) is local; where they are shared, i_a - i_last is opened under a mask of
//! its own, and the dealer shares that mask's products as well.
//!
//! | members | pairs | A | B |
//! |---|---|---|---|
//! | 2 | 1 | 1 | 1 |
//! | 3 | 3 | 5 | 6 |
//! | 4 | 6 | 18 | 21 |

use super::tape::Part;
use super::{Dealing, Tape, TapeError, field};
use undertone_ring::planes::BLOCK;
use undertone_ring::prg::Counter;
use undertone_ring::words::word_bytes;
use undertone_ring::{Word, simd};

/// The largest number of members.
pub(crate) const LARGEST: usize = 4;

/// The number of subsets of the pairs of one member.
const SUBSETS: usize = 1 << (LARGEST - 1);

/// 32 elements.
type Lanes<W> = [W; BLOCK];

/// How a group of some size chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    size: usize,
    /// Which members are compared, the lower one first.
    pub pairs: Vec<(usize, usize)>,
    /// For each member but the last, its factors: which pair, and whether it is the lower one of it.
    factors: Vec<Vec<(usize, bool)>>,
    /// The sets T of pairs for which A is dealt.
    sets: Vec<Vec<usize>>,
    /// For each member but the last, and each subset of its factors as a number, which of `sets` it is; not for the empty one.
    place: Vec<[usize; SUBSETS]>,
}

/// Bits of the words that are dealt; 0 for what is not needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Widths {
    /// Of A.
    pub weight: u32,
    /// Of B, where the largest value is wanted.
    pub value: u32,
    /// Of the products with masks of indices, where indices are shared.
    pub index: u32,
}

/// What a party holds for the groups of one size.
#[derive(Default)]
pub(super) struct Words<W> {
    a: Vec<W>,
    b: Vec<W>,
    index: Vec<W>,
}

/// What the dealer knows of the groups of one size.
#[derive(Clone, Copy)]
pub(super) struct Dealt<'a, W> {
    /// A row of bits for each pair.
    pub beta: &'a [u32],
    /// A row of words for each difference: its mask, and that of the indices' difference.
    pub masks: &'a [W],
    pub index_masks: &'a [W],
}

/// What was opened of the groups of one size, one row of units for each member but the last, and the masks.
#[derive(Clone, Copy)]
pub(super) struct Opened<'a, W> {
    pub differences: &'a [W],
    pub masks: &'a [W],
}

impl Choice {
    /// Groups of `size` members, 1 to [`LARGEST`].
    pub(super) fn new(size: usize) -> Self {
        let pairs: Vec<(usize, usize)> = (0..size).flat_map(|a| (a + 1..size).map(move |b| (a, b))).collect();
        let of = |a: usize| pairs.iter().enumerate().filter(move |(_, p)| p.0 == a || p.1 == a).map(move |(k, p)| (k, p.0 == a));
        let factors: Vec<Vec<(usize, bool)>> = (0..size.saturating_sub(1)).map(|a| of(a).collect()).collect();
        let mut sets: Vec<Vec<usize>> = vec![];
        let mut place = vec![[0; SUBSETS]; factors.len()];
        for (factors, place) in factors.iter().zip(&mut place) {
            for (subset, place) in place.iter_mut().enumerate().take(1 << factors.len()).skip(1) {
                let set: Vec<usize> = factors.iter().enumerate().filter(|(l, _)| subset >> l & 1 == 1).map(|(_, f)| f.0).collect();
                *place = sets.iter().position(|s| *s == set).unwrap_or(sets.len());
                if *place == sets.len() {
                    sets.push(set);
                }
            }
        }
        Self { size, pairs, factors, sets, place }
    }

    /// Members but the last: the differences that are opened.
    pub(super) fn differences(&self) -> usize {
        self.size - 1
    }

    /// Subsets of one member's factors that are not empty.
    fn subsets(&self) -> usize {
        (1 << self.differences()) - 1
    }

    /// Words of A and of B.
    fn words(&self) -> (usize, usize) {
        (self.sets.len(), self.differences() * self.subsets())
    }

    /// Deals for `units` groups, whole blocks of 32.
    pub(super) fn deal<W: Word>(&self, d: &mut Dealing<'_>, at: At, widths: Widths, units: usize, dealt: Dealt<'_, W>) {
        for part in Part::all(units) {
            if d.is_closed() {
                return;
            }
            let mut d = d.part(part);
            let products: Vec<Vec<u32>> = self.sets.iter().map(|set| product(set, dealt.beta, units, part)).collect();
            let ones = vec![W::from_u64(1); part.len];
            let mut a: Vec<W> = Vec::with_capacity(self.words().0 * part.len);
            for bits in &products {
                select(bits, &ones, &mut a);
            }
            d.share(at.field(field::CHOICE), widths.weight, a);
            for (bits, field, masks) in [(widths.value, field::CHOSEN, dealt.masks), (widths.index, field::CHOSEN_INDEX, dealt.index_masks)]
            {
                if bits == 0 {
                    continue;
                }
                let mut b: Vec<W> = Vec::with_capacity(self.words().1 * part.len);
                for (place, row) in self.place.iter().zip(masks.chunks_exact(units)) {
                    let row = &row[part.start..part.start + part.len];
                    place[1..=self.subsets()].iter().for_each(|set| select(&products[*set], row, &mut b));
                }
                d.share(at.field(field), bits, b);
            }
        }
    }

    /// What a party unpacks from its tape.
    pub(super) fn expand<W: Word>(&self, tape: &mut Tape<'_>, at: At, widths: Widths, units: usize) -> Result<Words<W>, TapeError> {
        let (a, b) = self.words();
        tape.in_parts(units, |tape, len, to: &mut Words<W>| {
            tape.add_share(at.field(field::CHOICE), widths.weight, a * len, &mut to.a)?;
            for (bits, field, to) in [(widths.value, field::CHOSEN, &mut to.b), (widths.index, field::CHOSEN_INDEX, &mut to.index)] {
                if bits > 0 {
                    tape.add_share(at.field(field), bits, b * len, to)?;
                }
            }
            Ok(())
        })
    }

    /// Bytes of corrections.
    pub(super) fn corrections<W: Word>(&self, widths: Widths, units: usize) -> usize {
        let (a, b) = self.words();
        let bytes = |bits: u32, words: usize| if bits == 0 { 0 } else { word_bytes(bits, W::BITS, words * units) };
        bytes(widths.weight, a) + bytes(widths.value, b) + bytes(widths.index, b)
    }

    /// Calls `emit` with this party's shares of w_a, for each block of 32 units and each member a but the last. `opened` holds a row of bits for each pair; `first` is
    /// whether this party adds the public terms.
    pub(super) fn weights<W: Word>(
        &self,
        first: bool,
        units: usize,
        opened: &[u32],
        words: &Words<W>,
        mut emit: impl FnMut(Weight<'_, W>),
    ) {
        let (one, blocks) = (W::from_u64(u64::from(first)), units / BLOCK);
        let (sets, _) = self.words();
        simd::vectorize(
            #[inline(always)]
            || {
                for part in Part::all(units) {
                    let a = &words.a[sets * part.start..][..sets * part.len];
                    for inside in 0..part.len / BLOCK {
                        let block = part.start / BLOCK + inside;
                        for member in 0..self.differences() {
                            let mut set = [[W::from_u64(0); BLOCK]; LARGEST - 1];
                            for (lanes, (pair, lower)) in set.iter_mut().zip(&self.factors[member]) {
                                *lanes = spread(opened[pair * blocks + block] ^ if *lower { 0 } else { u32::MAX });
                            }
                            let mut t = [[W::from_u64(0); BLOCK]; SUBSETS];
                            t[0] = [one; BLOCK];
                            for (t, place) in t.iter_mut().zip(&self.place[member]).take(self.subsets() + 1).skip(1) {
                                *t = lanes(&a[place * part.len..], inside);
                            }
                            let shares = fold(&set, self.differences(), t);
                            emit(Weight { choice: self, part, inside, member, set, shares });
                        }
                    }
                }
            },
        );
    }
}

/// Which level of which step, and which of its sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub step: u32,
    pub level: u32,
    pub class: u32,
}

impl At {
    fn field(self, field: u32) -> Counter {
        super::counter(self.step, self.level, field + self.class)
    }
}

/// This party's share of w_a for a block of units.
pub(super) struct Weight<'a, W> {
    choice: &'a Choice,
    part: Part,
    inside: usize,
    /// The member a.
    pub member: usize,
    set: [Lanes<W>; LARGEST - 1],
    pub shares: Lanes<W>,
}

impl<W: Word> Weight<'_, W> {
    /// The first unit of the block.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in a loop that must vectorise")]
    pub(super) fn start(&self) -> usize {
        self.part.start + self.inside * BLOCK
    }

    /// Shares of w_a times an opened difference.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in a loop that must vectorise")]
    pub(super) fn times(&self, units: usize, opened: Opened<'_, W>, products: &[W]) -> Lanes<W> {
        let (subsets, len) = (self.choice.subsets(), self.part.len);
        let products = &products[(self.choice.words().1 * self.part.start + self.member * subsets * len)..];
        let row = self.member * units + self.start();
        let mut t = [[W::from_u64(0); BLOCK]; SUBSETS];
        t[0] = lanes(&opened.masks[row..], 0);
        for (k, t) in t[1..=subsets].iter_mut().enumerate() {
            *t = lanes(&products[k * len..], self.inside);
        }
        let masks = fold(&self.set, self.choice.differences(), t);
        let d: Lanes<W> = lanes(&opened.differences[row..], 0);
        core::array::from_fn(|i| d[i].mul(self.shares[i]).sub(masks[i]))
    }
}

impl<W> Words<W> {
    /// The products B.
    pub(super) fn values(&self) -> &[W] {
        &self.b
    }

    /// The products with masks of indices.
    pub(super) fn indices(&self) -> &[W] {
        &self.index
    }
}

/// Replaces the factors, the last one first, by what they turned out to be: all ones in `set` where c = 1.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
fn fold<W: Word>(set: &[Lanes<W>; LARGEST - 1], factors: usize, mut t: [Lanes<W>; SUBSETS]) -> Lanes<W> {
    for l in (0..factors).rev() {
        let (low, high) = t.split_at_mut(1 << l);
        for (without, with) in low.iter_mut().zip(high) {
            for i in 0..BLOCK {
                let c = set[l][i];
                without[i] = without[i].and(c).add(with[i].xor(c).sub(c));
            }
        }
    }
    t[0]
}

/// Block `block` of a row.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
fn lanes<W: Word>(row: &[W], block: usize) -> Lanes<W> {
    row.as_chunks::<BLOCK>().0[block]
}

/// Each bit as a word of all ones or all zeros.
#[inline(always)]
#[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
fn spread<W: Word>(bits: u32) -> Lanes<W> {
    core::array::from_fn(|i| W::from_u64(u64::from(bits >> i & 1)).neg())
}

/// The product of the rows of `set`, for the units of `part`.
fn product(set: &[usize], rows: &[u32], units: usize, part: Part) -> Vec<u32> {
    let mut all = vec![u32::MAX; part.len / BLOCK];
    for row in set {
        let row = &rows[row * units / BLOCK + part.start / BLOCK..];
        all.iter_mut().zip(row).for_each(|(a, b)| *a &= b);
    }
    all
}

/// Appends each word of `row` where its bit is set, and 0 where it is not.
fn select<W: Word>(bits: &[u32], row: &[W], to: &mut Vec<W>) {
    simd::vectorize(
        #[inline(always)]
        || {
            for (bits, row) in bits.iter().zip(row.as_chunks::<BLOCK>().0) {
                let keep: Lanes<W> = spread(*bits);
                let kept: Lanes<W> = core::array::from_fn(|i| row[i].and(keep[i]));
                to.extend_from_slice(&kept);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_table() {
        assert_eq!([1, 2, 3, 4].map(|g| Choice::new(g).pairs.len()), [0, 1, 3, 6]);
        assert_eq!([1, 2, 3, 4].map(|g| Choice::new(g).words()), [(0, 0), (1, 1), (5, 6), (18, 21)]);
    }

    #[test]
    fn folding_gives_the_product_of_the_factors() {
        // with shares of one party, t_T = the product of the betas in T
        for beta in 0..8u64 {
            for opened in 0..8u64 {
                let bit = |x: u64, l: usize| x >> l & 1;
                let set = core::array::from_fn(|l| [0u64.wrapping_sub(bit(opened, l)); BLOCK]);
                let t = core::array::from_fn(|subset| [u64::from((0..3).all(|l| subset >> l & 1 == 0 || bit(beta, l) == 1)); BLOCK]);
                let expected = u64::from((0..3).all(|l| bit(beta, l) ^ bit(opened, l) == 1));
                assert_eq!(fold(&set, 3, t), [expected; BLOCK], "beta {beta:03b}, opened {opened:03b}");
            }
        }
    }
}

//! Combining digit comparisons: a tree of one-round ANDs with several factors, on bit rows.
//!
//! A digit j gives shared bits l_j = 1{D_j < d_j} and e_j = 1{D_j = d_j}. Groups of up to four neighbours are combined in one round:
//!
//! ```text
//! L = l_3 ^ e_3 l_2 ^ e_3 e_2 l_1 ^ e_3 e_2 e_1 l_0        E = e_3 e_2 e_1 e_0        (E is not needed for the lowest group)
//! ```
//!
//! Every variable v of a product is opened under a mask a_v: o_v = v ^ a_v. Then, with the products of masks from the dealer,
//!
//! ```text
//! [x y]   = o_x o_y ^ o_x [a_y] ^ o_y [a_x] ^ [a_x a_y]                    the first term on party 0 only
//! [x y z] = the same over all subsets of {x, y, z}
//! ```
//!
//! The last level may be left to [`select`](super::select): then its variables are opened and nothing is dealt for their products.
//!
//! The mask of what a party sends is its own share of a_v, used for one variable of one element.
//! After the multi-fan-in AND of ABY2.0.

use super::{Dealing, Seat, Tape, TapeError, counter, field};
use undertone_ring::rows::{Row, WORDS, and, fill, xor};
use undertone_ring::simd;

/// The largest number of digits that one round combines.
pub(super) const RADIX: u32 = 4;

/// How the digits are combined: all levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub levels: Vec<Level>,
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Level {
    groups: Vec<Group>,
    /// Where each leaf's (l, e) go.
    route: Vec<(Place, Place)>,
    /// Opened variables.
    pub variables: usize,
    /// Products of masks.
    pub products: usize,
    /// Rows that stay local until the round is over.
    pub locals: usize,
}

/// A group of neighbouring leaves, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    size: usize,
    /// Holds leaf 0, so that its E is not needed.
    lowest: bool,
    variable: usize,
    product: usize,
    local: usize,
}

/// Where a leaf's bit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Opened under a mask, as this variable.
    Sent(usize),
    /// Kept, as this row.
    Kept(usize),
    /// Not needed.
    Nowhere,
}

impl Tree {
    /// Combines `digits` digits, up to `radix` in one round; `open` is whether the last level's products are left to others.
    pub(super) fn new(digits: usize, radix: u32, open: bool) -> Self {
        let (mut levels, mut leaves) = (vec![], digits);
        while leaves > 1 {
            let mut level = Level::new(leaves, radix as usize);
            leaves = level.groups.len();
            if open && leaves == 1 {
                level.products = 0;
            }
            levels.push(level);
        }
        Self { levels }
    }
}

impl Level {
    fn new(leaves: usize, radix: usize) -> Self {
        let mut level = Self { groups: vec![], route: vec![], variables: 0, products: 0, locals: 0 };
        for first in (0..leaves).step_by(radix) {
            let (size, lowest) = (radix.min(leaves - first), first == 0);
            let group = Group { size, lowest, variable: level.variables, product: level.products, local: level.locals };
            for j in 0..size {
                let l = if j == size - 1 { Place::Kept(group.local) } else { Place::Sent(group.variable + 2 * (size - 2 - j) + 1) };
                let e = match (size, j) {
                    (_, 0) if lowest => Place::Nowhere,
                    (1, _) => Place::Kept(group.local + 1),
                    (_, 0) => Place::Sent(group.variable + 2 * size - 2),
                    _ => Place::Sent(group.variable + 2 * (size - 1 - j)),
                };
                level.route.push((l, e));
            }
            level.groups.push(group);
            level.variables += if size == 1 { 0 } else { 2 * size - 1 - usize::from(lowest) };
            level.products += subsets(size, lowest).len();
            level.locals += 1 + usize::from(size == 1 && !lowest);
        }
        level
    }

    /// Masks and products of masks of this level for `blocks` blocks of 32 elements; returns the masks.
    pub(super) fn deal(&self, d: &mut Dealing<'_>, step: u32, level: u32, depth: u32, blocks: usize) -> Vec<u32> {
        let masks = d.uniform_bits(counter(step, level, field::MASKS + depth), self.variables * blocks);
        if self.products == 0 {
            return masks;
        }
        let mut products = vec![0u32; self.products * blocks];
        let rows = masks.as_chunks::<8>().0.chunks_exact(self.variables.max(1));
        simd::vectorize(
            #[inline(always)]
            || {
                for (a, out) in rows.zip(products.as_chunks_mut::<8>().0.chunks_exact_mut(self.products.max(1))) {
                    for g in &self.groups {
                        for (p, set) in subsets(g.size, g.lowest).iter().enumerate() {
                            out[g.product + p] = set.iter().fold(fill(true), |x, v| and(x, a[g.variable + v]));
                        }
                    }
                }
            },
        );
        d.share_bits(counter(step, level, field::PRODUCTS + depth), products);
        masks
    }

    /// Appends what a party unpacks for `blocks` blocks.
    pub(super) fn expand(
        &self,
        tape: &mut Tape<'_>,
        step: u32,
        level: u32,
        depth: u32,
        blocks: usize,
        to: &mut Masks,
    ) -> Result<(), TapeError> {
        tape.add_uniform(counter(step, level, field::MASKS + depth), self.variables * blocks, &mut to.masks);
        tape.add_bits(counter(step, level, field::PRODUCTS + depth), self.products * blocks, &mut to.products)
    }

    /// Bytes that a party sends, and bytes of corrections.
    pub(super) fn bytes(&self, blocks: usize) -> (usize, usize) {
        (4 * self.variables * blocks, 4 * self.products * blocks)
    }

    /// Puts 256 elements of leaf `j` where the level wants them.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop of the look-up")]
    pub(super) fn leaves(&self, j: usize, group: usize, (l, e): (Row, Row), masks: &Masks, sent: &mut [u32], kept: &mut [u32]) {
        for (bits, place) in [(l, self.route[j].0), (e, self.route[j].1)] {
            match place {
                Place::Sent(v) => {
                    let at = group * self.variables + v;
                    sent.as_chunks_mut::<WORDS>().0[at] = xor(bits, masks.masks.as_chunks::<WORDS>().0[at]);
                }
                Place::Kept(v) => kept.as_chunks_mut::<WORDS>().0[group * self.locals + v] = bits,
                Place::Nowhere => {}
            }
        }
    }

    /// Combines all groups of the level for 256 elements: `emit(g, L, E)`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "called in the loop that must vectorise")]
    fn combine(&self, one: Row, opened: &[Row], masks: &[Row], products: &[Row], kept: &[Row], mut emit: impl FnMut(usize, Row, Row)) {
        for (i, g) in self.groups.iter().enumerate() {
            let top = kept[g.local];
            if g.size == 1 {
                emit(i, top, if g.lowest { fill(false) } else { kept[g.local + 1] });
                continue;
            }
            let (o, a) = (&opened[g.variable..], &masks[g.variable..]);
            let p = &products[g.product..];
            let (l, e) = match (g.size, g.lowest) {
                (2, true) => (and2(one, o, a, 0, 1, p[0]), fill(false)),
                (2, false) => (and2(one, o, a, 0, 1, p[0]), and2(one, o, a, 0, 2, p[1])),
                (3, lowest) => {
                    let l = xor(and2(one, o, a, 0, 1, p[0]), and3(one, o, a, 3, [p[1], p[2], p[3], p[4]]));
                    (l, if lowest { fill(false) } else { and3(one, o, a, 4, [p[1], p[5], p[6], p[7]]) })
                }
                (_, lowest) => {
                    let l = xor(and2(one, o, a, 0, 1, p[0]), and3(one, o, a, 3, [p[1], p[2], p[3], p[4]]));
                    let l = xor(l, and4(one, o, a, 5, p, 8));
                    (l, if lowest { fill(false) } else { and4(one, o, a, 6, p, 15) })
                }
            };
            let l = xor(top, l);
            emit(i, l, e);
        }
    }
}

/// What a party holds for one level.
#[derive(Default)]
pub(super) struct Masks {
    masks: Vec<u32>,
    products: Vec<u32>,
}

/// Runs one level: from what was opened and kept to the next level's message, or to the result where `next` is `None`.
pub(super) fn merge(
    seat: Seat,
    level: &Level,
    masks: &Masks,
    opened: &[u32],
    kept: &[u32],
    next: Option<(&Level, &Masks)>,
) -> (Vec<u32>, Vec<u32>) {
    let one = fill(seat.is_first());
    let groups = kept.len() / 8 / level.locals;
    let (mut sent, mut left) = match next {
        Some((n, _)) => (vec![0u32; groups * n.variables * 8], vec![0u32; groups * n.locals * 8]),
        None => (vec![], vec![0u32; groups * 8]),
    };
    simd::vectorize(
        #[inline(always)]
        || {
            let rows = |all: &'_ [u32], g: usize, n: usize| -> core::ops::Range<usize> {
                debug_assert!(all.len() >= (g + 1) * n * 8);
                g * n..(g + 1) * n
            };
            let (o, a, p, k) =
                (opened.as_chunks::<8>().0, masks.masks.as_chunks::<8>().0, masks.products.as_chunks::<8>().0, kept.as_chunks::<8>().0);
            for g in 0..groups {
                level.combine(
                    one,
                    &o[rows(opened, g, level.variables)],
                    &a[rows(&masks.masks, g, level.variables)],
                    &p[rows(&masks.products, g, level.products)],
                    &k[rows(kept, g, level.locals)],
                    |leaf, l, e| match next {
                        None => left.as_chunks_mut::<8>().0[g] = l,
                        Some((n, m)) => {
                            for (bits, place) in [(l, n.route[leaf].0), (e, n.route[leaf].1)] {
                                match place {
                                    Place::Sent(v) => {
                                        let at = g * n.variables + v;
                                        sent.as_chunks_mut::<8>().0[at] = xor(bits, m.masks.as_chunks::<8>().0[at]);
                                    }
                                    Place::Kept(v) => left.as_chunks_mut::<8>().0[g * n.locals + v] = bits,
                                    Place::Nowhere => {}
                                }
                            }
                        }
                    },
                );
            }
        },
    );
    (sent, left)
}

/// Which variables of a group each dealt product multiplies; a group's variables are e3 l2 e2 l1 e1 l0 e0, or e2 l1 e1 l0 e0, or e1 l0 e0.
const fn subsets(size: usize, lowest: bool) -> &'static [&'static [usize]] {
    const FOUR: [&[usize]; 22] = [
        &[0, 1],
        &[0, 2],
        &[0, 3],
        &[2, 3],
        &[0, 2, 3],
        &[0, 4],
        &[2, 4],
        &[0, 2, 4],
        &[0, 5],
        &[2, 5],
        &[0, 2, 5],
        &[4, 5],
        &[0, 4, 5],
        &[2, 4, 5],
        &[0, 2, 4, 5],
        &[0, 6],
        &[2, 6],
        &[0, 2, 6],
        &[4, 6],
        &[0, 4, 6],
        &[2, 4, 6],
        &[0, 2, 4, 6],
    ];
    const TWO: [&[usize]; 2] = [&[0, 1], &[0, 2]];
    match (size, lowest) {
        (4, true) => FOUR.split_at(15).0,
        (4, false) => &FOUR,
        (3, true) => FOUR.split_at(5).0,
        (3, false) => FOUR.split_at(8).0,
        (2, true) => TWO.split_at(1).0,
        (2, false) => &TWO,
        _ => &[],
    }
}

/// The product of variables x and y.
#[inline(always)]
#[allow(clippy::inline_always, reason = "an operator on rows")]
fn and2(one: Row, o: &[Row], a: &[Row], x: usize, y: usize, xy: Row) -> Row {
    xor(xor(and(and(o[x], o[y]), one), and(o[x], a[y])), xor(and(o[y], a[x]), xy))
}

/// The product of variables 0, 2 and z; `p` holds the shares of a_0 a_2, a_0 a_z, a_2 a_z, a_0 a_2 a_z.
#[inline(always)]
#[allow(clippy::inline_always, reason = "an operator on rows")]
fn and3(one: Row, o: &[Row], a: &[Row], z: usize, [p02, p0z, p2z, p02z]: [Row; 4]) -> Row {
    let (x, y, w) = ((o[0], a[0]), (o[2], a[2]), (o[z], a[z]));
    let both = and(and(x.0, y.0), xor(and(w.0, one), w.1));
    let mixed = and(w.0, xor(and(x.0, y.1), and(y.0, x.1)));
    let pairs = xor(and(x.0, p2z), xor(and(y.0, p0z), and(w.0, p02)));
    xor(xor(both, mixed), xor(pairs, p02z))
}

/// The product of variables 0, 2, 4 and z, the products of whose masks with a_z begin at `p[at]`: z as a factor of the three others, once as what was opened and once
/// as its mask.
#[inline(always)]
#[allow(clippy::inline_always, reason = "an operator on rows")]
fn and4(one: Row, o: &[Row], a: &[Row], z: usize, p: &[Row], at: usize) -> Row {
    let opened = and3(one, o, a, 4, [p[1], p[5], p[6], p[7]]);
    let (x, y, w) = (o[0], o[2], o[4]);
    // the terms that hold the mask of z: one factor after the other
    let fold = |o: Row, without: Row, with: Row| xor(and(o, without), with);
    let none = fold(x, fold(y, a[z], p[at + 1]), fold(y, p[at], p[at + 2]));
    let four = fold(x, fold(y, p[at + 3], p[at + 5]), fold(y, p[at + 4], p[at + 6]));
    xor(and(o[z], opened), fold(w, none, four))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_digits_take_two_rounds_of_twelve_and_four_variables() {
        let sizes = |digits, radix| Tree::new(digits, radix, false).levels.iter().map(|l| (l.variables, l.products)).collect::<Vec<_>>();
        assert_eq!(sizes(8, 3), [(4 + 5 + 3, 5 + 8 + 2), (4, 5)], "m = 34");
        assert_eq!(sizes(9, 3), [(4 + 5 + 5, 5 + 8 + 8), (4, 5)], "m = 35");
        assert_eq!(sizes(6, 3), [(4 + 5, 5 + 8), (2, 1)], "m = 26");
        assert_eq!(sizes(10, 3), [(4 + 5 + 5, 21), (4, 5), (2, 1)], "a single digit passes through a level");
        assert_eq!(sizes(1, 3), []);
        assert_eq!(sizes(8, 4), [(6 + 7, 15 + 22), (2, 1)]);
        assert_eq!(sizes(12, 2), [(2 + 5 * 3, 1 + 5 * 2), (2 + 2 * 3, 1 + 2 * 2), (2, 1), (2, 1)]);
    }

    #[test]
    fn a_level_that_is_left_to_others_has_variables_only() {
        for digits in 2..20 {
            for radix in 2..=RADIX {
                let (open, closed) = (Tree::new(digits, radix, true), Tree::new(digits, radix, false));
                let (last, rest) = open.levels.split_last().unwrap();
                assert_eq!(*rest, closed.levels[..rest.len()]);
                assert_eq!((last.products, last.locals), (0, 1));
                assert_eq!(last.variables, closed.levels[rest.len()].variables);
            }
        }
    }

    #[test]
    fn every_leaf_has_its_own_place() {
        for (digits, radix) in (2..20).flat_map(|digits| [(digits, 2), (digits, 3), (digits, 4)]) {
            for level in Tree::new(digits, radix, false).levels {
                let mut seen = std::collections::HashSet::new();
                for (l, e) in &level.route {
                    for place in [l, e] {
                        assert!(*place == Place::Nowhere || seen.insert(format!("{place:?}")), "{digits} digits: {place:?} twice");
                    }
                }
                assert_eq!(seen.len(), level.variables + level.locals);
            }
        }
    }
}

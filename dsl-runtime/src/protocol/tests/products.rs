//! Products of two secrets and polynomials, for every owner of the operands: exact for extreme values and shares, the tape used up, the cost what was dealt.

use super::super::Tape;
use super::super::open::{Mask, Opening};
use super::super::powers::Powers;
use super::super::product::{Dealt, Form, Operand, Product};
use super::*;
use std::borrow::Cow;
use undertone_ring::conv::Scratch;

const EACH: Form = Form::Each { len: 37 };

/// Sizes that no kernel divides evenly.
const MATRICES: Form = Form::Matrix { count: 3, rows: 7, inner: 5, columns: 6 };

/// A wire: the value, what the parties hold of it, what the dealer knows of its mask, and what is opened.
struct Wire<W> {
    shares: Vec<Vec<W>>,
    opening: Opening,
    at: u32,
}

fn words<W: Word>(v: &[i64]) -> Vec<W> {
    v.iter().map(|v| W::from_u64(*v as u64)).collect()
}

fn sum<W: Word>(all: &[Vec<W>]) -> Vec<W> {
    (0..all[0].len()).map(|k| all.iter().fold(W::from_u64(0), |s, v| s.add(v[k]))).collect()
}

impl<W: Word> Wire<W> {
    /// Values of `owner`, or shared among all.
    fn new(world: &mut Lockstep, values: &[i64], opening: Opening, at: u32) -> Self {
        let shares = match opening.from {
            Some(o) => (0..world.parties).map(|i| if i == o { words(values) } else { vec![W::from_u64(0); values.len()] }).collect(),
            None => world.share_in::<W>(values).into_iter().map(|s| s[..values.len()].to_vec()).collect(),
        };
        Self { shares, opening, at }
    }

    fn len(&self) -> usize {
        self.shares[0].len()
    }

    /// A party's part of the mask, if it masks.
    fn mask(&self, tape: &mut Tape<'_>, party: usize) -> Option<Vec<W>> {
        self.opening.sends(party).then(|| open::mask(tape, self.at, self.len()))
    }

    /// What every party then has: the opened value, or nothing where only its owner reads it.
    fn opened(&self, masks: &[Option<Vec<W>>]) -> Vec<Vec<W>> {
        if !self.opening.is_sent() {
            return self.shares.clone();
        }
        let masks: Vec<Vec<W>> = masks.iter().flatten().cloned().collect();
        let all: Vec<Vec<W>> = self.shares.iter().cloned().chain(masks).collect();
        vec![sum(&all); self.shares.len()]
    }
}

/// Who has both operands: all pairs of somebody and everybody, and one party both.
fn owners(parties: usize) -> Vec<[Opening; 2]> {
    let of = |from: Option<usize>| Opening { from, to: None };
    let anybody: Vec<Option<usize>> = core::iter::once(None).chain((0..parties).map(Some)).collect();
    let both = |a: Option<usize>, b: Option<usize>| if a.is_some() && a == b { [Opening { from: a, to: a }; 2] } else { [of(a), of(b)] };
    anybody.iter().flat_map(|a| anybody.iter().map(move |b| both(*a, *b))).collect()
}

/// Values at all ends of the ring, zeros among them, and random ones.
fn values(world: &mut Lockstep, len: usize) -> Vec<i64> {
    const ENDS: [i64; 8] = [0, 1, -1, i64::MAX, i64::MIN, 1 << 31, -(1 << 31), 1 << 16];
    (0..len).map(|k| if k % 3 == 0 { ENDS[k / 3 % 8] } else { world.rng.random() }).collect()
}

fn expected<W: Word>(form: Form, x: &[W], y: &[W]) -> Vec<W> {
    match form {
        Form::Each { .. } => x.iter().zip(y).map(|(x, y)| x.mul(*y)).collect(),
        Form::Matrix { rows, inner, columns, .. } => {
            let one = |(x, y): (&[W], &[W])| -> Vec<W> {
                let entry = |i: usize, j: usize| (0..inner).fold(W::from_u64(0), |s, k| s.add(x[i * inner + k].mul(y[j * inner + k])));
                (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| entry(i, j)).collect()
            };
            x.chunks_exact(rows * inner).zip(y.chunks_exact(columns * inner)).flat_map(one).collect()
        }
    }
}

fn product_is_exact<W: Word>(parties: usize, n: u32, form: Form, batch: usize, [of_x, of_y]: [Opening; 2]) {
    let mut world = Lockstep::new(parties, 23 + u64::from(n));
    let (product, [lx, ly]) = (Product { n, form, batch }, form.operands().map(|len| len * batch));
    let (vx, vy) = (values(&mut world, lx), values(&mut world, ly));
    let (x, y) = (Wire::<W>::new(&mut world, &vx, of_x, 4), Wire::<W>::new(&mut world, &vy, of_y, 5));
    let masked = of_x.is_sent();
    world.deal(|d| {
        if masked {
            let (sends_x, sends_y) = (|p: usize| of_x.sends(p), |p: usize| of_y.sends(p));
            let held = open::dealt::<W>(d, sends_y, 5, ly);
            let read = |x: &[W]| x.to_vec();
            // one wire that only this product reads, and one that is held for others
            let x = Dealt { mask: Mask::Made { step: 4, sends: &sends_x }, len: lx / batch, read: &read };
            let y = Dealt { mask: Mask::Held(&held), len: ly / batch, read: &read };
            product.deal([&x, &y], d, 6, &mut Scratch::new());
        }
    });
    assert_eq!(world.corrections.len() as u64, product.cost::<W>(masked).corrections);
    let party = core::cell::Cell::new(0);
    let materials = world.expand(|tape| {
        let i = party.replace(party.get() + 1);
        Ok(([x.mask(tape, i), y.mask(tape, i)], product.expand::<W>(masked, tape, 6)?))
    });
    let masks = |k: usize| materials.iter().map(|(masks, _)| masks[k].clone()).collect::<Vec<_>>();
    let (opened_x, opened_y) = (x.opened(&masks(0)), y.opened(&masks(1)));
    let adds = if masked { 0 } else { of_x.from.unwrap() };
    let shares: Vec<Vec<W>> = materials
        .iter()
        .enumerate()
        .map(|(i, (masks, c))| {
            let operand =
                |k: usize, opened: &'_ [Vec<W>]| Operand { opened: Cow::Owned(opened[i].clone()), mask: masks[k].clone().map(Cow::Owned) };
            let mut z = c.clone();
            product.run(i == adds, &operand(0, &opened_x), &operand(1, &opened_y), &mut z, &mut Scratch::new());
            z
        })
        .collect();
    if !masked {
        assert!((0..parties).all(|i| i == adds || shares[i].iter().all(|z| *z == W::from_u64(0))), "the result is its owner's alone");
    }
    let wanted = expected(form, &words::<W>(&vx), &words::<W>(&vy));
    assert_eq!(reveal(&shares, n), reveal(&[wanted], n), "{parties} parties, n = {n}, {form:?}, {of_x:?}, {of_y:?}");
}

#[test]
fn a_product_of_two_secrets_is_exact_whoever_has_them() {
    for parties in [2, 3, 5] {
        for openings in owners(parties) {
            for form in [EACH, MATRICES] {
                product_is_exact::<u64>(parties, 64, form, 2, openings);
                product_is_exact::<u64>(parties, 40, form, 2, openings);
                product_is_exact::<u32>(parties, 32, form, 3, openings);
            }
        }
    }
}

#[test]
fn products_of_many_samples_are_dealt_in_slices() {
    let all = [Opening::default(); 2];
    // 128 or more samples of this size do not fit into one slice
    for (form, batch) in [(Form::Each { len: 4099 }, 77), (Form::Matrix { count: 1, rows: 3, inner: 700, columns: 2 }, 201)] {
        product_is_exact::<u64>(2, 64, form, batch, all);
        product_is_exact::<u64>(3, 37, form, batch, all);
        product_is_exact::<u32>(2, 32, form, batch, all);
    }
}

fn polynomial_is_exact<W: Word>(parties: usize, n: u32, coefficients: &[i64], len: usize, opening: Opening) {
    let mut world = Lockstep::new(parties, 29 + u64::from(n));
    let powers = Powers { n, coefficients: coefficients.to_vec(), len };
    let v = values(&mut world, len);
    let x = Wire::<W>::new(&mut world, &v, opening, 4);
    let masked = opening.is_sent();
    world.deal(|d| {
        if masked {
            powers.deal::<W>(&Mask::Made { step: 4, sends: &|party| opening.sends(party) }, d, 6);
        }
    });
    assert_eq!(world.corrections.len() as u64, powers.cost::<W>(masked).corrections);
    let party = core::cell::Cell::new(0);
    let materials = world.expand(|tape| {
        let i = party.replace(party.get() + 1);
        Ok((x.mask(tape, i), powers.expand::<W>(masked, tape, 6)?))
    });
    let opened = x.opened(&materials.iter().map(|(mask, _)| mask.clone()).collect::<Vec<_>>());
    let adds = if masked { 0 } else { opening.from.unwrap() };
    let shares: Vec<Vec<W>> = materials
        .iter()
        .enumerate()
        .map(|(i, (mask, shares))| {
            let mut z = vec![W::from_u64(0); len];
            powers.run(i == adds, &opened[i], mask.as_deref(), shares, &mut z);
            z
        })
        .collect();
    let horner = |v: &i64| coefficients.iter().rev().fold(0i64, |sum, a| sum.wrapping_mul(*v).wrapping_add(*a));
    let wanted: Vec<W> = words(&v.iter().map(horner).collect::<Vec<i64>>());
    assert_eq!(reveal(&shares, n), reveal(&[wanted], n), "{parties} parties, n = {n}, {coefficients:?}, {opening:?}");
}

#[test]
fn a_polynomial_is_exact_mod_the_ring_whoever_has_the_value() {
    let all: [&[i64]; 6] =
        [&[0, 0, 1], &[5, -3], &[i64::MAX, i64::MIN, 1], &[1, 2, 3, 4], &[-1, 0, 7, 0, -(1 << 40)], &[3, -1, 4, -1, 5, -9, 2, -6, 5]];
    for parties in [2, 3, 5] {
        let anybody: Vec<Opening> = core::iter::once(Opening::default())
            .chain((0..parties).flat_map(|p| [None, Some(p)].map(|to| Opening { from: Some(p), to })))
            .collect();
        for (opening, coefficients) in anybody.iter().flat_map(|o| all.iter().map(move |c| (*o, *c))) {
            polynomial_is_exact::<u64>(parties, 64, coefficients, 100, opening);
            polynomial_is_exact::<u64>(parties, 40, coefficients, 100, opening);
            polynomial_is_exact::<u32>(parties, 32, coefficients, 100, opening);
        }
        // several parts, the last one not whole
        polynomial_is_exact::<u64>(parties, 37, &[1, 2, 3, 4], 9001, Opening::default());
        polynomial_is_exact::<u32>(parties, 32, &[0, 0, 1], 9001, Opening::default());
    }
}

#[test]
fn corrections_of_products_and_powers_are_uniform() {
    let len = 1 << 17;
    for seed in [1, 2] {
        let mut world = Lockstep::new(3, seed);
        let product = Product { n: 64, form: Form::Each { len }, batch: 1 };
        let sends = |_: usize| true;
        let read = |x: &[u64]| x.to_vec();
        world.deal(|d| {
            let wire = |step| Dealt { mask: Mask::Made { step, sends: &sends }, len, read: &read };
            product.deal([&wire(1), &wire(2)], d, 3, &mut Scratch::new());
        });
        assert!(chi_square(&world.corrections) < LIMIT, "a product, seed {seed}: {}", chi_square(&world.corrections));
        let powers = Powers { n: 64, coefficients: vec![1; 4], len };
        world.deal(|d| powers.deal::<u64>(&Mask::Made { step: 1, sends: &sends }, d, 3));
        assert!(chi_square(&world.corrections) < LIMIT, "powers, seed {seed}: {}", chi_square(&world.corrections));
        // the control: squares themselves are not uniform
        let squares: Vec<u8> = (0..len as u64).flat_map(|v| (v * v).to_le_bytes()).collect();
        assert!(chi_square(&squares) > 1e4);
    }
}

#[test]
fn products_cost_what_the_documentation_says() {
    let each = Product { n: 64, form: Form::Each { len: 256 }, batch: 3 };
    let cost = each.cost::<u64>(true);
    assert_eq!((cost.rounds, cost.sent, cost.corrections, cost.multiply_adds), (0, 0, 8 * 768, 2 * 768));
    assert_eq!((each.cost::<u64>(false).corrections, each.cost::<u64>(false).multiply_adds), (0, 768));
    let matrices = Product { n: 32, form: MATRICES, batch: 2 };
    assert_eq!((matrices.cost::<u32>(true).corrections, matrices.cost::<u32>(true).multiply_adds), (4 * 252, 2 * 2 * 3 * 7 * 5 * 6));
    let cubic = Powers { n: 64, coefficients: vec![1; 4], len: 256 };
    assert_eq!((cubic.cost::<u64>(true).corrections, cubic.cost::<u64>(true).multiply_adds), (2 * 8 * 256, 6 * 256));
}

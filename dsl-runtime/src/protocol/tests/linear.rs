//! Bilinear steps for every owner of weights and input: exact, with one mask of the weights for several runs.

use super::super::linear::{Linear, weight_mask, weight_share};
use super::super::open::{Mask, Opening};
use super::*;
use undertone_ring::conv::{Conv, PackedWeights, Scratch, accumulate};

const PLAIN: Conv = Conv::linear(3, 5, 4);

/// Strides, padding on one side, dilation and groups.
const UNEVEN: Conv = Conv { h: 5, kh: 3, kw: 2, sh: 2, ph: 1, dw: 2, groups: 2, ..Conv::linear(6, 4, 6) };

/// One channel each, padded by two.
const DEPTHWISE: Conv = Conv { h: 7, kh: 3, kw: 3, ph: 2, pw: 2, groups: 4, ..Conv::linear(7, 4, 4) };

/// Three axes, every one with a geometry of its own.
const DEEP: Conv = Conv { d: 4, h: 3, kd: 2, kh: 3, kw: 2, sd: 2, pd: 1, ph: 1, dw: 2, groups: 2, ..Conv::linear(5, 4, 6) };

#[test]
fn a_linear_step_is_exact_whoever_has_weights_and_input() {
    for parties in [2, 3, 5] {
        let anybody: Vec<Option<usize>> = core::iter::once(None).chain((0..parties).map(Some)).collect();
        for (from, to) in anybody.iter().flat_map(|from| anybody.iter().map(move |to| (*from, *to))) {
            let opening = Opening { from, to };
            is_exact::<u64>(parties, 64, UNEVEN, opening, to);
            is_exact::<u64>(parties, 40, DEPTHWISE, opening, to);
            is_exact::<u64>(parties, 64, DEEP, opening, to);
            is_exact::<u32>(parties, 32, DEEP, opening, to);
            is_exact::<u32>(parties, 32, UNEVEN, opening, to);
            for n in [32, 37, 52] {
                is_exact::<u64>(parties, n, PLAIN, opening, to);
            }
        }
    }
}

/// As where a product of secrets reads the wire too.
#[test]
fn a_linear_step_is_exact_where_all_learn_the_wire_and_one_has_the_weights() {
    for parties in [2, 3, 5] {
        let anybody: Vec<Option<usize>> = core::iter::once(None).chain((0..parties).map(Some)).collect();
        for (from, keeper) in anybody.iter().flat_map(|from| (0..parties).map(move |keeper| (*from, keeper))) {
            let opening = Opening { from, to: None };
            is_exact::<u64>(parties, 64, UNEVEN, opening, Some(keeper));
            is_exact::<u64>(parties, 40, DEPTHWISE, opening, Some(keeper));
            is_exact::<u32>(parties, 32, PLAIN, opening, Some(keeper));
        }
    }
}

/// `keeper` has the weights by itself, and all parties or only the keeper learn the opening.
fn is_exact<W: Word>(parties: usize, n: u32, conv: Conv, opening: Opening, keeper: Option<usize>) {
    let (batch, mut world) = (2, Lockstep::new(parties, 17 + u64::from(n)));
    let unsigned = |v: &[i64]| -> Vec<W> { v.iter().map(|v| W::from_u64(*v as u64)).collect() };
    let sum = |all: &[&Vec<W>]| -> Vec<W> { (0..all[0].len()).map(|k| all.iter().fold(W::from_u64(0), |s, v| s.add(v[k]))).collect() };
    // whoever has a value by itself holds it as it is, and the others nothing
    let shared = |world: &mut Lockstep, len: usize, owner: Option<usize>| -> (Vec<W>, Vec<Vec<W>>) {
        let v: Vec<i64> = (0..len).map(|_| world.rng.random_range(-(1i64 << 30)..1 << 30)).collect();
        let shares = match owner {
            Some(o) => (0..parties).map(|i| if i == o { unsigned(&v) } else { vec![W::from_u64(0); len] }).collect(),
            None => world.share_in::<W>(&v).into_iter().map(|s| s[..len].to_vec()).collect(),
        };
        (unsigned(&v), shares)
    };
    let (w, ws) = shared(&mut world, conv.weights(), keeper);
    let (bias, bs) = shared(&mut world, conv.o, keeper);
    // setup: shared weights are opened under the masks of all, those of one party under its own
    let sets: Vec<Prg> = (0..parties).map(|_| Prg::new(&Key::from_bytes(world.rng.random()))).collect();
    let keeps = |i: usize| keeper.is_none_or(|o| o == i);
    let mask = |(i, key): (usize, &Prg)| if keeps(i) { weight_mask(key, 3, w.len()) } else { vec![W::from_u64(0); w.len()] };
    let masks: Vec<Vec<W>> = sets.iter().enumerate().map(mask).collect();
    let opened = sum(&ws.iter().chain(&masks).collect::<Vec<_>>());
    let packed = |values: &[W]| PackedWeights::new(&conv, values);
    let (step, mut scratch) = (Linear { n, conv, batch }, Scratch::new());
    let (dealt_weight, packed_opened, packed_weight) = (packed(&sum(&masks.iter().collect::<Vec<_>>())), packed(&opened), packed(&w));
    // several runs under one mask of the weights
    for run in 0..3 {
        let (x, xs) = shared(&mut world, batch * conv.inputs(), opening.from);
        let (at, mut wire) = (7 + 2 * run, vec![]);
        world.deal(|d| {
            let (sends, all) = (|party: usize| opening.sends(party), open::dealt::<W>(d, |party| opening.sends(party), at, x.len()));
            wire = match keeper {
                Some(keeper) => {
                    let (whole, others) = open::dealt_apart::<W>(d, sends, keeper, at, x.len());
                    assert!(whole == all);
                    others
                }
                None => all,
            };
            if opening.is_sent() {
                step.deal(&Mask::Held(&wire), &dealt_weight, d, at + 1, &mut Scratch::new());
            }
        });
        assert_eq!(world.corrections.len() as u64, step.cost::<W>(opening.is_sent()).corrections);
        let party = core::cell::Cell::new(0);
        let materials = world.expand(|tape| {
            let i = party.replace(party.get() + 1);
            let mask = opening.sends(i).then(|| open::mask::<W>(tape, at, x.len()));
            // the keeper has the weights as they are
            let wire = mask.as_deref().map(|m| (m, if keeper == Some(i) { &packed_weight } else { &packed_opened }));
            let k = step.expand(opening.is_sent(), wire, &bs[i], tape, at + 1, &mut Scratch::new())?;
            Ok((mask.unwrap_or_else(|| vec![W::from_u64(0); x.len()]), k))
        });
        let x_hat = sum(&xs.iter().chain(materials.iter().map(|(mask, _)| mask)).collect::<Vec<_>>());
        let mut shares: Vec<Vec<W>> = materials.into_iter().map(|(_, k)| k).collect();
        for (i, share) in shares.iter_mut().enumerate() {
            match keeper {
                None => step.run(&x_hat, &packed(&weight_share(i == 0, &opened, &masks[i])), share, &mut scratch),
                Some(keeper) if keeper == i => step.run(&x_hat, &packed(&w), share, &mut scratch),
                Some(_) => {}
            }
        }
        let mut expected = bias.repeat(batch * conv.outputs() / conv.o);
        accumulate(&conv, batch, &x, &packed(&w), &mut expected, &mut scratch);
        let expected = reveal(&[expected], n);
        assert_eq!(reveal(&shares, n), expected, "{parties} parties, n = {n}, run {run}, {conv:?}, {opening:?}, {keeper:?}");
    }
}

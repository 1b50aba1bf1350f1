//! Two layers, each a product and a ReLU, by three parties of which one deals: another one in each of three slices, and another one for the second layer than for the first.

use super::HandOver;
use crate::protocol::linear::{Linear, weight_mask, weight_share};
use crate::protocol::open::Mask;
use crate::protocol::relu::Relu;
use crate::protocol::testing::{Lockstep, Party, reveal};
use crate::protocol::{Compare, Phases, open, padded};
use crate::uniformity::{LIMIT, chi_square};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use undertone_ring::conv::{Conv, PackedWeights, Scratch, accumulate};
use undertone_ring::prg::{Key, Prg};

const PLAIN: HandOver = HandOver { n: 64 };
const WIDTHS: (u32, u32, Compare) = (64, 16, Compare::new(34));
/// Elements of the input, of the middle and of the output; samples of a slice.
const SIZES: [usize; 3] = [20, 16, 8];
const BATCH: usize = 30;

fn key(rng: &mut StdRng) -> Prg {
    Prg::new(&Key::from_bytes(rng.random()))
}

fn sum(all: &[&[u64]]) -> Vec<u64> {
    (0..all[0].len()).map(|k| all.iter().fold(0u64, |s, v| s.wrapping_add(v[k]))).collect()
}

fn numbers(rng: &mut StdRng, len: usize, below: i64) -> Vec<u64> {
    (0..len).map(|_| rng.random_range(-below..below) as u64).collect()
}

/// Who computes when this party deals, as parties 0 and 1.
fn pair(dealer: usize) -> [usize; 2] {
    [(dealer + 1) % 3, (dealer + 2) % 3]
}

/// Hands shares over, bit by bit as on the wire: `old` has dealt and joins, `new` leaves and deals. Shares and result are those of the pairs, in order.
fn rotated(rng: &mut StdRng, old: usize, new: usize, shares: &[Vec<u64>]) -> [Vec<u64>; 2] {
    let (between, stays) = (key(rng), 3 - old - new);
    let of = |party: usize| &shares[pair(old).iter().position(|p| *p == party).unwrap()];
    let message = PLAIN.leave(&between, 5, of(new));
    let stayed = PLAIN.stay(of(stays), &message).unwrap();
    let joined = PLAIN.join(&between, 5, shares[0].len());
    assert_eq!(message.len() as u64, PLAIN.cost::<u64>(shares[0].len()).sent);
    pair(new).map(|party| if party == stays { stayed.clone() } else { joined.clone() })
}

/// One layer where `dealer` deals: weights lie with all three parties, and whoever deals gives its part of them to the two that compute.
fn layer(rng: &mut StdRng, dealer: usize, conv: &Conv, weights: &[Vec<u64>], x: &[Vec<u64>]) -> Vec<Vec<u64>> {
    let mut world = Lockstep::new(2, rng.random());
    let ([a, b], between) = (pair(dealer), key(rng));
    let message = PLAIN.leave(&between, 0, &weights[dealer]);
    let held = [sum(&[&weights[a], &PLAIN.join(&between, 0, weights[a].len())]), PLAIN.stay(&weights[b], &message).unwrap()];
    // the weights are opened under masks of this dealer, as everything else is
    let sets = [key(rng), key(rng)];
    let masks = sets.each_ref().map(|key| weight_mask::<u64>(key, 0, conv.weights()));
    let (opened, packed) = (sum(&[&held[0], &held[1], &masks[0], &masks[1]]), |w: &[u64]| PackedWeights::new(conv, w));
    let (linear, relu) = (Linear { n: 64, conv: *conv, batch: BATCH }, Relu::new(WIDTHS.0, WIDTHS.1, WIDTHS.2));
    let (inputs, len) = (BATCH * conv.inputs(), padded(BATCH * conv.outputs()));
    world.deal(|d| {
        let wire = open::dealt::<u64>(d, |_| true, 1, inputs);
        linear.deal(&Mask::Held(&wire), &packed(&sum(&[&masks[0], &masks[1]])), d, 2, &mut Scratch::new());
        relu.deal::<u64>(d, 3, 0, len);
    });
    let of_weights = packed(&opened);
    let material = world.expand(|tape| {
        let mask = open::mask::<u64>(tape, 1, inputs);
        let k = linear.expand(true, Some((&mask, &of_weights)), &[], tape, 2, &mut Scratch::new())?;
        Ok((mask, k, relu.expand::<u64>(tape, 3, 0, len)?))
    });
    let x_hat = sum(&[&x[0], &x[1], &material[0].0, &material[1].0]);
    let z: Vec<Vec<u64>> = (0..2)
        .map(|i| {
            let (mut z, share) = (material[i].1.clone(), packed(&weight_share(i == 0, &opened, &masks[i])));
            linear.run(&x_hat, &share, &mut z, &mut Scratch::new());
            z.resize(len, 0);
            z
        })
        .collect();
    let run = |i: usize| -> Party<'_> { Box::new(relu.run(world.seat(i), &material[i].2, &z[i])) as Box<dyn Phases<u64>> };
    let parties = vec![run(0), run(1)];
    let mut results = Lockstep::new(2, 0).run(parties, len);
    for share in &mut results {
        share.truncate(BATCH * conv.outputs());
    }
    results
}

#[test]
fn two_layers_whose_dealer_rotates_over_slices_and_between_them() {
    let mut rng = StdRng::seed_from_u64(61);
    let convs = [Conv::linear(1, SIZES[0], SIZES[1]), Conv::linear(1, SIZES[1], SIZES[2])];
    let weights = convs.each_ref().map(|conv| numbers(&mut rng, conv.weights(), 1 << 15));
    let thirds = weights.each_ref().map(|w| {
        let [a, b] = [0, 1].map(|_| (0..w.len()).map(|_| rng.random()).collect::<Vec<u64>>());
        let rest = w.iter().zip(&a).zip(&b).map(|((w, a), b)| w.wrapping_sub(*a).wrapping_sub(*b)).collect();
        [a, b, rest]
    });
    for dealer in 0..3 {
        let x = numbers(&mut rng, BATCH * SIZES[0], 4 << 16);
        let a: Vec<u64> = (0..x.len()).map(|_| rng.random()).collect();
        let b = x.iter().zip(&a).map(|(x, a)| x.wrapping_sub(*a)).collect();
        let middle = layer(&mut rng, dealer, &convs[0], &thirds[0], &[a, b]);
        let next = (dealer + 1) % 3;
        let handed = rotated(&mut rng, dealer, next, &middle);
        assert_eq!(reveal(&handed, 64), reveal(&middle, 64), "a hand-over changes no value");
        let output = reveal(&layer(&mut rng, next, &convs[1], &thirds[1], &handed), 64);
        let mut expected = x;
        for (conv, w) in convs.iter().zip(&weights) {
            let mut z = vec![0u64; BATCH * conv.outputs()];
            accumulate(conv, BATCH, &expected, &PackedWeights::new(conv, w), &mut z, &mut Scratch::new());
            expected = z.iter().map(|z| ((*z as i64) >> 16).max(0) as u64).collect();
        }
        // a unit an activation of the middle, times weights below a half, and one of the output
        let most = 1 + SIZES[1] as i64 / 2 + 1;
        let far = output.iter().zip(&expected).map(|(y, e)| (y - *e as i64).abs()).max();
        assert!(far.is_some_and(|far| far <= most), "dealer {dealer}: {far:?} units");
        assert!(expected.iter().filter(|e| **e > 1 << 16).count() > 20, "outputs are not all zero");
    }
}

#[test]
fn messages_are_uniform_whatever_is_handed_over_and_differ_each_time() {
    let mut rng = StdRng::seed_from_u64(62);
    let (len, between) = (1 << 14, key(&mut rng));
    let message = |x: u64, number: u32| PLAIN.leave(&between, number, &vec![x; len]);
    for (x, number) in [(0, 1), (u64::MAX, 2), (1 << 63, 3)] {
        assert!(chi_square(&message(x, number)) < LIMIT, "{x}: {}", chi_square(&message(x, number)));
    }
    assert_ne!(message(0, 1), message(0, 4), "a mask of its own each time");
}

#[test]
fn shares_of_narrow_rings_are_packed_and_wrong_lengths_are_noticed() {
    let mut rng = StdRng::seed_from_u64(63);
    for n in [26, 32] {
        let (hand_over, between) = (HandOver { n }, key(&mut rng));
        let [leaves, stays] = [0, 1].map(|_| (0..128).map(|_| rng.random()).collect::<Vec<u32>>());
        let message = hand_over.leave(&between, 0, &leaves);
        assert_eq!(message.len(), hand_over.bytes::<u32>(128));
        assert!(n == 32 || message.len() < 512, "{n} bits an element");
        let (stayed, joined) = (hand_over.stay(&stays, &message).unwrap(), hand_over.join::<u32>(&between, 0, 128));
        let (before, after) = (reveal(&[leaves, stays.clone()], n), reveal(&[joined, stayed], n));
        assert_eq!(before, after, "mod 2^{n}");
        assert_eq!(hand_over.stay(&stays, &message[1..]), None);
    }
}

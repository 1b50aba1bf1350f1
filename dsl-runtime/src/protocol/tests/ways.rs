//! Every protocol with its messages to everybody and through kings: the same shares of the same results, for what the wires say that it costs.

use super::super::argmax::{ArgMax, Axis};
use super::super::king::Wires;
use super::super::truncate::Truncation;
use super::super::{On, Protocol};
use super::*;

/// Runs a protocol on shares of `z` both ways, at a few sizes of what a link takes at once; the results as integers mod 2^n.
fn both_ways<W: Word>(parties: usize, protocol: &dyn Protocol<W>, z: &[i64], results: usize, n: u32) -> Vec<i64> {
    let mut world = Lockstep::new(parties, 5);
    let shares: Vec<Vec<W>> = world.share_in(z);
    let run = |world: &mut Lockstep, delay_bytes| world.protocol(protocol, Wires { parties, delay_bytes }, &shares, results);
    let direct = run(&mut world, u64::MAX);
    // what lies above the n bits of a result is nobody's
    let low = |shares: &[Vec<W>]| -> Vec<Vec<u64>> {
        shares.iter().map(|share| share.iter().map(|s| s.to_u64() << (64 - n)).collect()).collect()
    };
    // all rounds through kings, some of them, and with two parties none
    for delay_bytes in [0, 5000] {
        assert!(low(&run(&mut world, delay_bytes)) == low(&direct), "{parties} parties, delay {delay_bytes}");
    }
    reveal(&direct, n)
}

fn everything<W: Word>(parties: usize, (n, t, m): (u32, u32, u32)) {
    for size in [1, 300, 2000] {
        let z: Vec<i64> = (0..size).map(|k| ((k * 7919 + 13) % 4001 - 2000) << t | (k % 3) << (t - 1)).collect();
        let (len, near) = (padded(z.len()), |got: i64, want: i64| (got - want).abs() <= parties as i64);
        for compare in [Compare::new(m), Compare { radix: 4, ..Compare::new(m) }, Compare { m, digit: 8, radix: 3, fused: true }] {
            let relu = On { protocol: relu::Relu::new(n, t, compare), len };
            let got = both_ways::<W>(parties, &relu, &z, len, n);
            assert!(got.iter().zip(&z).all(|(g, z)| near(*g, (z >> t).max(0))), "relu, {n} {t} {compare:?}");
        }
        let cut = Truncation { truncate: truncate::Truncate { n, t, m }, parties, len };
        let got = both_ways::<W>(parties, &cut, &z, len, n);
        assert!(got.iter().zip(&z).all(|(g, z)| near(*g, z >> t)), "truncate, {n} {t} {m}");
    }
    let (k, inner) = (9, 40);
    let x: Vec<i64> = (0..k * inner).map(|i| (i * 7919 + 13) % 4001 - 2000).collect();
    for group in [2, 3, 4] {
        let axis = Axis { outer: 1, size: k as usize, inner: inner as usize };
        let got = both_ways::<W>(parties, &ArgMax::new(Compare::new(m), axis, group, 1), &x, inner as usize, axis.bits());
        for (i, got) in got.iter().enumerate() {
            let best = (0..k as usize).rev().max_by_key(|j| x[j * inner as usize + i]).unwrap();
            assert_eq!(got & ((1 << axis.bits()) - 1), best as i64, "index by {group}");
        }
    }
}

#[test]
fn kings_give_the_same_shares_for_what_they_cost() {
    for parties in [2, 3, 5] {
        for widths in [(64, 16, 34), (52, 14, 30), (40, 12, 26), (37, 11, 26), (32, 10, 22)] {
            everything::<u64>(parties, widths);
        }
        everything::<u32>(parties, (32, 10, 22));
    }
}

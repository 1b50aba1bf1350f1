//! Every digit width and radix, fused and not, against the integer function; their costs against what was sent; parameters that no protocol has.

use super::super::tests::{relu_is_exact_by, told};
use super::super::{Fold, relu};
use super::*;
use crate::protocol::testing::{Lockstep, Party};
use crate::uniformity::{LIMIT, chi_square};
use std::collections::HashSet;
use undertone_ring::prg::Log;

fn by(m: u32, digit: u32, radix: u32, fused: bool) -> Compare {
    Compare { m, digit, radix, fused }
}

#[test]
fn every_comparison_that_is_valid_is_exact() {
    for m in [22, 26, 34] {
        for digit in 2..=digits::WIDEST {
            for radix in 2..=merge::RADIX {
                for fused in [false, true] {
                    let compare = by(m, digit, radix, fused);
                    if compare.is_valid() {
                        relu_is_exact_by::<u64>(2 + (digit as usize % 2), Fold { n: 64, t: 16, m }, compare);
                    }
                }
            }
        }
    }
}

#[test]
fn rings_words_and_parties_go_with_every_comparison() {
    for parties in [2, 3, 5] {
        for (n, t, compare) in [
            (40, 12, by(26, 8, 3, true)),
            (40, 12, by(26, 6, 4, false)),
            (40, 12, by(28, 3, 2, false)),
            (37, 11, by(26, 5, 4, false)),
            (52, 14, by(30, 6, 2, false)),
            (64, 16, by(34, 4, 4, true)),
            (64, 0, by(35, 4, 3, true)),
            (35, 0, by(35, 8, 2, false)),
            (26, 0, by(26, 8, 3, true)),
        ] {
            relu_is_exact_by::<u64>(parties, Fold { n, t, m: compare.m }, compare);
        }
        for (n, t, compare) in [
            (32, 10, by(22, 5, 4, false)),
            (32, 10, by(22, 8, 3, true)),
            (32, 10, by(22, 2, 2, false)),
            (32, 0, by(32, 8, 3, false)),
            (26, 0, by(26, 6, 2, true)),
        ] {
            relu_is_exact_by::<u32>(parties, Fold { n, t, m: compare.m }, compare);
        }
    }
}

#[test]
fn rounds_and_bits_are_those_of_the_documentation() {
    let len = 1 << 16;
    let cost = |n: u32, t: u32, compare: Compare| {
        let (rounds, sent, corrections) = told(&relu::Relu::new(n, t, compare).traffic::<u64>(len));
        (sent * 8 / len, rounds, corrections * 8 / len)
    };
    for (digit, radix, fused, narrow, wide) in [
        (2, 2, false, (56, 6, 177), (76, 6, 293)),
        (4, 3, false, (38, 4, 233), (51, 4, 367)),
        (4, 3, true, (38, 3, 514), (51, 3, 2732)),
        (4, 4, false, (38, 4, 237), (50, 4, 385)),
        (4, 4, true, (38, 3, 518), (50, 3, 858)),
        (6, 4, false, (33, 3, 390), (46, 4, 555)),
        (6, 3, true, (33, 3, 662), (46, 3, 1024)),
        (8, 3, false, (31, 3, 893), (41, 4, 1245)),
        (8, 3, true, (31, 2, 2298), (41, 3, 1718)),
    ] {
        assert_eq!(cost(40, 12, by(26, digit, radix, fused)), narrow, "{digit} by {radix}, fused {fused}");
        assert_eq!(cost(64, 16, by(34, digit, radix, fused)), wide, "{digit} by {radix}, fused {fused}");
    }
    let small = told(&relu::Relu::new(32, 10, by(22, 5, 4, false)).traffic::<u32>(len));
    assert_eq!((small.1 * 8 / len, small.0, small.2 * 8 / len), (29, 3, 234));
}

#[test]
fn what_no_protocol_can_do_is_not_valid() {
    assert!(Compare::new(3).is_valid() && Compare::new(34).is_valid() && Compare::new(64).is_valid());
    for (compare, why) in [
        (by(2, 4, 3, false), "no digits"),
        (by(65, 4, 3, false), "no such word"),
        (by(34, 1, 3, false), "digits of one bit"),
        (by(34, 9, 3, false), "digits of nine bits"),
        (by(34, 4, 1, false), "a radix that combines nothing"),
        (by(34, 4, 5, false), "five digits at once"),
        (by(36, 2, 2, false), "more than four rounds of combining"),
        (by(10, 8, 3, true), "a fused comparison of one digit"),
        (by(30, 8, 4, true), "four digits left for the selection"),
        (by(u32::MAX, u32::MAX, u32::MAX, true), "nonsense"),
    ] {
        assert!(!compare.is_valid(), "{why}: {compare:?}");
    }
    assert!(by(34, 2, 2, false).is_valid() && by(34, 4, 4, true).is_valid() && by(10, 8, 3, false).is_valid());
}

#[test]
fn no_block_of_a_generator_is_asked_for_twice() {
    for compare in [by(34, 2, 2, false), by(34, 4, 4, false), by(26, 8, 3, true), by(34, 4, 4, true), by(34, 6, 4, false)] {
        let mut world = Lockstep::new(2, 50);
        let (log, step, len) = (Log::default(), relu::Relu::new(64, 16, compare), 4096 + 512);
        world.deal(|d| step.deal::<u64>(d, 6, 0, len));
        world.keys.iter_mut().for_each(|key| key.audit(log.clone()));
        drop(world.expand(|tape| step.expand::<u64>(tape, 6, 0, len)));
        let log = log.lock().expect("no test has panicked with it");
        let mut seen = HashSet::new();
        for r in log.iter() {
            for block in r.first_block..r.first_block + r.blocks {
                assert!(seen.insert((r.key_fingerprint, r.counter, block)), "{compare:?}: {:?}, block {block}", r.counter);
            }
            assert!(r.counter.field < super::super::field::SPAN, "{compare:?}: {:?}", r.counter);
        }
        assert!(seen.len() > 10_000, "the log is not empty");
    }
}

#[test]
fn what_a_party_sends_is_uniform_whatever_the_secret_is() {
    for compare in [by(26, 8, 3, true), by(26, 4, 4, true), by(26, 6, 2, false)] {
        for value in [0i64, (1 << 35) - 1, -(1i64 << 36)] {
            let mut world = Lockstep::new(3, 4242);
            let len = 1 << 17;
            let shares = [vec![value as u64; len], vec![0u64; len], vec![0u64; len]]; // an owner's trivial sharing is the worst case
            let step = relu::Relu::new(40, 12, compare);
            world.deal(|d| step.deal::<u64>(d, 0, 0, len));
            let material = world.expand(|tape| step.expand::<u64>(tape, 0, 0, len));
            let run: Vec<Party> = (0..3).map(|i| Box::new(step.run(world.seat(i), &material[i], &shares[i])) as Party).collect();
            world.run(run, len);
            for (k, message) in world.transcript.iter().enumerate() {
                assert!(
                    message.len() >= 16384 && chi_square(message) < LIMIT,
                    "{compare:?}, round {k}, secret {value}: {}",
                    chi_square(message)
                );
            }
            assert!(chi_square(&world.corrections) < LIMIT, "{compare:?}, secret {value}: {}", chi_square(&world.corrections));
        }
    }
}

//! Every width against definitions on integers, at every level.

use super::{blocks::Blocks, *};
use crate::conv::tests::Random;
use proptest::prelude::*;

fn low(m: u32) -> u64 {
    u64::MAX >> (64 - m)
}

/// The layout, written as the documentation says it: where bit `k` of element `i` of a block lies.
fn get(m: u32, planes: &[u8], element: usize, k: u32) -> u64 {
    let block = &planes[element / 32 * block_bytes(m)..][..block_bytes(m)];
    let (i, whole) = (element % 32, (m as usize - 2) / 8);
    let k = k as usize;
    let byte = if k < 8 * whole { block[k / 8 * 32 + i] >> (k % 8) } else { block[32 * whole + 4 * (k - 8 * whole) + i / 8] >> (i % 8) };
    u64::from(byte & 1)
}

fn word(m: u32, planes: &[u8], element: usize) -> u64 {
    (0..m).fold(0, |all, k| all | get(m, planes, element, k) << k)
}

fn packed(m: u32, x: &[u64]) -> Vec<u8> {
    let mut out = vec![0; x.len() / BLOCK * block_bytes(m)];
    u64::pack(Level::Portable, Layout::of_digits(m), x, &mut out);
    out
}

fn digit(m: u32, x: u64, j: usize) -> u64 {
    x >> (4 * j) & ((1 << digit_width(m, j)) - 1)
}

/// Entry `at` of element i's table of digit j.
fn entry(m: u32, tables: &[u8], element: usize, j: usize, at: u64) -> u64 {
    let table = &tables[element / 32 * table_bytes(m) + 64 * j..][..64];
    u64::from(table[at as usize / 8 * 32 + element % 32] >> (at % 8) & 1)
}

/// Words with many carries, and random ones.
fn words(m: u32, blocks: usize, seed: u64) -> Vec<u64> {
    let mut random = Random(seed);
    let edges = [0, 1, low(m), low(m) - 1, 1 << (m - 1), 1 << (m - 2), low(m - 2), low(m) & 0x0f0f_0f0f_0f0f_0f0f];
    (0..blocks * BLOCK).map(|_| if random.next().is_multiple_of(3) { edges[random.next() as usize % 8] } else { random.next() }).collect()
}

fn all_widths(mut check: impl FnMut(Level, u32, u64)) {
    for m in 3..=64 {
        for level in Level::all() {
            check(level, m, u64::from(m) * 7 + 1);
        }
    }
}

fn pack_and_unpack<W: Word>(level: Level, m: u32, x: &[u64]) {
    let context = format!("{level:?}, m {m}, {} bits", W::BITS);
    let x: Vec<W> = x.iter().map(|x| W::from_u64(*x)).collect();
    let mut planes = vec![0xcc; x.len() / BLOCK * block_bytes(m)];
    W::pack(level, Layout::of_digits(m), &x, &mut planes);
    for (i, x) in x.iter().enumerate() {
        assert_eq!(word(m, &planes, i), x.to_u64() & low(m), "{context}, element {i}");
    }
    let mut back = vec![W::from_u64(u64::MAX); x.len()];
    W::unpack(level, Layout::of_digits(m), &planes, &mut back);
    for (i, x) in x.iter().enumerate() {
        assert_eq!(back[i].to_u64(), x.to_u64() & low(m), "{context}, element {i}");
    }
}

#[test]
fn words_become_planes() {
    all_widths(|level, m, seed| {
        let x = words(m, 3, seed);
        pack_and_unpack::<u64>(level, m, &x);
        if m <= 32 {
            pack_and_unpack::<u32>(level, m, &x);
        }
    });
}

#[test]
fn sums_carry() {
    all_widths(|level, m, seed| {
        let (x, y) = (words(m, 3, seed), words(m, 3, seed + 1));
        let mut sum = packed(m, &x);
        add_assign_at(level, m, &mut sum, &packed(m, &y));
        for i in 0..x.len() {
            assert_eq!(word(m, &sum, i), x[i].wrapping_add(y[i]) & low(m), "{level:?}, m {m}, seed {seed}, element {i}");
        }
    });
}

#[test]
fn bits_are_found() {
    all_widths(|level, m, seed| {
        let x = words(m, 3, seed);
        let mut out = [0; 3];
        for index in 0..m {
            bit_at(level, m, &packed(m, &x), index, &mut out);
            for (i, x) in x.iter().enumerate() {
                assert_eq!(u64::from(out[i / 32] >> (i % 32) & 1), x >> index & 1, "{level:?}, m {m}, bit {index}, element {i}");
            }
        }
    });
}

#[test]
fn tables_are_unary_and_circular() {
    all_widths(|level, m, seed| {
        let r = words(m, 3, seed);
        let before: Vec<u8> = Random(seed).words::<u64>(3 * table_bytes(m) / 8).iter().flat_map(|x| x.to_le_bytes()).collect();
        let mut tables = before.clone();
        unary_at(level, m, &packed(m, &r), &mut tables);
        for (i, r) in r.iter().enumerate() {
            for j in 0..digits(m) {
                let size = 1 << digit_width(m, j);
                for at in 0..16 {
                    let want = at < size && (at == size - 1 || at < digit(m, *r, j));
                    let got = entry(m, &tables, i, j, at) ^ entry(m, &before, i, j, at);
                    assert_eq!(got, u64::from(want), "{level:?}, m {m}, seed {seed}, element {i}, digit {j}, entry {at}");
                }
            }
        }
    });
}

/// On random tables: exactly the entries that the documentation names.
#[test]
fn lookups_read_the_entries() {
    all_widths(|level, m, seed| {
        // Eleven blocks: a group and a part of one.
        let y = words(m, 11, seed);
        let tables: Vec<u8> = Random(seed).words::<u64>(11 * table_bytes(m) / 8).iter().flat_map(|x| x.to_le_bytes()).collect();
        let mut seen = 0;
        lookup_at(level, m, &packed(m, &y), &tables, |g, j, l, q| {
            assert_eq!(g * digits(m) + j, seen, "in order");
            seen += 1;
            for i in 256 * g..y.len().min(256 * (g + 1)) {
                let (d, last) = (digit(m, y[i], j), (1 << digit_width(m, j)) - 1);
                let at = |entry_: u64| entry(m, &tables, i, j, entry_) as u32;
                let want = (if d == last { 0 } else { at(d) }, at(d.wrapping_sub(1) & last));
                let bit = |row: Row| row[i / 32 % 8] >> (i % 32) & 1;
                assert_eq!((bit(l), bit(q)), want, "{level:?}, m {m}, seed {seed}, digit {j}, element {i}");
            }
        });
        assert_eq!(seen, 2 * digits(m));
    });
}

proptest! {
    /// What the protocol relies on: with shares of unary tables, l is 1{D < d} and l ^ q is 1{D = d}.
    #[test]
    fn shared_tables_compare(m in 3u32..=64, seed: u64) {
        let (r, y) = (words(m, 9, seed), words(m, 9, seed ^ 1));
        let share: Vec<u8> = Random(seed).words::<u64>(9 * table_bytes(m) / 8).iter().flat_map(|x| x.to_le_bytes()).collect();
        let mut other = share.clone();
        unary(m, &packed(m, &r), &mut other);
        let (mut first, mut second) = (vec![], vec![]);
        lookup(m, &packed(m, &y), &share, |g, j, l, q| first.push((g, j, l, q)));
        lookup(m, &packed(m, &y), &other, |g, j, l, q| second.push((g, j, l, q)));
        for ((g, j, l0, q0), (_, _, l1, q1)) in first.into_iter().zip(second) {
            for i in 256 * g..r.len().min(256 * (g + 1)) {
                let (d, public) = (digit(m, r[i], j), digit(m, y[i], j));
                let bit = |row: Row| row[i / 32 % 8] >> (i % 32) & 1;
                prop_assert_eq!(bit(l0) ^ bit(l1), u32::from(public < d));
                prop_assert_eq!(bit(l0) ^ bit(l1) ^ bit(q0) ^ bit(q1), u32::from(public == d));
            }
        }
    }

    #[test]
    fn public_functions_agree_with_the_definition(m in 3u32..=64, seed: u64) {
        let (x, y) = (words(m, 4, seed), words(m, 4, seed ^ 2));
        let (mut a, mut b) = (vec![0; 4 * block_bytes(m)], vec![0; 4 * block_bytes(m)]);
        pack(m, &x, &mut a);
        pack(m, &y, &mut b);
        let mut differ = a.clone();
        xor_assign(&mut differ, &b);
        add_assign(m, &mut a, &b);
        let (mut sums, mut differences, mut top) = (vec![0u64; 128], vec![0u64; 128], [0; 4]);
        unpack(m, &a, &mut sums);
        unpack(m, &differ, &mut differences);
        bit(m, &b, m - 1, &mut top);
        for i in 0..128 {
            prop_assert_eq!(sums[i], x[i].wrapping_add(y[i]) & low(m));
            prop_assert_eq!(differences[i], (x[i] ^ y[i]) & low(m));
            prop_assert_eq!(u64::from(top[i / 32] >> (i % 32) & 1), y[i] >> (m - 1) & 1);
        }
    }
}

#[test]
fn sizes() {
    assert_eq!((digits(34), digits(26), digits(22), digits(3), digits(64)), (8, 6, 5, 1, 16));
    assert_eq!((digit_width(26, 5), digit_width(25, 5), digit_width(3, 0)), (4, 3, 1));
    assert_eq!((block_bytes(26), table_bytes(26)), (104, 384));
    for m in 3..=64 {
        let bits: u32 = (0..digits(m)).map(|j| digit_width(m, j)).sum();
        assert_eq!(bits, m - 2);
        let layout = Layout::of_digits(m);
        assert!((2..=9).contains(&layout.bits) && layout.size() == block_bytes(m));
    }
}

#[test]
#[should_panic(expected = "no whole number of blocks")]
fn part_of_a_block_is_refused() {
    pack(20, &[0u32; 33], &mut [0; 80]);
}

#[test]
#[should_panic(expected = "3 to 64 bits")]
fn a_word_without_digits_is_refused() {
    add_assign(2, &mut [0; 8], &[0; 8]);
}

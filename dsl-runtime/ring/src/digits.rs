//! Digits of any width, and their unary tables as bit rows.
//!
//! A *digit* of width w is w bits of the low m - 2 bits of a word in [`planes`], low digit first; the last one is narrower where w does not divide
//! m - 2. The table of a digit `d` of width v has the entries `T[D] = 1{D < d}` for D from 0 to 2^v - 2; each entry of 256 elements is a [row](crate::rows):
//! `[group of 256][digit][entry][8 words]`. Other than the tables of [`planes`], which take 4 bits each and a byte shuffle, these take any width up to
//! [`WIDEST`]: an entry is chosen by halving the table once for each bit of the digit.
//!
//! Neither the making of tables nor the look-up has an address that depends on a value.

use crate::planes::{self, BLOCK, block_bytes};
use crate::rows::{GROUP, Row, WORDS, and, fill, xor};
use crate::simd;

/// The widest digit.
pub const WIDEST: u32 = 8;

/// Entries of the table of the widest digit, with the two that are constants.
const ENTRIES: usize = (1 << WIDEST) + 1;

/// Digits of the low m - 2 bits of a word.
pub const fn count(m: u32, w: u32) -> usize {
    (m as usize - 2).div_ceil(w as usize)
}

/// Bits of digit `j`: w, or fewer for the last.
pub const fn width(m: u32, w: u32, j: usize) -> u32 {
    let left = m - 2 - w * j as u32;
    if left < w { left } else { w }
}

/// Rows of the tables of a group: 2^v - 1 for a digit of width v.
pub fn table_rows(m: u32, w: u32) -> usize {
    (0..count(m, w)).map(|j| (1 << width(m, w, j)) - 1).sum()
}

/// The unary tables of the digits of `r`, words in planes, exclusive-ored into `out`.
///
/// # Panics
/// If w is not in `1..=8`, m not in `3..=64`, `r` is no whole number of groups, or `out` is not [`table_rows`] for each.
pub fn unary(m: u32, w: u32, r: &[u8], out: &mut [u32]) {
    let rows = check(m, w, r.len(), out.len());
    simd::vectorize(
        #[inline(always)]
        || {
            for (r, out) in r.chunks_exact(group_bytes(m)).zip(out.as_chunks_mut::<WORDS>().0.chunks_exact_mut(rows)) {
                let mut table = [fill(false); ENTRIES];
                let mut rest = out;
                for j in 0..count(m, w) {
                    let v = width(m, w, j);
                    // with a bit more on top, the entries below the middle are set if it is, and those above it only then
                    for k in 0..v {
                        let (bit, half) = (plane(m, r, w * j as u32 + k), 1 << k);
                        table[half - 1] = bit;
                        for i in 0..half - 1 {
                            table[half + i] = and(bit, table[i]);
                            table[i] = xor(xor(bit, table[i]), table[half + i]);
                        }
                    }
                    let (digit, after) = rest.split_at_mut((1 << v) - 1);
                    digit.iter_mut().zip(&table).for_each(|(o, t)| *o = xor(*o, *t));
                    rest = after;
                }
            }
        },
    );
}

/// Looks the digits of `y`, words in planes, up in tables. For group g and digit j, with D its digit in y, `sink(g, j, l, e)` gets `l = T[D]`, 0 where D is the
/// largest, and `e = T[D] ^ T[D - 1]`, where `T[-1]` is all ones if `one`, else zeros. With exclusive-or shares of tables and `one` for one of the parties
/// they are shares of 1{D < d} and of 1{D = d}.
///
/// # Panics
/// As [`unary`].
pub fn lookup(m: u32, w: u32, one: bool, y: &[u8], tables: &[u32], mut sink: impl FnMut(usize, usize, Row, Row)) {
    let rows = check(m, w, y.len(), tables.len());
    let groups = y.chunks_exact(group_bytes(m)).zip(tables.as_chunks::<WORDS>().0.chunks_exact(rows));
    let mut found = vec![(fill(false), fill(false)); count(m, w)];
    for (g, (y, tables)) in groups.enumerate() {
        lookup_group(m, w, one, y, tables, &mut found);
        found.iter().enumerate().for_each(|(j, (l, e))| sink(g, j, *l, *e));
    }
}

fn lookup_group(m: u32, w: u32, one: bool, y: &[u8], tables: &[Row], found: &mut [(Row, Row)]) {
    simd::vectorize(
        #[inline(always)]
        || {
            let mut table = [fill(false); ENTRIES];
            let mut rest = tables;
            for (j, found) in found.iter_mut().enumerate() {
                let v = width(m, w, j);
                let (digit, after) = rest.split_at((1 << v) - 1);
                rest = after;
                // entry D + 1 is T[D]
                table[0] = fill(one);
                table[1..1 << v].copy_from_slice(digit);
                table[1 << v] = fill(false);
                // the upper bits choose a half of the table, of which one entry more is needed than there are digits left
                for k in (0..v).rev() {
                    let (bit, half) = (plane(m, y, w * j as u32 + k), 1 << k);
                    for i in 0..=half {
                        table[i] = xor(table[i], and(bit, xor(table[i], table[half + i])));
                    }
                }
                *found = (table[1], xor(table[0], table[1]));
            }
        },
    );
}

/// Bit `k` of the 256 elements of a group.
#[inline(always)]
fn plane(m: u32, group: &[u8], k: u32) -> Row {
    let mut row = fill(false);
    planes::bit(m, group, k, &mut row);
    row
}

const fn group_bytes(m: u32) -> usize {
    GROUP / BLOCK * block_bytes(m)
}

/// The rows of a group.
fn check(m: u32, w: u32, planes: usize, words: usize) -> usize {
    assert!((1..=WIDEST).contains(&w), "digits have 1 to {WIDEST} bits, not {w}");
    assert!((3..=64).contains(&m), "words in planes have 3 to 64 bits, not {m}");
    assert!(planes.is_multiple_of(group_bytes(m)), "{planes} bytes are no whole number of groups of {m}-bit words");
    let rows = table_rows(m, w);
    assert_eq!(words, planes / group_bytes(m) * rows * WORDS, "tables of {planes} bytes of {m}-bit words");
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::tests::Random;

    fn packed(m: u32, x: &[u64]) -> Vec<u8> {
        let mut out = vec![0; x.len() / BLOCK * block_bytes(m)];
        planes::pack(m, x, &mut out);
        out
    }

    /// Words with digits of zeros and ones, and random ones.
    fn words(m: u32, seed: u64) -> Vec<u64> {
        let mut random = Random(seed);
        let low = u64::MAX >> (64 - m);
        (0..2 * GROUP as u64).map(|i| if i % 3 == 0 { [0, low, 1, low - 1][i as usize / 3 % 4] } else { random.next() & low }).collect()
    }

    fn digit(m: u32, w: u32, x: u64, j: usize) -> u64 {
        x >> (w * j as u32) & ((1 << width(m, w, j)) - 1)
    }

    #[test]
    fn shares_of_tables_compare_digits_of_every_width() {
        for m in [3, 4, 7, 20, 26, 33, 34, 64] {
            for w in 1..=WIDEST {
                let (r, y) = (words(m, u64::from(m + w)), words(m, u64::from(100 + m)));
                let share: Vec<u32> = Random(5).words(2 * table_rows(m, w) * WORDS);
                let mut other = share.clone();
                unary(m, w, &packed(m, &r), &mut other);
                let (mut first, mut second) = (vec![], vec![]);
                lookup(m, w, true, &packed(m, &y), &share, |g, j, l, e| first.push((g, j, l, e)));
                lookup(m, w, false, &packed(m, &y), &other, |g, j, l, e| second.push((g, j, l, e)));
                assert_eq!(first.len(), 2 * count(m, w));
                for ((g, j, l0, e0), (_, _, l1, e1)) in first.into_iter().zip(second) {
                    for i in 0..GROUP {
                        let (d, public) = (digit(m, w, r[g * GROUP + i], j), digit(m, w, y[g * GROUP + i], j));
                        let bit = |row: Row| row[i / 32] >> (i % 32) & 1;
                        let got = (bit(xor(l0, l1)), bit(xor(e0, e1)));
                        assert_eq!(got, (u32::from(public < d), u32::from(public == d)), "m {m}, w {w}, digit {j}: {public} and {d}");
                    }
                }
            }
        }
    }

    #[test]
    fn digits_and_rows_are_those_of_the_definition() {
        assert_eq!((count(26, 8), table_rows(26, 8)), (3, 3 * 255));
        assert_eq!((count(34, 6), table_rows(34, 6)), (6, 5 * 63 + 3));
        assert_eq!((count(22, 2), table_rows(22, 2)), (10, 30));
        for (m, w) in [(34, 6), (22, 5), (64, 7), (3, 8)] {
            assert_eq!((0..count(m, w)).map(|j| width(m, w, j)).sum::<u32>(), m - 2);
        }
    }

    #[test]
    #[should_panic(expected = "no whole number of groups")]
    fn part_of_a_group_is_refused() {
        unary(20, 8, &[0; 80], &mut []);
    }
}

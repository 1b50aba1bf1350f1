//! Blocks of 32 elements as byte planes and bit planes.
//!
//! A block of m-bit words (3 <= m <= 64) is `floor((m - 2) / 8)` byte planes of 32 bytes, plane k with byte k of the
//! elements 0 to 31, then the 2 to 9 bits above as bit planes, a little-endian `u32` each with bit i for element i, low
//! plane first. That is exactly 4 m bytes: the wire format. It is also the operand of the look-up, since the 4-bit digits
//! of the low m - 2 bits are nibbles of byte planes and groups of bit planes; and the top two bits, which the comparison
//! treats on their own, are bit planes already.
//!
//! A *digit* is 4 bits of the low m - 2 bits, low digit first; the last one is narrower where 4 does not divide m - 2. The
//! *unary table* of a digit `d` of width v has 2^v entries `T[D] = 1{D < d}`, but for the last, `T[2^v - 1] = 1`, which
//! makes the table circular: `T[(D - 1) mod 2^v]` is `1{D <= d}` for every D, D = 0 included. So `1{D = d}` is the
//! exclusive or of the two look-ups.

use crate::{
    Word,
    level::Level,
    rows::{Row, WORDS},
    simd,
};
use blocks::Layout;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod blocks;
mod portable;
#[cfg(test)]
mod tests;

/// Elements of a block.
pub const BLOCK: usize = 32;

/// Bytes of one digit's tables in a block: the entries 0 to 7 of each element as the bits of 32 bytes, then 8 to 15.
pub const TABLE: usize = 64;

/// Digits of the widest word.
const MAX_DIGITS: usize = 16;

/// Bytes of a block of m-bit words.
pub const fn block_bytes(m: u32) -> usize {
    4 * m as usize
}

/// Digits of the low m - 2 bits of a word.
pub const fn digits(m: u32) -> usize {
    (m as usize - 2).div_ceil(4)
}

/// Bits of digit `j`: 4, or fewer for the last.
pub const fn digit_width(m: u32, j: usize) -> u32 {
    let left = m - 2 - 4 * j as u32;
    if left < 4 { left } else { 4 }
}

/// Bytes of the tables of a block: [`TABLE`] for every digit.
pub const fn table_bytes(m: u32) -> usize {
    TABLE * digits(m)
}

/// Words to planes; bits from m on are ignored and never reach `out`.
///
/// # Panics
/// If m is not in `3..=W::BITS`, `x` is no whole number of blocks, or `out` is not [`block_bytes`] for each.
pub fn pack<W: Word>(m: u32, x: &[W], out: &mut [u8]) {
    check_word::<W>(m, x.len(), out.len());
    W::pack(Level::get(), Layout::of_digits(m), x, out);
}

/// Planes to words, zero-extended.
///
/// # Panics
/// As [`pack`].
pub fn unpack<W: Word>(m: u32, planes: &[u8], x: &mut [W]) {
    check_word::<W>(m, x.len(), planes.len());
    W::unpack(Level::get(), Layout::of_digits(m), planes, x);
}

/// `acc += other` mod 2^m, word by word.
///
/// # Panics
/// If m is not in `3..=64`, or the two are not the same whole number of blocks.
pub fn add_assign(m: u32, acc: &mut [u8], other: &[u8]) {
    check_blocks(m, acc.len());
    assert_eq!(acc.len(), other.len(), "the two have the same blocks");
    add_assign_at(Level::get(), m, acc, other);
}

/// `acc ^= other`.
///
/// # Panics
/// If the lengths differ.
pub fn xor_assign(acc: &mut [u8], other: &[u8]) {
    assert_eq!(acc.len(), other.len(), "the two have the same length");
    #[cfg(target_arch = "x86_64")]
    if Level::get().avx2().is_some() {
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        return unsafe { avx2::xor_assign(acc, other) };
    }
    portable::xor_assign(acc, other);
}

/// The unary circular tables of the digits of `r`, exclusive-ored into `out`: `[block][digit][64 bytes]`. Entries beyond
/// 2^width of a narrower digit are left as they are.
///
/// # Panics
/// If m is not in `3..=64`, `r` is no whole number of blocks, or `out` is not [`table_bytes`] for each.
pub fn unary(m: u32, r: &[u8], out: &mut [u8]) {
    let blocks = check_blocks(m, r.len());
    assert_eq!(out.len(), blocks * table_bytes(m), "tables of {blocks} blocks of {m}-bit words");
    unary_at(Level::get(), m, r, out);
}

/// Looks the digits of `y` up in tables. For group g of eight blocks and digit j, with D its digit in y, `sink(g, j, l, q)` gets
/// `l = T[D]` (0 where D is the last entry) and `q = T[(D - 1) mod 2^width]`, one bit for each element. With exclusive-or
/// shares of tables they are shares. Where the last group has fewer blocks, nothing is promised of the rest of its rows.
///
/// # Panics
/// If m is not in `3..=64`, `y` is no whole number of blocks, or `tables` is not [`table_bytes`] for each.
#[inline]
pub fn lookup(m: u32, y: &[u8], tables: &[u8], sink: impl FnMut(usize, usize, Row, Row)) {
    let blocks = check_blocks(m, y.len());
    assert_eq!(tables.len(), blocks * table_bytes(m), "tables of {blocks} blocks of {m}-bit words");
    lookup_at(Level::get(), m, y, tables, sink);
}

/// Bit `index` of every element: one word a block.
///
/// # Panics
/// If m is not in `3..=64`, `index >= m`, `planes` is no whole number of blocks, or `out` is not one word for each.
pub fn bit(m: u32, planes: &[u8], index: u32, out: &mut [u32]) {
    let blocks = check_blocks(m, planes.len());
    assert_eq!(out.len(), blocks, "one word for each of {blocks} blocks");
    assert!(index < m, "bit {index} of a {m}-bit word");
    bit_at(Level::get(), m, planes, index, out);
}

fn check_word<W: Word>(m: u32, elements: usize, bytes: usize) {
    assert!(m <= W::BITS, "{m} bits of a {}-bit word", W::BITS);
    assert!(elements.is_multiple_of(BLOCK), "{elements} elements are no whole number of blocks of {BLOCK}");
    assert_eq!(check_blocks(m, bytes), elements / BLOCK, "{bytes} bytes for {elements} elements of {m} bits");
}

fn check_blocks(m: u32, bytes: usize) -> usize {
    assert!((3..=64).contains(&m), "words in planes have 3 to 64 bits, not {m}");
    assert!(bytes.is_multiple_of(block_bytes(m)), "{bytes} bytes are no whole number of blocks of {m}-bit words");
    bytes / block_bytes(m)
}

fn add_assign_at(level: Level, m: u32, acc: &mut [u8], other: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    if level.avx2().is_some() {
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        return unsafe { avx2::add_assign(m, acc, other) };
    }
    portable::add_assign(m, acc, other);
}

fn unary_at(level: Level, m: u32, r: &[u8], out: &mut [u8]) {
    match level {
        Level::Portable => portable::unary(m, r, out),
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => unsafe { avx2::unary(m, r, out) },
        // SAFETY: values of these levels exist only where AVX-512 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => unsafe { avx512::unary(m, r, out) },
    }
}

fn bit_at(level: Level, m: u32, planes: &[u8], index: u32, out: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if level.avx2().is_some() {
        // SAFETY: as above.
        return unsafe { avx2::bit(m, planes, index, out) };
    }
    portable::bit(m, planes, index, out);
}

/// l and q of every digit of up to [`WORDS`] blocks.
type Found = [[Row; 2]; MAX_DIGITS];

/// The kernel fills a small table, and the sink has one place where it is called: there it is inlined.
#[inline]
fn lookup_at(level: Level, m: u32, y: &[u8], tables: &[u8], mut sink: impl FnMut(usize, usize, Row, Row)) {
    let mut found: Found = [[[0; WORDS]; 2]; MAX_DIGITS];
    simd::vectorize(
        #[inline(always)]
        || {
            for (g, (y, tables)) in y.chunks(WORDS * block_bytes(m)).zip(tables.chunks(WORDS * table_bytes(m))).enumerate() {
                lookup_group(level, m, y, tables, &mut found);
                for (j, [l, q]) in found[..digits(m)].iter().enumerate() {
                    sink(g, j, *l, *q);
                }
            }
        },
    );
}

fn lookup_group(level: Level, m: u32, y: &[u8], tables: &[u8], found: &mut Found) {
    match level {
        Level::Portable => portable::lookup(m, y, tables, found),
        // SAFETY: a value of `Avx2` exists only where AVX2 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2(_) => unsafe { avx2::lookup(m, y, tables, found) },
        // SAFETY: values of these levels exist only where AVX-512 was detected.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512(_) | Level::Avx512Ifma(_) | Level::Avx512Split(_) => unsafe { avx512::lookup(m, y, tables, found) },
    }
}

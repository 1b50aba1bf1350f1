//! Planes in plain Rust.

use super::{BLOCK, Found, MAX_DIGITS, TABLE, block_bytes, blocks::Layout, digit_width, table_bytes};
use crate::Word;

pub fn pack<W: Word>(layout: Layout, x: &[W], out: &mut [u8]) {
    for (x, out) in x.chunks_exact(BLOCK).zip(out.chunks_exact_mut(layout.size())) {
        let (bytes, bits) = out.split_at_mut(BLOCK * layout.bytes);
        for (k, plane) in bytes.chunks_exact_mut(BLOCK).enumerate() {
            for (byte, x) in plane.iter_mut().zip(x) {
                *byte = x.shr(8 * k as u32).to_u64() as u8;
            }
        }
        for (k, plane) in bits.chunks_exact_mut(4).enumerate() {
            let shift = (8 * layout.bytes + k) as u32;
            let plane_bits = (0..).zip(x).fold(0, |all, (i, x)| all | (x.shr(shift).to_u64() as u32 & 1) << i);
            plane.copy_from_slice(&plane_bits.to_le_bytes());
        }
    }
}

pub fn unpack<W: Word>(layout: Layout, planes: &[u8], x: &mut [W]) {
    for (x, planes) in x.chunks_exact_mut(BLOCK).zip(planes.chunks_exact(layout.size())) {
        x.fill(W::from_u64(0));
        let (bytes, bits) = planes.split_at(BLOCK * layout.bytes);
        for (k, plane) in bytes.chunks_exact(BLOCK).enumerate() {
            for (x, byte) in x.iter_mut().zip(plane) {
                *x = x.or(W::from_u64(u64::from(*byte)).shl(8 * k as u32));
            }
        }
        for (k, plane) in words(bits).enumerate() {
            let shift = (8 * layout.bytes + k) as u32;
            for (i, x) in x.iter_mut().enumerate() {
                *x = x.or(W::from_u64(u64::from(plane >> i & 1)).shl(shift));
            }
        }
    }
}

pub fn add_assign(m: u32, acc: &mut [u8], other: &[u8]) {
    let split = BLOCK * Layout::of_digits(m).bytes;
    for (acc, other) in acc.chunks_exact_mut(block_bytes(m)).zip(other.chunks_exact(block_bytes(m))) {
        let (acc, acc_bits) = acc.split_at_mut(split);
        let (other, other_bits) = other.split_at(split);
        let mut carries = [0u8; BLOCK];
        for (acc, other) in acc.chunks_exact_mut(BLOCK).zip(other.chunks_exact(BLOCK)) {
            for ((a, b), carry) in acc.iter_mut().zip(other).zip(&mut carries) {
                let sum = u16::from(*a) + u16::from(*b) + u16::from(*carry);
                (*a, *carry) = (sum as u8, (sum >> 8) as u8);
            }
        }
        let mut carry = (0..).zip(carries).fold(0, |all, (i, carry)| all | u32::from(carry) << i);
        for (a, b) in acc_bits.as_chunks_mut::<4>().0.iter_mut().zip(words(other_bits)) {
            let x = u32::from_le_bytes(*a);
            *a = (x ^ b ^ carry).to_le_bytes();
            carry = x & b | carry & (x ^ b);
        }
    }
}

#[inline(always)]
pub fn xor_assign(acc: &mut [u8], other: &[u8]) {
    for (a, b) in acc.iter_mut().zip(other) {
        *a ^= b;
    }
}

pub fn unary(m: u32, r: &[u8], out: &mut [u8]) {
    for (r, tables) in r.chunks_exact(block_bytes(m)).zip(out.chunks_exact_mut(table_bytes(m))) {
        for (j, (digit, table)) in each_digit(m, r).iter().zip(tables.chunks_exact_mut(TABLE)).enumerate() {
            let last = 1u16 << ((1 << digit_width(m, j)) - 1);
            let (low, high) = table.split_at_mut(BLOCK);
            for ((d, low), high) in digit.iter().zip(low).zip(high) {
                let [entries_low, entries_high] = (((1u16 << d) - 1) | last).to_le_bytes();
                *low ^= entries_low;
                *high ^= entries_high;
            }
        }
    }
}

pub fn lookup(m: u32, y: &[u8], tables: &[u8], found: &mut Found) {
    let blocks = y.chunks_exact(block_bytes(m)).zip(tables.chunks_exact(table_bytes(m)));
    for (b, (y, tables)) in blocks.enumerate() {
        for (j, ((digit, table), found)) in each_digit(m, y).iter().zip(tables.chunks_exact(TABLE)).zip(found.iter_mut()).enumerate() {
            let last = (1u8 << digit_width(m, j)) - 1;
            let (mut l, mut q) = (0, 0);
            for (i, d) in digit.iter().enumerate() {
                let entries = u32::from(table[i]) | u32::from(table[BLOCK + i]) << 8;
                // The last entry is read as 0: 1{2^v - 1 < d} is never true.
                let below = entries & ((1 << last) - 1);
                l |= (below >> d & 1) << i;
                q |= (entries >> (d.wrapping_sub(1) & last) & 1) << i;
            }
            (found[0][b], found[1][b]) = (l, q);
        }
    }
}

pub fn bit(m: u32, planes: &[u8], index: u32, out: &mut [u32]) {
    let (layout, index) = (Layout::of_digits(m), index as usize);
    for (planes, out) in planes.chunks_exact(block_bytes(m)).zip(out) {
        let (bytes, bits) = planes.split_at(BLOCK * layout.bytes);
        *out = if index < 8 * layout.bytes {
            let plane = &bytes[index / 8 * BLOCK..][..BLOCK];
            (0..).zip(plane).fold(0, |all, (i, byte)| all | u32::from(byte >> (index % 8) & 1) << i)
        } else {
            words(&bits[4 * (index - 8 * layout.bytes)..]).next().unwrap_or(0)
        };
    }
}

/// The digits of the 32 elements of a block; the tables end after the last that exists.
fn each_digit(m: u32, block: &[u8]) -> [[u8; BLOCK]; MAX_DIGITS] {
    let mut all = [[0; BLOCK]; MAX_DIGITS];
    let bytes = Layout::of_digits(m).bytes;
    let (planes, bits) = block.split_at(BLOCK * bytes);
    for (pair, plane) in all.as_chunks_mut::<2>().0.iter_mut().zip(planes.chunks_exact(BLOCK)) {
        for (i, byte) in plane.iter().enumerate() {
            (pair[0][i], pair[1][i]) = (byte & 15, byte >> 4);
        }
    }
    for (k, plane) in words(bits).take(m as usize - 2 - 8 * bytes).enumerate() {
        for (i, d) in all[2 * bytes + k / 4].iter_mut().enumerate() {
            *d |= ((plane >> i & 1) as u8) << (k % 4);
        }
    }
    all
}

/// Little-endian words.
fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

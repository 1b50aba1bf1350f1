//! Planes with 256-bit vectors: a byte plane is a register. Everything here is compiled for AVX2 and is called only with
//! a proof of it.

use super::{BLOCK, Found, TABLE, block_bytes, blocks::Layout, digit_width, digits, portable, table_bytes};
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;
use core::mem::MaybeUninit;

type Plane = [u8; BLOCK];

/// `f::<WIDE, PLANES>(..)`, with the number of byte planes as a constant.
macro_rules! by_planes {
    ($planes:expr, $f:ident, $wide:ident, $args:tt) => {
        match $planes {
            0 => $f::<$wide, 0> $args,
            1 => $f::<$wide, 1> $args,
            2 => $f::<$wide, 2> $args,
            3 => $f::<$wide, 3> $args,
            4 => $f::<$wide, 4> $args,
            5 => $f::<$wide, 5> $args,
            6 => $f::<$wide, 6> $args,
            7 => $f::<$wide, 7> $args,
            planes => unreachable!("{planes} byte planes of at most 7"),
        }
    };
}

/// `x` are the bytes of 32-bit words, or of 64-bit words where `WIDE`.
#[target_feature(enable = "avx2")]
pub fn pack<const WIDE: bool>(layout: Layout, x: &[u8], out: &mut [u8]) {
    by_planes!(layout.bytes, pack_planes, WIDE, (layout, x, out));
}

#[target_feature(enable = "avx2")]
fn pack_planes<const WIDE: bool, const PLANES: usize>(layout: Layout, x: &[u8], out: &mut [u8]) {
    let word = if WIDE { 8 } else { 4 };
    for (x, out) in x.chunks_exact(BLOCK * word).zip(out.chunks_exact_mut(layout.size())) {
        let mut planes = [_mm256_setzero_si256(); 9];
        planes[..4].copy_from_slice(&to_planes(dwords::<WIDE, 0>(x)));
        if WIDE && PLANES + 2 > 4 {
            planes[4..8].copy_from_slice(&to_planes(dwords::<WIDE, 1>(x)));
        }
        let (bytes, bits) = out.split_at_mut(BLOCK * PLANES);
        for (plane, to) in planes.iter().zip(bytes.as_chunks_mut::<BLOCK>().0) {
            store(*plane, to);
        }
        let bits = bits.as_chunks_mut::<4>().0;
        let count = bits.len().min(8);
        // The highest bit of each byte is what `movemask` takes: go down from there.
        let mut top = _mm256_sll_epi16(planes[PLANES], _mm_cvtsi32_si128(8 - count as i32));
        for bit in bits[..count].iter_mut().rev() {
            *bit = _mm256_movemask_epi8(top).to_le_bytes();
            top = _mm256_add_epi8(top, top);
        }
        if let Some(bit) = bits.get_mut(8) {
            *bit = _mm256_movemask_epi8(_mm256_slli_epi16::<7>(planes[PLANES + 1])).to_le_bytes();
        }
    }
}

/// The inverse of [`pack`], with zeros above: writes every byte of whole blocks.
#[target_feature(enable = "avx2")]
pub fn unpack<const WIDE: bool>(layout: Layout, planes: &[u8], x: &mut [MaybeUninit<u8>]) {
    by_planes!(layout.bytes, unpack_planes, WIDE, (layout, planes, x));
}

#[target_feature(enable = "avx2")]
fn unpack_planes<const WIDE: bool, const PLANES: usize>(layout: Layout, from: &[u8], x: &mut [MaybeUninit<u8>]) {
    let word = if WIDE { 8 } else { 4 };
    for (x, from) in x.chunks_exact_mut(BLOCK * word).zip(from.chunks_exact(layout.size())) {
        let mut planes = [_mm256_setzero_si256(); 9];
        let (bytes, bits) = from.split_at(BLOCK * PLANES);
        for (plane, from) in planes.iter_mut().zip(bytes.as_chunks::<BLOCK>().0) {
            *plane = load(from);
        }
        let bits = bits.as_chunks::<4>().0;
        planes[PLANES] = bytes_of_bits(&bits[..bits.len().min(8)]);
        if let Some(bit) = bits.get(8) {
            planes[PLANES + 1] = bytes_of_bits(&[*bit]);
        }
        let low = from_planes([planes[0], planes[1], planes[2], planes[3]]);
        if !WIDE {
            for (part, to) in low.iter().zip(x.as_chunks_mut::<BLOCK>().0) {
                put(*part, to);
            }
            continue;
        }
        let mut high = [_mm256_setzero_si256(); 4];
        if PLANES + 2 > 4 {
            high = from_planes([planes[4], planes[5], planes[6], planes[7]]);
        }
        let x = x.as_chunks_mut::<{ 2 * BLOCK }>().0;
        for ((low, high), to) in low.iter().zip(&high).zip(x) {
            let (a, b) = (_mm256_unpacklo_epi32(*low, *high), _mm256_unpackhi_epi32(*low, *high));
            let to = to.as_chunks_mut::<BLOCK>().0;
            put(_mm256_permute2x128_si256::<0x20>(a, b), &mut to[0]);
            put(_mm256_permute2x128_si256::<0x31>(a, b), &mut to[1]);
        }
    }
}

#[target_feature(enable = "avx2")]
pub fn add_assign(m: u32, acc: &mut [u8], other: &[u8]) {
    let split = BLOCK * Layout::of_digits(m).bytes;
    for (acc, other) in acc.chunks_exact_mut(block_bytes(m)).zip(other.chunks_exact(block_bytes(m))) {
        let (acc, acc_bits) = acc.split_at_mut(split);
        let (other, other_bits) = other.split_at(split);
        // 0 or -1 in each byte.
        let mut carry = _mm256_setzero_si256();
        for (to, other) in acc.as_chunks_mut::<BLOCK>().0.iter_mut().zip(other.as_chunks::<BLOCK>().0) {
            let (a, b) = (load(to), load(other));
            let sum = _mm256_sub_epi8(_mm256_add_epi8(a, b), carry);
            let over = _mm256_or_si256(_mm256_and_si256(a, b), _mm256_andnot_si256(sum, _mm256_or_si256(a, b)));
            carry = _mm256_cmpgt_epi8(_mm256_setzero_si256(), over);
            store(sum, to);
        }
        let mut carry = _mm256_movemask_epi8(carry) as u32;
        for (to, b) in acc_bits.as_chunks_mut::<4>().0.iter_mut().zip(other_bits.as_chunks::<4>().0) {
            let (a, b) = (u32::from_le_bytes(*to), u32::from_le_bytes(*b));
            *to = (a ^ b ^ carry).to_le_bytes();
            carry = a & b | carry & (a ^ b);
        }
    }
}

#[target_feature(enable = "avx2")]
pub fn xor_assign(acc: &mut [u8], other: &[u8]) {
    portable::xor_assign(acc, other);
}

#[target_feature(enable = "avx2")]
pub fn unary(m: u32, r: &[u8], out: &mut [u8]) {
    let full = [table(0x7f3f_1f0f_0703_0100, u64::MAX), table(0x8080_8080_8080_8080, 0xffbf_9f8f_8783_8180)];
    // Entries below d, and the last one, for a narrower last digit; it has no entries above 7.
    let narrow = match digit_width(m, digits(m) - 1) {
        1 => [table(0x0302, 0), table(0, 0)],
        2 => [table(0x0f0b_0908, 0), table(0, 0)],
        3 => [table(0xffbf_9f8f_8783_8180, 0), table(0, 0)],
        _ => full,
    };
    for (r, tables) in r.chunks_exact(block_bytes(m)).zip(out.chunks_exact_mut(table_bytes(m))) {
        let tables = tables.as_chunks_mut::<TABLE>().0;
        each_digit(m, r, |j, d, whole| {
            let shape = if whole { &full } else { &narrow };
            for (half, to) in shape.iter().zip(tables[j].as_chunks_mut::<BLOCK>().0) {
                store(_mm256_xor_si256(load(to), _mm256_shuffle_epi8(*half, d)), to);
            }
        });
    }
}

/// The entry that a digit names is found by `and` with a one-hot pair of bytes, itself a 16-entry shuffle of the digit.
#[target_feature(enable = "avx2")]
pub fn lookup(m: u32, y: &[u8], tables: &[u8], found: &mut Found) {
    // One-hot entry D (nothing for the last) and entry D - 1, each as entries 0..7 and 8..15.
    let full = [
        [table(0x8040_2010_0804_0201, 0), table(0, 0x0040_2010_0804_0201)],
        [table(0x4020_1008_0402_0100, 0x80), table(0x80, 0x4020_1008_0402_0100)],
    ];
    let zero = _mm256_setzero_si256();
    let narrow = match digit_width(m, digits(m) - 1) {
        1 => [[table(0x0001, 0), zero], [table(0x0102, 0), zero]],
        2 => [[table(0x0004_0201, 0), zero], [table(0x0402_0108, 0), zero]],
        3 => [[table(0x0040_2010_0804_0201, 0), zero], [table(0x4020_1008_0402_0180, 0), zero]],
        _ => full,
    };
    let blocks = y.chunks_exact(block_bytes(m)).zip(tables.chunks_exact(table_bytes(m)));
    for (b, (y, tables)) in blocks.enumerate() {
        let tables = tables.as_chunks::<TABLE>().0;
        each_digit(m, y, |j, d, whole| {
            let shape = if whole { &full } else { &narrow };
            let entries = tables[j].as_chunks::<BLOCK>().0;
            let (low, high) = (load(&entries[0]), load(&entries[1]));
            let mut hits = [0; 2];
            for (hit, one_hot) in hits.iter_mut().zip(shape) {
                let low = _mm256_and_si256(low, _mm256_shuffle_epi8(one_hot[0], d));
                let high = _mm256_and_si256(high, _mm256_shuffle_epi8(one_hot[1], d));
                *hit = !_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(low, high), zero)) as u32;
            }
            (found[j][0][b], found[j][1][b]) = (hits[0], hits[1]);
        });
    }
}

#[target_feature(enable = "avx2")]
pub fn bit(m: u32, planes: &[u8], index: u32, out: &mut [u32]) {
    let whole = Layout::of_digits(m).bytes as u32;
    if index >= 8 * whole {
        return portable::bit(m, planes, index, out);
    }
    let shift = _mm_cvtsi32_si128(7 - (index % 8) as i32);
    for (planes, out) in planes.chunks_exact(block_bytes(m)).zip(out) {
        let plane = &planes.as_chunks::<BLOCK>().0[index as usize / 8];
        *out = _mm256_movemask_epi8(_mm256_sll_epi16(load(plane), shift)) as u32;
    }
}

/// Calls `digit(j, d, whole)` for every digit of a block: its index, one digit in each byte, and whether it has 4 bits.
#[target_feature(enable = "avx2")]
#[inline]
fn each_digit(m: u32, block: &[u8], mut digit: impl FnMut(usize, __m256i, bool)) {
    let nibble = _mm256_set1_epi8(15);
    let (bytes, bits) = block.split_at(BLOCK * Layout::of_digits(m).bytes);
    let mut j = 0;
    for plane in bytes.as_chunks::<BLOCK>().0 {
        let plane = load(plane);
        digit(j, _mm256_and_si256(plane, nibble), true);
        digit(j + 1, _mm256_and_si256(_mm256_srli_epi16::<4>(plane), nibble), true);
        j += 2;
    }
    let bits = bits.as_chunks::<4>().0;
    for bits in bits[..bits.len() - 2].chunks(4) {
        digit(j, bytes_of_bits(bits), bits.len() == 4);
        j += 1;
    }
}

/// Up to eight bit planes, low first, as the bits of 32 bytes.
#[target_feature(enable = "avx2")]
#[inline]
pub fn bytes_of_bits(bits: &[[u8; 4]]) -> __m256i {
    let spread = _mm256_setr_epi64x(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303);
    let place = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let mut all = _mm256_setzero_si256();
    // From the highest down, each time doubled: 0 or -1 in a byte adds 1 by subtraction.
    for bit in bits.iter().rev() {
        let copies = _mm256_shuffle_epi8(_mm256_set1_epi32(i32::from_le_bytes(*bit)), spread);
        let set = _mm256_cmpeq_epi8(_mm256_and_si256(copies, place), place);
        all = _mm256_sub_epi8(_mm256_add_epi8(all, all), set);
    }
    all
}

/// Dword `PART` of 32 words: of each (`WIDE`), or the word itself.
#[target_feature(enable = "avx2")]
#[inline]
fn dwords<const WIDE: bool, const PART: usize>(x: &[u8]) -> [__m256i; 4] {
    let x = x.as_chunks::<BLOCK>().0;
    let mut out = [_mm256_setzero_si256(); 4];
    if !WIDE {
        for (out, x) in out.iter_mut().zip(x) {
            *out = load(x);
        }
        return out;
    }
    for (out, x) in out.iter_mut().zip(x.as_chunks::<2>().0) {
        let (a, b) = (_mm256_castsi256_ps(load(&x[0])), _mm256_castsi256_ps(load(&x[1])));
        let half = if PART == 0 { _mm256_shuffle_ps::<0x88>(a, b) } else { _mm256_shuffle_ps::<0xdd>(a, b) };
        *out = _mm256_permute4x64_epi64::<0xd8>(_mm256_castps_si256(half));
    }
    out
}

/// 32 dwords, in order, to four byte planes, in order.
#[target_feature(enable = "avx2")]
#[inline]
fn to_planes(x: [__m256i; 4]) -> [__m256i; 4] {
    let x = [transpose_4(x[0]), transpose_4(x[1]), transpose_4(x[2]), transpose_4(x[3])];
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let mut out = gather(x);
    for plane in &mut out {
        *plane = _mm256_permutevar8x32_epi32(*plane, order);
    }
    out
}

/// The inverse of [`to_planes`].
#[target_feature(enable = "avx2")]
#[inline]
fn from_planes(mut planes: [__m256i; 4]) -> [__m256i; 4] {
    let order = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    for plane in &mut planes {
        *plane = _mm256_permutevar8x32_epi32(*plane, order);
    }
    let x = gather(planes);
    [transpose_4(x[0]), transpose_4(x[1]), transpose_4(x[2]), transpose_4(x[3])]
}

/// Dword k of every lane of the four, to register k.
#[target_feature(enable = "avx2")]
#[inline]
fn gather(x: [__m256i; 4]) -> [__m256i; 4] {
    let (a, b) = (_mm256_unpacklo_epi32(x[0], x[1]), _mm256_unpackhi_epi32(x[0], x[1]));
    let (c, d) = (_mm256_unpacklo_epi32(x[2], x[3]), _mm256_unpackhi_epi32(x[2], x[3]));
    [_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c), _mm256_unpacklo_epi64(b, d), _mm256_unpackhi_epi64(b, d)]
}

/// The 4 by 4 bytes of each lane, transposed.
#[target_feature(enable = "avx2")]
#[inline]
fn transpose_4(x: __m256i) -> __m256i {
    let order = _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    _mm256_shuffle_epi8(x, _mm256_broadcastsi128_si256(order))
}

/// Sixteen bytes in both lanes.
#[target_feature(enable = "avx2")]
#[inline]
fn table(low: u64, high: u64) -> __m256i {
    _mm256_broadcastsi128_si256(_mm_set_epi64x(high as i64, low as i64))
}

#[target_feature(enable = "avx2")]
#[inline]
fn load(from: &Plane) -> __m256i {
    // SAFETY: 32 bytes; the load is unaligned.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn put(x: __m256i, to: &mut [MaybeUninit<u8>; BLOCK]) {
    // SAFETY: 32 bytes; the store is unaligned.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), x) }
}

#[target_feature(enable = "avx2")]
#[inline]
fn store(x: __m256i, to: &mut Plane) {
    // SAFETY: 32 bytes; the store is unaligned.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), x) }
}

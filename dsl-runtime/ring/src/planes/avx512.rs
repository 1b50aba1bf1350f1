//! Tables of digits with 512-bit vectors: one holds both halves of a table. Everything here is compiled for AVX-512 BW and VL and is called
//! only with a proof of them.

use super::{BLOCK, Found, TABLE, avx2::bytes_of_bits, block_bytes, blocks::Layout, digit_width, digits, table_bytes};
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
pub fn unary(m: u32, r: &[u8], out: &mut [u8]) {
    let full = halves((0x7f3f_1f0f_0703_0100, u64::MAX), (0x8080_8080_8080_8080, 0xffbf_9f8f_8783_8180));
    // Entries below d, and the last one, for a narrower last digit; it has no entries above 7.
    let narrow = match digit_width(m, digits(m) - 1) {
        1 => halves((0x0302, 0), (0, 0)),
        2 => halves((0x0f0b_0908, 0), (0, 0)),
        3 => halves((0xffbf_9f8f_8783_8180, 0), (0, 0)),
        _ => full,
    };
    for (r, tables) in r.chunks_exact(block_bytes(m)).zip(out.chunks_exact_mut(table_bytes(m))) {
        let tables = tables.as_chunks_mut::<TABLE>().0;
        each_digit(m, r, |j, d, whole| {
            let entries = _mm512_shuffle_epi8(if whole { full } else { narrow }, d);
            // SAFETY: a table is 64 bytes; load and store are unaligned.
            unsafe {
                let at = tables[j].as_mut_ptr().cast();
                _mm512_storeu_si512(at, _mm512_xor_si512(_mm512_loadu_si512(at), entries));
            }
        });
    }
}

/// The entry that a digit names is found by a test with a one-hot pair of bytes, itself a 16-entry shuffle of the digit.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
pub fn lookup(m: u32, y: &[u8], tables: &[u8], found: &mut Found) {
    // One-hot entry D (nothing for the last) and entry D - 1, each as entries 0..7 and 8..15.
    let full = [
        halves((0x8040_2010_0804_0201, 0), (0, 0x0040_2010_0804_0201)),
        halves((0x4020_1008_0402_0100, 0x80), (0x80, 0x4020_1008_0402_0100)),
    ];
    let narrow = match digit_width(m, digits(m) - 1) {
        1 => [halves((0x0001, 0), (0, 0)), halves((0x0102, 0), (0, 0))],
        2 => [halves((0x0004_0201, 0), (0, 0)), halves((0x0402_0108, 0), (0, 0))],
        3 => [halves((0x0040_2010_0804_0201, 0), (0, 0)), halves((0x4020_1008_0402_0180, 0), (0, 0))],
        _ => full,
    };
    let blocks = y.chunks_exact(block_bytes(m)).zip(tables.chunks_exact(table_bytes(m)));
    for (b, (y, tables)) in blocks.enumerate() {
        let tables = tables.as_chunks::<TABLE>().0;
        each_digit(m, y, |j, d, whole| {
            let shape = if whole { &full } else { &narrow };
            // SAFETY: a table is 64 bytes; the load is unaligned.
            let entries = unsafe { _mm512_loadu_si512(tables[j].as_ptr().cast()) };
            let hits = |one_hot| {
                let hits = _mm512_test_epi8_mask(entries, _mm512_shuffle_epi8(one_hot, d));
                hits as u32 | (hits >> 32) as u32
            };
            (found[j][0][b], found[j][1][b]) = (hits(shape[0]), hits(shape[1]));
        });
    }
}

/// Calls `digit(j, d, whole)` for every digit of a block: its index, one digit in each byte of both halves, and whether it has 4 bits.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2")]
#[inline]
fn each_digit(m: u32, block: &[u8], mut digit: impl FnMut(usize, __m512i, bool)) {
    let nibble = _mm512_set1_epi8(15);
    let (bytes, bits) = block.split_at(BLOCK * Layout::of_digits(m).bytes);
    let mut j = 0;
    for plane in bytes.as_chunks::<BLOCK>().0 {
        // SAFETY: 32 bytes; the load is unaligned.
        let plane = _mm512_broadcast_i64x4(unsafe { _mm256_loadu_si256(plane.as_ptr().cast()) });
        digit(j, _mm512_and_si512(plane, nibble), true);
        digit(j + 1, _mm512_and_si512(_mm512_srli_epi16::<4>(plane), nibble), true);
        j += 2;
    }
    let bits = bits.as_chunks::<4>().0;
    for bits in bits[..bits.len() - 2].chunks(4) {
        digit(j, _mm512_broadcast_i64x4(bytes_of_bits(bits)), bits.len() == 4);
        j += 1;
    }
}

/// Sixteen bytes in both lanes of each half.
#[target_feature(enable = "avx512f,avx2")]
#[inline]
fn halves(low: (u64, u64), high: (u64, u64)) -> __m512i {
    let lane = |(low, high): (u64, u64)| _mm256_broadcastsi128_si256(_mm_set_epi64x(high as i64, low as i64));
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(lane(low)), lane(high))
}

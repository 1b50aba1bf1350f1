//! AES-128 by the processor's instructions: AES-NI on 128-bit registers, VAES on 256-bit and 512-bit ones.

use super::BLOCK;
use crate::bytes::to_write;
use crate::level::Level;
#[allow(clippy::wildcard_imports)] // Intrinsics: their names say where they come from.
use core::arch::x86_64::*;
use core::mem::MaybeUninit;
use zeroize::Zeroize;

/// Round keys, and which instructions to use. A value exists only where AES-NI is present.
pub(super) struct Aes {
    keys: [[u8; BLOCK]; 11],
    width: Width,
}

/// Blocks of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    One,
    /// Only where VAES and AVX2 were detected.
    Two,
    /// Only where VAES, AVX2 and AVX-512 were detected.
    Four,
}

impl Aes {
    /// `None` where the processor has no AES instructions.
    pub(super) fn new(key: &[u8; BLOCK]) -> Option<Self> {
        if !is_x86_feature_detected!("aes") {
            return None;
        }
        // SAFETY: AES-NI was just detected.
        let keys = unsafe { expand(key) };
        let width = match is_x86_feature_detected!("vaes") && is_x86_feature_detected!("avx2") {
            // within the limit of instructions, if there is one
            true if matches!(Level::get(), Level::Avx512(_) | Level::Avx512Ifma(_)) => Width::Four,
            true => Width::Two,
            false => Width::One,
        };
        Some(Aes { keys, width })
    }

    /// At most this width, for tests.
    #[cfg(test)]
    pub(super) fn narrow(mut self, width: Width) -> Self {
        if self.width != Width::One && width != Width::Four {
            self.width = width;
        }
        self
    }

    pub(super) fn fill(&self, high: u64, first_block: u64, out: &mut [MaybeUninit<u8>]) {
        match self.width {
            // SAFETY: only where VAES, AVX2 and AVX-512 were detected.
            Width::Four => unsafe { self.fill_32(high, first_block, out) },
            // SAFETY: only where VAES and AVX2 were detected.
            Width::Two => unsafe { self.fill_16(high, first_block, out) },
            // SAFETY: a value of `Aes` exists only where AES-NI was detected.
            Width::One => unsafe { self.fill_8(high, first_block, out) },
        }
    }

    #[target_feature(enable = "aes,sse2")]
    fn fill_8(&self, high: u64, first_block: u64, out: &mut [MaybeUninit<u8>]) {
        let mut keys = [_mm_setzero_si128(); 11];
        for (k, bytes) in keys.iter_mut().zip(&self.keys) {
            *k = load(bytes);
        }
        let mut block = first_block;
        let (chunks, rest) = out.as_chunks_mut::<{ 8 * BLOCK }>();
        for chunk in chunks {
            eight(&keys, high, block, chunk);
            block = block.wrapping_add(8);
        }
        if !rest.is_empty() {
            let mut last = [0; 8 * BLOCK];
            // SAFETY: `eight` only writes the key stream.
            let out = unsafe { to_write(&mut last) };
            eight(&keys, high, block, out.as_mut_array().expect("as long"));
            rest.iter_mut().zip(&last).for_each(|(to, from)| _ = to.write(*from));
        }
    }

    #[target_feature(enable = "vaes,avx512f,avx2,aes")]
    fn fill_32(&self, high: u64, first_block: u64, out: &mut [MaybeUninit<u8>]) {
        let mut block = first_block;
        let (chunks, rest) = out.as_chunks_mut::<{ 32 * BLOCK }>();
        if !chunks.is_empty() {
            let mut keys = [_mm512_setzero_si512(); 11];
            for (k, bytes) in keys.iter_mut().zip(&self.keys) {
                *k = _mm512_broadcast_i32x4(load(bytes));
            }
            for chunk in chunks {
                thirty_two(&keys, high, block, chunk);
                block = block.wrapping_add(32);
            }
        }
        if !rest.is_empty() {
            self.fill_16(high, block, rest);
        }
    }

    #[target_feature(enable = "vaes,avx2,aes")]
    fn fill_16(&self, high: u64, first_block: u64, out: &mut [MaybeUninit<u8>]) {
        let mut block = first_block;
        let (chunks, rest) = out.as_chunks_mut::<{ 16 * BLOCK }>();
        if !chunks.is_empty() {
            let mut keys = [_mm256_setzero_si256(); 11];
            for (k, bytes) in keys.iter_mut().zip(&self.keys) {
                *k = _mm256_broadcastsi128_si256(load(bytes));
            }
            for chunk in chunks {
                sixteen(&keys, high, block, chunk);
                block = block.wrapping_add(16);
            }
        }
        if !rest.is_empty() {
            self.fill_8(high, block, rest);
        }
    }
}

impl Drop for Aes {
    fn drop(&mut self) {
        self.keys.zeroize();
    }
}

/// Key stream of eight blocks.
#[target_feature(enable = "aes,sse2")]
#[inline]
fn eight(keys: &[__m128i; 11], high: u64, block: u64, out: &mut [MaybeUninit<u8>; 8 * BLOCK]) {
    let mut state = [_mm_setzero_si128(); 8];
    for (i, x) in state.iter_mut().enumerate() {
        // The sum wraps only in blocks that are dropped.
        *x = _mm_xor_si128(_mm_set_epi64x(high as i64, block.wrapping_add(i as u64) as i64), keys[0]);
    }
    for key in &keys[1..10] {
        for x in &mut state {
            *x = _mm_aesenc_si128(*x, *key);
        }
    }
    for (x, to) in state.iter().zip(out.as_chunks_mut::<BLOCK>().0) {
        // SAFETY: 16 bytes; the store is unaligned.
        unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), _mm_aesenclast_si128(*x, keys[10])) };
    }
}

/// Key stream of sixteen blocks, two in a register.
#[target_feature(enable = "vaes,avx2")]
#[inline]
fn sixteen(keys: &[__m256i; 11], high: u64, block: u64, out: &mut [MaybeUninit<u8>; 16 * BLOCK]) {
    let mut state = [_mm256_setzero_si256(); 8];
    let first = _mm256_set_epi64x(high as i64, block.wrapping_add(1) as i64, high as i64, block as i64);
    for (i, x) in state.iter_mut().enumerate() {
        let step = 2 * i as i64;
        *x = _mm256_xor_si256(_mm256_add_epi64(first, _mm256_set_epi64x(0, step, 0, step)), keys[0]);
    }
    for key in &keys[1..10] {
        for x in &mut state {
            *x = _mm256_aesenc_epi128(*x, *key);
        }
    }
    for (x, to) in state.iter().zip(out.as_chunks_mut::<{ 2 * BLOCK }>().0) {
        // SAFETY: `to` is 32 bytes; the store is unaligned.
        unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_aesenclast_epi128(*x, keys[10])) };
    }
}

/// Key stream of 32 blocks, four in a register.
#[target_feature(enable = "vaes,avx512f")]
#[inline]
fn thirty_two(keys: &[__m512i; 11], high: u64, block: u64, out: &mut [MaybeUninit<u8>; 32 * BLOCK]) {
    let mut state = [_mm512_setzero_si512(); 8];
    let high = high as i64;
    let first = _mm512_add_epi64(
        _mm512_set_epi64(high, block as i64, high, block as i64, high, block as i64, high, block as i64),
        _mm512_set_epi64(0, 3, 0, 2, 0, 1, 0, 0),
    );
    for (i, x) in state.iter_mut().enumerate() {
        let step = 4 * i as i64;
        *x = _mm512_xor_si512(_mm512_add_epi64(first, _mm512_set_epi64(0, step, 0, step, 0, step, 0, step)), keys[0]);
    }
    for key in &keys[1..10] {
        for x in &mut state {
            *x = _mm512_aesenc_epi128(*x, *key);
        }
    }
    for (x, to) in state.iter().zip(out.as_chunks_mut::<{ 4 * BLOCK }>().0) {
        // SAFETY: `to` is 64 bytes; the store is unaligned.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), _mm512_aesenclast_epi128(*x, keys[10])) };
    }
}

/// The key schedule of FIPS 197, section 5.2.
#[target_feature(enable = "aes,sse2")]
fn expand(key: &[u8; BLOCK]) -> [[u8; BLOCK]; 11] {
    let mut keys = [[0; BLOCK]; 11];
    keys[0] = *key;
    let mut k = load(key);
    macro_rules! rounds {
        ($($round:literal: $constant:literal),*) => {$(
            let word = _mm_shuffle_epi32::<0xff>(_mm_aeskeygenassist_si128::<$constant>(k));
            k = _mm_xor_si128(k, _mm_slli_si128::<4>(k));
            k = _mm_xor_si128(_mm_xor_si128(k, _mm_slli_si128::<8>(k)), word);
            store(k, &mut keys[$round]);
        )*};
    }
    rounds!(1: 0x01, 2: 0x02, 3: 0x04, 4: 0x08, 5: 0x10, 6: 0x20, 7: 0x40, 8: 0x80, 9: 0x1b, 10: 0x36);
    keys
}

#[target_feature(enable = "sse2")]
#[inline]
fn load(bytes: &[u8; BLOCK]) -> __m128i {
    // SAFETY: 16 bytes; the load is unaligned.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "sse2")]
#[inline]
fn store(x: __m128i, to: &mut [u8; BLOCK]) {
    // SAFETY: 16 bytes; the store is unaligned.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), x) }
}

#[cfg(test)]
mod tests {
    use super::super::counter_block;
    use super::*;

    /// FIPS 197, appendix A.1: the last round key.
    #[test]
    fn key_schedule() {
        let key = 0x2b7e_1516_28ae_d2a6_abf7_1588_09cf_4f3c_u128.to_be_bytes();
        if let Some(aes) = Aes::new(&key) {
            assert_eq!(u128::from_be_bytes(aes.keys[10]), 0xd014_f9a8_c9ee_2589_e13f_0cc8_b663_0ca6);
        }
        assert_eq!(counter_block(0x0000_0002_0000_0001, 3), [3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    }
}

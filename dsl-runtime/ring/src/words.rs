//! Ring words on the wire: n bits of each, and never a bit more, because nothing masks what lies above.
//!
//! Whole words (`n == W::BITS`) are their little-endian bytes. Narrower ones go in blocks of 32, padded with zeros at the
//! end: `floor(n / 8)` byte planes, then `n mod 8` bit planes, each laid out as in [`planes`](crate::planes), which is
//! exactly 4 n bytes a block.

use crate::{
    Word,
    bytes::{append, as_bytes, as_bytes_mut},
    level::Level,
    planes::{BLOCK, blocks::Layout},
    simd,
};
use zeroize::Zeroize;

/// Bytes on the wire of `elements` words of n bits, kept in memory in `bits_of_word` bits each.
pub const fn word_bytes(n: u32, bits_of_word: u32, elements: usize) -> usize {
    if n == bits_of_word { elements * (bits_of_word / 8) as usize } else { elements.div_ceil(BLOCK) * 4 * n as usize }
}

/// Words to bytes; bits from n on are dropped.
///
/// # Panics
/// If n is not in `1..=W::BITS`, or `out` is not [`word_bytes`] long.
pub fn pack_words<W: Word>(n: u32, x: &[W], out: &mut [u8]) {
    pack_at(Level::get(), n, x, out);
}

/// Appends the bytes of words.
///
/// # Panics
/// If n is not in `1..=W::BITS`.
pub fn append_bytes<W: Word>(n: u32, x: &[W], out: &mut Vec<u8>) {
    if n == W::BITS {
        return out.extend_from_slice(as_bytes(x));
    }
    let start = out.len();
    out.resize(start + word_bytes(n, W::BITS, x.len()), 0);
    pack_words(n, x, &mut out[start..]);
}

/// Bytes to words, zero-extended.
///
/// # Panics
/// As [`pack_words`].
pub fn unpack_words<W: Word>(n: u32, bytes: &[u8], x: &mut [W]) {
    unpack_at(Level::get(), n, bytes, x);
}

/// Appends `len` words from bytes, zero-extended.
///
/// # Panics
/// As [`pack_words`].
pub fn append_words<W: Word>(n: u32, bytes: &[u8], len: usize, x: &mut Vec<W>) {
    append_at(Level::get(), n, bytes, len, x);
}

/// Adds words from bytes to those that are there; nothing is promised of the bits from n on.
///
/// # Panics
/// As [`pack_words`].
pub fn add_words<W: Word>(n: u32, bytes: &[u8], x: &mut [W]) {
    check::<W>(n, x.len(), bytes.len());
    let mut group = [W::default(); 4 * BLOCK];
    let size = word_bytes(n, W::BITS, group.len());
    simd::vectorize(
        #[inline(always)]
        || {
            for (x, bytes) in x.chunks_mut(4 * BLOCK).zip(bytes.chunks(size)) {
                let group = &mut group[..x.len()];
                unpack_words(n, bytes, group);
                x.iter_mut().zip(&*group).for_each(|(x, more)| *x = x.add(*more));
            }
        },
    );
}

fn pack_at<W: Word>(level: Level, n: u32, x: &[W], out: &mut [u8]) {
    check::<W>(n, x.len(), out.len());
    if n == W::BITS {
        return out.copy_from_slice(as_bytes(x));
    }
    let layout = Layout::of_ring(n);
    let (whole, rest) = x.split_at(x.len() / BLOCK * BLOCK);
    let (to, last) = out.split_at_mut(whole.len() / BLOCK * layout.size());
    W::pack(level, layout, whole, to);
    if !rest.is_empty() {
        let mut block = [W::default(); BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        W::pack(level, layout, &block, last);
        block.zeroize();
    }
}

fn unpack_at<W: Word>(level: Level, n: u32, bytes: &[u8], x: &mut [W]) {
    check::<W>(n, x.len(), bytes.len());
    if n == W::BITS {
        return as_bytes_mut(x).copy_from_slice(bytes);
    }
    let layout = Layout::of_ring(n);
    let (whole, rest) = x.split_at_mut(x.len() / BLOCK * BLOCK);
    let (from, last) = bytes.split_at(whole.len() / BLOCK * layout.size());
    W::unpack(level, layout, from, whole);
    if !rest.is_empty() {
        let mut block = [W::default(); BLOCK];
        W::unpack(level, layout, last, &mut block);
        rest.copy_from_slice(&block[..rest.len()]);
        block.zeroize();
    }
}

fn append_at<W: Word>(level: Level, n: u32, bytes: &[u8], len: usize, x: &mut Vec<W>) {
    check::<W>(n, len, bytes.len());
    if n == W::BITS {
        // SAFETY: there are as many bytes as `len` words have (checked), and all are written.
        return unsafe { append(len, x, |x| x.iter_mut().zip(bytes).for_each(|(x, byte)| _ = x.write(*byte))) };
    }
    let layout = Layout::of_ring(n);
    x.reserve(len);
    let (whole, last) = bytes.split_at(len / BLOCK * layout.size());
    W::append(level, layout, whole, x);
    if !last.is_empty() {
        let mut block = [W::default(); BLOCK];
        W::unpack(level, layout, last, &mut block);
        x.extend_from_slice(&block[..len % BLOCK]);
        block.zeroize();
    }
}

fn check<W: Word>(n: u32, elements: usize, bytes: usize) {
    assert!((1..=W::BITS).contains(&n), "{n} bits of a {}-bit word", W::BITS);
    assert_eq!(bytes, word_bytes(n, W::BITS, elements), "bytes of {elements} words of {n} bits");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::tests::Random;

    fn round_trip<W: Word>() {
        for n in 1..=W::BITS {
            for elements in [0, 1, 31, 32, 33, 64, 100] {
                let seed = u64::from(n) * 1000 + elements as u64;
                let x: Vec<W> = Random(seed).words(elements);
                let size = word_bytes(n, W::BITS, elements);
                let mut first = vec![0xa5; size];
                for (i, level) in Level::all().into_iter().enumerate() {
                    let mut wire = vec![0x5a; size];
                    pack_at(level, n, &x, &mut wire);
                    if i == 0 {
                        first.clone_from(&wire);
                    }
                    assert!(wire == first, "{level:?}, n {n}, {elements} elements, seed {seed}");
                    let mut back: Vec<W> = Random(1).words(elements);
                    unpack_at(level, n, &wire, &mut back);
                    let low = W::from_u64(u64::MAX).shr(W::BITS - n);
                    let same = x.iter().zip(&back).all(|(x, back)| x.and(low) == *back);
                    assert!(same, "{level:?}, n {n}, {elements} elements, seed {seed}");
                    let mut bytes = vec![1, 2];
                    append_bytes(n, &x, &mut bytes);
                    assert!(bytes[..2] == [1, 2] && bytes[2..] == wire, "{level:?}, n {n}, {elements} elements, seed {seed}");
                    let mut more: Vec<W> = Random(2).words(3);
                    append_at(level, n, &wire, elements, &mut more);
                    assert!(
                        more[..3] == Random(2).words::<W>(3) && more[3..] == back,
                        "{level:?}, n {n}, {elements} elements, seed {seed}"
                    );
                    let mut sum = x.clone();
                    add_words(n, &wire, &mut sum);
                    let same = x.iter().zip(&sum).all(|(x, sum)| x.add(*x).and(low) == sum.and(low));
                    assert!(same, "sum, n {n}, {elements} elements, seed {seed}");
                }
            }
        }
    }

    #[test]
    fn every_width_comes_back() {
        round_trip::<u32>();
        round_trip::<u64>();
    }

    /// Sizes, and where a bit lies: element 3 has bit 9 of an 11-bit word, in the second bit plane.
    #[test]
    fn layout() {
        assert_eq!(word_bytes(64, 64, 33), 264);
        assert_eq!(word_bytes(40, 64, 33), 320);
        assert_eq!(word_bytes(32, 64, 33), 256);
        let mut wire = [0; 44];
        pack_words(11, &[0u32, 0, 0, 0x201], &mut wire);
        let mut want = [0; 44];
        (want[3], want[36]) = (1, 8);
        assert_eq!(wire, want);
        pack_words(11, &[0xffff_f800_u32; 32], &mut wire);
        assert_eq!(wire, [0; 44], "upper bits are never sent");
    }

    #[test]
    #[should_panic(expected = "bytes of 33 words")]
    fn a_short_buffer_is_refused() {
        pack_words(40, &[0u64; 33], &mut [0; 319]);
    }
}

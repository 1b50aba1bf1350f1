//! Bit rows: boolean variables of 256 elements, next to each other.
//!
//! Layout `[group of 256 elements][row][8 words of 32 bits]`, so messages, masks and products of one step are one
//! sequential stream each. (`[row][all elements]` would make as many streams as rows, at a stride that is often a large
//! power of two, and they would fall into the same sets of the cache.) Word `k` of a row is the block of elements
//! `32 k .. 32 k + 31`; bit `i` of it is element `i` of the block.
//!
//! The helpers here are plain loops over eight words; inside [`simd::vectorize`](crate::simd::vectorize) each is one or
//! two instructions.

/// Elements of a group.
pub const GROUP: usize = 256;

/// Words of a row: one for each block of 32 elements in a group.
pub const WORDS: usize = 8;

/// One variable of one group, as bits.
pub type Row = [u32; WORDS];

/// Where the word of block `block` (counted over all groups) of row `row` lies, where each group has `rows` rows.
#[inline(always)]
pub const fn index(rows: usize, row: usize, block: usize) -> usize {
    (block / 8 * rows + row) * 8 + block % 8
}

/// Row `row` of group `group`, where each group has `rows` rows.
///
/// # Panics
/// If the row lies beyond `words`.
#[inline(always)]
pub fn load(words: &[u32], rows: usize, group: usize, row: usize) -> Row {
    let at = (group * rows + row) * WORDS;
    let mut out = [0; WORDS];
    out.copy_from_slice(&words[at..at + WORDS]);
    out
}

/// Writes row `row` of group `group`.
///
/// # Panics
/// If the row lies beyond `words`.
#[inline(always)]
pub fn store(words: &mut [u32], rows: usize, group: usize, row: usize, value: &Row) {
    let at = (group * rows + row) * WORDS;
    words[at..at + WORDS].copy_from_slice(value);
}

/// All ones, or all zeros.
#[inline(always)]
pub const fn fill(on: bool) -> Row {
    [if on { u32::MAX } else { 0 }; WORDS]
}

/// Exclusive or.
#[inline(always)]
pub fn xor(a: &Row, b: &Row) -> Row {
    let mut out = *a;
    for (x, y) in out.iter_mut().zip(b) {
        *x ^= y;
    }
    out
}

/// And.
#[inline(always)]
pub fn and(a: &Row, b: &Row) -> Row {
    let mut out = *a;
    for (x, y) in out.iter_mut().zip(b) {
        *x &= y;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_where_index_says() {
        let (rows, groups) = (5, 3);
        let mut words = vec![0; rows * groups * WORDS];
        for block in 0..groups * WORDS {
            for row in 0..rows {
                words[index(rows, row, block)] = (row * 100 + block) as u32;
            }
        }
        for group in 0..groups {
            for row in 0..rows {
                let want: Row = std::array::from_fn(|k| (row * 100 + group * 8 + k) as u32);
                assert_eq!(load(&words, rows, group, row), want);
                store(&mut words, rows, group, row, &xor(&want, &fill(true)));
                assert_eq!(words[index(rows, row, group * 8 + 7)], !want[7]);
                assert_eq!(and(&load(&words, rows, group, row), &want), fill(false));
            }
        }
    }
}

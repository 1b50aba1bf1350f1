//! Matrix products mod 2^32 and 2^64.

use crate::{
    Conv, PackedWeights, Word,
    conv::{Scratch, accumulate_at},
    level::Level,
};

/// `c += a * b`, row-major: `a` is m by k, `b` is k by n, `c` is m by n. The sums are exact mod 2^BITS.
///
/// `b` is packed inside, in a copy that is erased afterwards; where one matrix multiplies many, a 1 by 1 convolution
/// ([`Conv::linear`](crate::Conv::linear)) packs it once.
///
/// # Panics
/// If `a`, `b` or `c` is shorter than its shape.
pub fn gemm<W: Word>(m: usize, k: usize, n: usize, a: &[W], b: &[W], c: &mut [W]) {
    gemm_at(Level::get().for_ring(W::BITS), m, k, n, a, b, c);
}

/// As [`gemm`], with sums that are exact mod 2^bits: nothing is promised of the bits above. See
/// [`PackedWeights::new_in`](crate::PackedWeights::new_in).
///
/// # Panics
/// As [`gemm`], or if `bits` is not in `1..=W::BITS`.
pub fn gemm_in<W: Word>(bits: u32, m: usize, k: usize, n: usize, a: &[W], b: &[W], c: &mut [W]) {
    assert!((1..=W::BITS).contains(&bits), "{bits} bits of a {}-bit word", W::BITS);
    gemm_at(Level::get().for_ring(bits), m, k, n, a, b, c);
}

fn gemm_at<W: Word>(level: Level, m: usize, k: usize, n: usize, a: &[W], b: &[W], c: &mut [W]) {
    assert!(a.len() >= m * k, "the left matrix is {m} by {k}, but has {} words", a.len());
    assert!(b.len() >= k * n, "the right matrix is {k} by {n}, but has {} words", b.len());
    assert!(c.len() >= m * n, "the product is {m} by {n}, but has {} words", c.len());
    let linear = Conv::linear(m, k, n);
    let packed = PackedWeights::of_matrix(level, &linear, &b[..k * n]);
    accumulate_at(level, &linear, 1, a, &packed, c, &mut Scratch::new());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::tests::right_bits;
    use proptest::prelude::*;

    fn check<W: Word>(m: usize, k: usize, n: usize, seed: u64) {
        let mut random = crate::conv::tests::Random(seed);
        let (a, b, c): (Vec<W>, Vec<W>, Vec<W>) = (random.words(m * k), random.words(k * n), random.words(m * n));
        let mut want = c.clone();
        for i in 0..m {
            for j in 0..n {
                for q in 0..k {
                    want[i * n + j] = want[i * n + j].add(a[i * k + q].mul(b[q * n + j]));
                }
            }
        }
        for level in Level::all() {
            let mut got = c.clone();
            gemm_at(level, m, k, n, &a, &b, &mut got);
            let same = got.iter().zip(&want).all(|(got, want)| got.sub(*want).shl(W::BITS - right_bits::<W>(level)) == W::from_u64(0));
            assert!(same, "{m} by {k} by {n}, seed {seed}, {level:?}, {} bits", W::BITS);
        }
    }

    proptest! {
        #[test]
        fn equals_the_definition(m in 0usize..20, k in 0usize..40, n in 0usize..40, seed: u64) {
            check::<u32>(m, k, n, seed);
            check::<u64>(m, k, n, seed);
        }
    }

    #[test]
    fn rings_get_kernels_that_are_right_for_them() {
        let (a, b) = (u64::MAX - 2, u64::MAX - 4);
        for (bits, right) in [(64, u64::MAX), (53, (1 << 53) - 1), (52, (1 << 52) - 1)] {
            let mut c = [1u64];
            gemm_in(bits, 1, 1, 1, &[a], &[b], &mut c);
            assert_eq!(c[0] & right, 16 & right);
        }
        let mut c = [1u64];
        gemm(1, 1, 1, &[1u64 << 40], &[1 << 20], &mut c);
        assert_eq!(c[0], (1 << 60) + 1);
    }

    #[test]
    fn deep_and_tall() {
        check::<u32>(1, 1300, 17, 1);
        check::<u64>(100, 1100, 5, 2);
        check::<u64>(10, 1101, 70, 4);
        check::<u32>(10, 515, 33, 5);
        check::<u64>(700, 3, 9, 3);
    }
}

//! Matrix products mod 2^32 and 2^64.

use crate::{
    Word,
    level::Level,
    tile::{Job, Run, Taps, Walk, panels, strips},
};
use zeroize::Zeroizing;

/// `c += a * b`, row-major: `a` is m by k, `b` is k by n, `c` is m by n. The sums are exact mod 2^BITS.
///
/// `b` is packed inside, in a copy that is erased afterwards; where one matrix multiplies many, a 1 by 1 convolution
/// ([`Conv::linear`](crate::Conv::linear)) packs it once.
///
/// # Panics
/// If `a`, `b` or `c` is shorter than its shape.
pub fn gemm<W: Word>(m: usize, k: usize, n: usize, a: &[W], b: &[W], c: &mut [W]) {
    gemm_at(Level::get(), m, k, n, a, b, c);
}

fn gemm_at<W: Word>(level: Level, m: usize, k: usize, n: usize, a: &[W], b: &[W], c: &mut [W]) {
    assert!(a.len() >= m * k, "the left matrix is {m} by {k}, but has {} words", a.len());
    assert!(b.len() >= k * n, "the right matrix is {k} by {n}, but has {} words", b.len());
    assert!(c.len() >= m * n, "the product is {m} by {n}, but has {} words", c.len());
    if m == 0 || n == 0 {
        return;
    }
    let walk = Walk { size: (m, 1), step: (k, 0, 0) };
    let width: usize = panels::<W>(n).map(|(_, width, _)| width).sum();
    let chunks = Taps::chunks(std::iter::once(Run { at: 0, len: k }));
    // At its full size at once: growing would leave copies behind.
    let deepest = chunks.iter().map(|(_, taps)| taps.depth()).max().unwrap_or(0);
    let mut packed = Zeroizing::new(Vec::with_capacity(width * deepest));
    for (before, taps) in chunks {
        let depth = taps.depth();
        packed.clear();
        for (first, width, channels) in panels::<W>(n) {
            for row in b[before * n..][..depth * n].chunks_exact(n) {
                packed.extend_from_slice(&row[first..first + channels]);
                packed.extend(std::iter::repeat_n(W::default(), width - channels));
            }
        }
        for (start, count) in strips::<W>(m, depth) {
            let mut at = 0;
            for (first, width, channels) in panels::<W>(n) {
                let w = &packed[at..at + depth * width];
                at += depth * width;
                let job = Job { x: a, walk, first: start, count, taps: &taps, w, width, channels, ldz: n };
                W::sweep(level, &job, &mut c[first..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            assert!(got == want, "{m} by {k} by {n}, seed {seed}, {level:?}, {} bits", W::BITS);
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
    fn deep_and_tall() {
        check::<u32>(1, 1300, 17, 1);
        check::<u64>(100, 1100, 5, 2);
        check::<u64>(700, 3, 9, 3);
    }
}

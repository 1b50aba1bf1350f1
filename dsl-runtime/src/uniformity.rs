//! Whether bytes look uniform: the chi-square statistic over their 256 values, for tests of what crosses a wire. It finds masks that are missing, too short or used
//! twice, not every dependence; against those stands the argument in each protocol's header.

/// 255 degrees of freedom: a uniform stream exceeds this once in a million.
pub const LIMIT: f64 = 377.0;

/// How far the counts of the byte values are from equal.
pub fn chi_square(bytes: &[u8]) -> f64 {
    let mut bins = [0f64; 256];
    for b in bytes {
        bins[usize::from(*b)] += 1.0;
    }
    let mean = bytes.len() as f64 / 256.0;
    bins.iter().map(|b| (b - mean) * (b - mean) / mean).sum()
}

//! A sparse linear map along one axis, with public rational coefficients: means and sums over windows of any kind, interpolation.

use undertone_shape::{Infer, Shape, ShapeError};

/// The largest denominator of means.
const LARGEST: u64 = 1 << 32;

/// Position `j` of the result along `axis` is the sum of `numerator / denominator` times the input's position, over the terms of row `j`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resample {
    /// The axis along which positions are combined.
    pub axis: usize,
    /// What all numerators are divided by.
    pub denominator: u64,
    /// For each position of the result, positions of the input with their numerators; zero where there are none.
    pub rows: Vec<Vec<(usize, i64)>>,
}

impl Resample {
    /// The mean of each of these lists of positions; as exact as [`quotients`](Self::quotients).
    pub fn means(axis: usize, windows: &[Vec<usize>]) -> Self {
        Self::quotients(axis, &windows.iter().map(|window| (window.clone(), window.len())).collect::<Vec<_>>())
    }

    /// The sum of each of these lists of positions over a number. Exact, unless the numbers have no common multiple below 2^32: then each position counts up to 2^-32
    /// more or less.
    pub fn quotients(axis: usize, windows: &[(Vec<usize>, usize)]) -> Self {
        let by = |count: &usize| (*count).max(1) as u64;
        let multiple = windows.iter().try_fold(1u64, |all, (_, count)| lcm(all, by(count)).filter(|m| *m < LARGEST));
        let denominator = multiple.unwrap_or(LARGEST);
        let row = |(window, count): &(Vec<usize>, usize)| {
            let (each, more) = (denominator / by(count), denominator % by(count));
            (0..).zip(window).map(|(k, position)| (*position, (each + u64::from(k < more)) as i64)).collect()
        };
        Self { axis, denominator, rows: windows.iter().map(row).collect() }
    }

    /// The shape of the result: that of the input with as many positions along the axis as there are rows.
    pub fn infer(&self, x: &[Shape]) -> Infer {
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if self.denominator == 0 {
            return Err(ShapeError::field("denominator", 0, "at least 1"));
        }
        if self.rows.is_empty() {
            return Err(ShapeError::field("rows.len()", 0, "at least 1"));
        }
        let beyond = self.rows.iter().flatten().map(|(position, _)| *position).find(|position| *position >= x.dim(self.axis));
        match beyond {
            Some(position) => Err(ShapeError::too_small(self.axis, position.saturating_add(1), x)),
            None => Ok(x.with_dim(self.axis, self.rows.len())),
        }
    }

    /// The largest sum of the magnitudes of a row: by how much a value can grow.
    pub(crate) fn gain(&self) -> f64 {
        let sum = |row: &Vec<(usize, i64)>| row.iter().map(|(_, numerator)| numerator.unsigned_abs() as f64).sum::<f64>();
        self.rows.iter().map(sum).fold(0.0, f64::max) / self.denominator as f64
    }

    /// Whether the result of values that are not below 0 is not below 0 either.
    pub(crate) fn is_positive(&self) -> bool {
        self.rows.iter().flatten().all(|(_, numerator)| *numerator >= 0)
    }
}

/// The least common multiple, unless it overflows.
fn lcm(a: u64, b: u64) -> Option<u64> {
    (a / gcd(a, b).max(1)).checked_mul(b)
}

/// The greatest common divisor.
pub(crate) const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_windows_of_any_sizes_have_one_denominator() {
        let means = Resample::means(0, &[vec![0, 1], vec![1, 2, 3], vec![3]]);
        assert_eq!(means.denominator, 6);
        assert_eq!(means.rows, [vec![(0, 3), (1, 3)], vec![(1, 2), (2, 2), (3, 2)], vec![(3, 6)]]);
        assert!((means.gain() - 1.0).abs() < 1e-12 && means.is_positive());
        // 1 to 50 positions have no common multiple that is small
        let many: Vec<Vec<usize>> = (1..=50).map(|n| (0..n).collect()).collect();
        let means = Resample::means(0, &many);
        assert_eq!(means.denominator, 1 << 32);
        assert!(means.rows.iter().all(|row| row.iter().map(|(_, n)| n).sum::<i64>() == 1 << 32));
    }

    #[test]
    fn positions_beyond_the_axis_are_refused() {
        let x = Shape::new([2, 3]);
        let two = |rows| Resample { axis: 1, denominator: 2, rows };
        assert_eq!(two(vec![vec![(2, 1)]; 5]).infer(&[x]), Ok(Shape::new([2, 5])));
        assert_eq!(two(vec![vec![(3, 1)]]).infer(&[x]), Err(ShapeError::too_small(1, 4, x)));
        assert!(two(vec![]).infer(&[x]).is_err());
        assert!(Resample { denominator: 0, ..two(vec![vec![]]) }.infer(&[x]).is_err());
        assert!(Resample { axis: 2, ..two(vec![vec![]]) }.infer(&[x]).is_err());
    }
}

//! One set of values against another, element by element.

use undertone_runtime::{Opened, Values};
use undertone_shape::Shape;

/// A comparison of the same samples in two forms.
pub(super) struct Comparison<'a> {
    /// What is tested, and its values.
    pub(super) found: (&'a str, &'a [f64]),
    /// What it is tested against.
    pub(super) expected: (&'a str, &'a [f64]),
    /// How far they may be apart, besides what one 32-bit float rounds.
    pub(super) bound: f64,
    /// The shape of one sample.
    pub(super) shape: Shape,
    /// What each sample is.
    pub(super) samples: &'a [&'static str],
}

impl Comparison<'_> {
    /// What disagrees: how many elements, and the one that is furthest out.
    pub(super) fn problem(&self) -> Option<String> {
        let ((found_name, found), (expected_name, expected)) = (self.found, self.expected);
        let wanted = self.samples.len() * self.shape.numel();
        if found.len() != wanted || expected.len() != wanted {
            let (a, b) = (found.len(), expected.len());
            return Some(format!("{found_name} has {a} values, {expected_name} {b}; {wanted} are expected"));
        }
        // by how much an element is out of its bound; what is not a number is furthest
        let excess = |i: usize| {
            let apart = (found[i] - expected[i]).abs();
            let allowed = self.bound + f64::from(f32::EPSILON) * found[i].abs().max(expected[i].abs());
            if apart <= allowed {
                0.0
            } else if apart.is_nan() {
                f64::INFINITY
            } else {
                apart - allowed
            }
        };
        let outside = (0..wanted).filter(|i| excess(*i) > 0.0).count();
        let worst = (0..wanted).filter(|i| excess(*i) > 0.0).max_by(|a, b| excess(*a).total_cmp(&excess(*b)))?;
        let (sample, element) = (worst / self.shape.numel(), worst % self.shape.numel());
        let allowed = if self.bound > 0.0 { format!("allowed is a difference of {:.1e}", self.bound) } else { "they must be equal".into() };
        Some(format!(
            "{found_name} and {expected_name} differ in {outside} of {wanted} elements, most on the sample `{}` at {}: {} against {}, {allowed}",
            self.samples[sample],
            position(self.shape, element),
            found[worst] as f32,
            expected[worst] as f32,
        ))
    }
}

/// The values of the only release.
pub(super) fn released(opened: &Opened) -> Vec<f64> {
    match opened.get("output") {
        Some(Values::Real(values)) => values.iter().map(|v| f64::from(*v)).collect(),
        Some(Values::Index(values)) => values.iter().map(|v| f64::from(*v)).collect(),
        None => vec![],
    }
}

/// Where an element is.
fn position(shape: Shape, element: usize) -> String {
    let mut at = vec![0; shape.rank()];
    let mut rest = element;
    for axis in (0..shape.rank()).rev() {
        (at[axis], rest) = (rest % shape.dim(axis), rest / shape.dim(axis));
    }
    format!("{at:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(found: &[f64], expected: &[f64], bound: f64) -> Option<String> {
        let shape = Shape::new([2, 2]);
        Comparison { found: ("a", found), expected: ("b", expected), bound, shape, samples: &["zeros", "ties"] }.problem()
    }

    #[test]
    fn the_element_that_is_furthest_out_is_named() {
        let expected = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        assert_eq!(problem(&expected, &expected, 0.0), None);
        let mut found = expected;
        (found[1], found[6]) = (1.25, 5.5);
        assert_eq!(problem(&found, &expected, 0.5), None, "the bound is allowed");
        let said =
            "a and b differ in 2 of 8 elements, most on the sample `ties` at [1, 0]: 5.5 against 6, allowed is a difference of 1.0e-1";
        assert_eq!(problem(&found, &expected, 0.1).unwrap(), said);
        found[3] = f64::NAN;
        assert!(
            problem(&found, &expected, 1e9).unwrap().contains("in 1 of 8 elements, most on the sample `zeros` at [1, 1]: NaN against 3")
        );
    }

    #[test]
    fn one_float_may_round_and_no_more() {
        let expected = [1e6; 8];
        let mut found = expected;
        found[2] += 0.06;
        assert!(problem(&found, &expected, 0.0).is_none());
        found[2] += 0.2;
        assert!(problem(&found, &expected, 0.0).is_some());
    }

    #[test]
    fn a_value_too_few_is_a_problem() {
        assert_eq!(problem(&[0.0; 7], &[0.0; 8], 1.0).unwrap(), "a has 7 values, b 8; 8 are expected");
    }
}

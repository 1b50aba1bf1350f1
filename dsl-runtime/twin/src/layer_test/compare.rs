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
        Some(format!(
            "{found_name} and {expected_name} differ in {outside} of {wanted} elements, most on the sample `{}` at {}: {} against {}, allowed is a difference of {:.2e}",
            self.samples[sample],
            position(self.shape, element),
            found[worst],
            expected[worst],
            self.bound,
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

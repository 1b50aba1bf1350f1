//! Public scalings that an owner does in the clear: to an input before it is encoded, to a weight or a bias after it is folded.

use crate::graph::op::Affine;
use serde::{Deserialize, Serialize};

/// `v factor + offset`, with one number of each, or one a channel. Numbers are kept as bits, so that a plan holds no floats; none at all leave a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaling {
    factors: Vec<u64>,
    offsets: Vec<u64>,
}

impl Scaling {
    /// That of a public affine map.
    pub(super) fn of(affine: &Affine) -> Self {
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect();
        Self { factors: bits(&affine.factors), offsets: bits(&affine.offsets) }
    }

    /// Whether there are as many numbers as `channels` need, and all are finite.
    pub(super) fn fits(&self, channels: usize) -> bool {
        let fits = |n: &Vec<u64>| [0, 1, channels].contains(&n.len()) && n.iter().all(|v| f64::from_bits(*v).is_finite());
        fits(&self.factors) && fits(&self.offsets)
    }

    /// Whether nothing is added.
    pub(super) fn is_linear(&self) -> bool {
        self.offsets.is_empty()
    }

    /// What becomes of a value of this channel.
    pub(crate) fn at(&self, v: f64, channel: usize) -> f64 {
        let [factor, offset] = self.numbers(channel);
        v * factor + offset
    }

    /// What a value of this channel is multiplied with, and what is added.
    fn numbers(&self, channel: usize) -> [f64; 2] {
        let of = |numbers: &[u64], plain: f64| match numbers {
            [] => plain,
            [one] => f64::from_bits(*one),
            all => all.get(channel).map_or(f64::NAN, |v| f64::from_bits(*v)),
        };
        [of(&self.factors, 1.0), of(&self.offsets, 0.0)]
    }

    /// What becomes of all values of samples of shape `shape`, whose axis 0 are the channels.
    pub(crate) fn each<'a>(&'a self, values: &'a [f32], shape: &[usize]) -> impl Iterator<Item = f64> + 'a {
        self.rows(values, shape).flat_map(|(row, [factor, offset])| row.iter().map(move |v| f64::from(*v) * factor + offset))
    }

    /// The same, as rows of values that have the same numbers.
    pub(crate) fn rows<'a>(&'a self, values: &'a [f32], shape: &[usize]) -> impl Iterator<Item = (&'a [f32], [f64; 2])> + 'a {
        let channels = shape.first().copied().unwrap_or(1).max(1);
        // what is the same for all channels is asked for once
        let uniform = self.factors.len().max(self.offsets.len()) <= 1;
        let inner = if uniform { values.len() } else { shape.iter().skip(1).product() };
        values.chunks(inner.max(1)).enumerate().map(move |(k, row)| (row, self.numbers(k % channels)))
    }

    /// The largest magnitude that becomes of values of at most this one.
    pub(super) fn largest(&self, range: [f64; 2]) -> f64 {
        let channels = self.factors.len().max(self.offsets.len()).max(1);
        (0..channels).flat_map(|c| range.map(|v| self.at(v, c).abs())).fold(0.0, f64::max)
    }
}

impl core::fmt::Display for Scaling {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (word, numbers) in [("times", &self.factors), ("plus", &self.offsets)] {
            match numbers[..] {
                [] => {}
                [one] => write!(f, ", {word} {}", f64::from_bits(one))?,
                _ => write!(f, ", {word} {} numbers", numbers.len())?,
            }
        }
        Ok(())
    }
}

/// One map after another, as one.
pub(super) fn composed(first: &Affine, then: &Affine) -> Affine {
    let channels = [&first.factors, &first.offsets, &then.factors, &then.offsets].iter().map(|n| n.len()).max().unwrap_or(1);
    let at = |numbers: &[f64], c: usize, plain: f64| match numbers {
        [] => plain,
        [one] => *one,
        all => all[c],
    };
    let each = |f: &dyn Fn(usize) -> f64| {
        let all: Vec<f64> = (0..channels).map(f).collect();
        if all.iter().all(|v| v.to_bits() == all[0].to_bits()) { vec![all[0]] } else { all }
    };
    Affine {
        factors: each(&|c| at(&first.factors, c, 1.0) * at(&then.factors, c, 1.0)),
        offsets: if first.offsets.is_empty() && then.offsets.is_empty() {
            vec![]
        } else {
            each(&|c| at(&first.offsets, c, 0.0) * at(&then.factors, c, 1.0) + at(&then.offsets, c, 0.0))
        },
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "numbers that floats hold exactly")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_one_or_one_a_channel() {
        let each = Scaling::of(&Affine { factors: vec![2.0, -3.0], offsets: vec![0.5] });
        assert_eq!([each.at(1.0, 0), each.at(1.0, 1)], [2.5, -2.5]);
        assert!(each.fits(2) && !each.fits(3) && !each.is_linear());
        assert!(each.at(1.0, 2).is_nan());
        assert_eq!(Scaling::default().at(7.0, 5), 7.0);
        assert!(Scaling::default().fits(9) && Scaling::default().is_linear());
        assert!(!Scaling::of(&Affine { factors: vec![f64::NAN], offsets: vec![] }).fits(1));
        assert_eq!(each.each(&[1.0, 2.0, 3.0, 4.0], &[2, 1]).collect::<Vec<f64>>(), [2.5, -5.5, 6.5, -11.5]);
        assert_eq!(each.largest([-1.0, 2.0]), 5.5);
    }

    #[test]
    fn two_maps_are_one() {
        let a = Affine { factors: vec![2.0, 4.0], offsets: vec![1.0] };
        let b = Affine { factors: vec![0.5], offsets: vec![3.0, -1.0] };
        let both = composed(&a, &b);
        for (c, v) in [(0, 1.5), (1, -7.0), (0, 0.0)] {
            let step = Scaling::of(&b).at(Scaling::of(&a).at(v, c), c);
            assert_eq!(Scaling::of(&both).at(v, c), step);
        }
        assert_eq!(composed(&Affine::all(2.0, 0.0), &Affine::all(3.0, 0.0)), Affine::all(6.0, 0.0));
    }
}

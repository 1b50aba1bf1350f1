//! What is known about the size of a stage's values. A value out of range is silent garbage, so every stage says how safe it is.
//!
//! **Proved** follows from what is enforced: inputs and sums of weights beyond their limits are refused when they are encoded, and every step in between keeps its
//! contract. **Calibrated** holds as long as values are not larger than on the samples by more than the margin. **Assumed** is everything else.

use super::step::{Kind, Step};
use super::{Plan, Stage, WeightSpec};
use crate::protocol::curve::Curve;
use crate::protocol::product::Form;
use serde::{Deserialize, Serialize};

/// How far the values of a stage are known to stay inside what the protocols need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// It follows from the limits of inputs and weights.
    Proved,
    /// The largest value of the samples times 2^`margin` fits.
    Calibrated {
        /// Whole bits that are to spare.
        margin: u32,
    },
    /// Nobody looked: the values are assumed to stay below 2^`bits` / `factor`.
    Assumed {
        /// log2 of the limit, before the factor.
        bits: u32,
        /// The public factor that the stage's integers carry.
        factor: u64,
    },
    /// An index, below the size of its axis.
    Index,
}

impl core::fmt::Display for Range {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Range::Proved => f.write_str("proved"),
            Range::Calibrated { margin: 1 } => f.write_str("calibrated, 1 bit to spare"),
            Range::Calibrated { margin } => write!(f, "calibrated, {margin} bits to spare"),
            Range::Assumed { bits, factor: 1 } => write!(f, "assumed < 2^{bits}"),
            Range::Assumed { bits, factor } => write!(f, "assumed < 2^{bits}/{factor}"),
            Range::Index => f.write_str("index"),
        }
    }
}

/// What is known about a stage; `seen` is the largest magnitude of its values on samples, and how far any two of them are apart.
pub(super) fn of_stage(plan: &Plan, stage: &Stage, rooms: &[[u128; 2]], bounds: &[Option<Bound>], seen: Option<[f64; 2]>) -> Range {
    let value = &stage.result;
    if value.integer.is_some() {
        return Range::Index;
    }
    let room = rooms.get(value.step).copied().unwrap_or_default();
    // what is right by itself may still be too large for what is done with it
    if let Some(bound) = bounds.get(value.step).copied().flatten()
        && bound.most <= room[0]
        && differs_by(bound) <= room[1]
    {
        return Range::Proved;
    }
    match seen {
        // what not even the samples keep is not called calibrated
        Some([largest, apart])
            if let [Some(a), Some(b)] = [margin(room[0], largest * value.scale()), margin(room[1], apart * value.scale())] =>
        {
            Range::Calibrated { margin: a.min(b) }
        }
        _ => Range::Assumed { bits: plan.settings.opened - 2 - plan.settings.fraction, factor: value.factor },
    }
}

/// How many times `largest` can be doubled; `None` where it is too large as it is.
fn margin(room: u128, largest: f64) -> Option<u32> {
    let largest = (largest.ceil() as u128).max(1);
    (0..=largest.leading_zeros()).take_while(|k| largest << k <= room).last()
}

/// A bound on the integers of a step that no input and no weight can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The largest magnitude.
    pub most: u128,
    /// Whether all of them are at least 0.
    pub positive: bool,
}

/// The bounds of all steps; `None` where nothing is proved. Everything saturates.
pub(super) fn bounds(plan: &Plan) -> Vec<Option<Bound>> {
    let mut all: Vec<Option<Bound>> = vec![];
    for step in &plan.steps {
        let of = |i: usize| step.inputs.get(i).and_then(|k| all.get(*k).copied().flatten());
        let bound = bound(plan, step, of, &all);
        all.push(bound.filter(|b| b.most < 1 << (plan.settings.ring - 1)));
    }
    all
}

fn bound(plan: &Plan, step: &Step, of: impl Fn(usize) -> Option<Bound>, all: &[Option<Bound>]) -> Option<Bound> {
    let parties = plan.settings.parties as u128;
    let each = || step.inputs.iter().map(|i| all.get(*i).copied().flatten()).collect::<Option<Vec<Bound>>>();
    // a division rounds by up to N - 1 units
    let divided = |x: Bound, t: u32| if t == 0 { x.most } else { (x.most >> t) + parties };
    match &step.kind {
        Kind::Input(k) => plan.inputs.get(*k).map(|i| Bound { most: limit(i.m, plan.settings.parties), positive: false }),
        Kind::Open(_) => of(0),
        Kind::Linear { weight, .. } => {
            let most = product(plan.weights.get(*weight)?, plan.settings.fraction, of(0)?.most)?;
            Some(Bound { most, positive: false })
        }
        Kind::Product(p) => {
            let terms = if let Form::Matrix { inner, .. } = p.form { inner as u128 } else { 1 };
            let (x, y) = (of(0)?, of(1)?);
            Some(Bound { most: x.most.saturating_mul(y.most).saturating_mul(terms), positive: x.positive && y.positive })
        }
        Kind::Polynomial(p) => {
            let x = of(0)?.most;
            let sum = |s: u128, a: &i64| s.saturating_mul(x).saturating_add(u128::from(a.unsigned_abs()));
            Some(Bound { most: p.coefficients.iter().rev().fold(0, sum), positive: false })
        }
        Kind::Truncate { t, m } => {
            let x = of(0)?;
            let fits =
                if parties == 2 { x.most < 1 << (plan.settings.ring - 2) } else { divided(x, *t) <= limit(*m, plan.settings.parties) };
            fits.then(|| Bound { most: divided(x, *t), positive: false })
        }
        Kind::Relu { t, compare } => {
            let most = divided(of(0)?, *t);
            (most <= limit(compare.m, plan.settings.parties)).then_some(Bound { most, positive: true })
        }
        Kind::Piecewise { t, compare, function, .. } => {
            let x = of(0)?;
            let most = divided(x, *t);
            if most > limit(compare.m, plan.settings.parties) {
                return None;
            }
            // what is positive rounds to less than nothing
            let low = if x.positive { if *t == 0 { 0 } else { parties } } else { most };
            let [low, high] = function.range(i64::try_from(low).ok()?.checked_neg()?, i64::try_from(most).ok()?);
            Some(Bound { most: low.unsigned_abs().max(high.unsigned_abs()), positive: low >= 0 })
        }
        // a function with a period is bounded whatever it is of
        Kind::Curve { curve, .. } if curve.by != 1 => Some(Bound { most: curve.most(0), positive: false }),
        Kind::Curve { t, compare, width, curve, .. } => {
            let most = divided(of(0)?, *t);
            let room = room(compare.m, *width, curve, plan.settings.parties);
            (!curve.thresholds.is_empty() && most <= room).then(|| Bound { most: curve.most(most), positive: false })
        }
        Kind::Compact { t, compare, function, .. } => {
            let fits = divided(of(0)?, *t) <= limit(compare.m, plan.settings.parties);
            fits.then(|| Bound { most: function.most(), positive: false })
        }
        Kind::Above { t, compare, .. } => {
            (divided(of(0)?, *t) <= limit(compare.m, plan.settings.parties)).then_some(Bound { most: 1, positive: true })
        }
        Kind::Max { compare, .. } | Kind::MaxOver { compare, .. } => of(0).filter(|x| differs_by(*x) < 1 << (compare.m - 2)),
        Kind::ArgMax { compare, axis, .. } => {
            let fits = differs_by(of(0)?) < 1 << (compare.m - 2);
            fits.then_some(Bound { most: axis.size as u128, positive: true })
        }
        Kind::TopK { search, compare } => {
            let x = of(0).filter(|x| differs_by(*x) < 1 << (compare.m - 2))?;
            Some(if search.values { x } else { Bound { most: search.axis.size as u128, positive: true } })
        }
        Kind::Sum(sum) => {
            let x = of(0)?;
            let count = sum.0.kernel.iter().fold(1u128, |n, k| n.saturating_mul(*k as u128));
            Some(Bound { most: x.most.saturating_mul(count), ..x })
        }
        Kind::Times(times) => of(0).map(|x| Bound {
            most: x.most.saturating_mul(u128::from(times.numbers.largest())),
            positive: x.positive && times.numbers.are_positive(),
        }),
        Kind::Plus(plus) => of(0).map(|x| Bound {
            most: x.most.saturating_add(u128::from(plus.numbers.largest())),
            positive: x.positive && plus.numbers.are_positive(),
        }),
        Kind::Round { t } => of(0).map(|x| Bound { most: (x.most >> t) + 1, ..x }),
        Kind::Add => {
            let all = each()?;
            Some(Bound { most: all.iter().fold(0, |s, b| s.saturating_add(b.most)), positive: all.iter().all(|b| b.positive) })
        }
        Kind::Move(_) => {
            let all = each()?;
            Some(Bound { most: all.iter().map(|b| b.most).max()?, positive: all.iter().all(|b| b.positive) })
        }
        Kind::Sparse(sparse) => of(0).map(|x| Bound {
            most: x.most.saturating_mul(sparse.gain()).saturating_add(sparse.offset().into()),
            positive: x.positive && sparse.is_positive(),
        }),
        Kind::Release(_) => None,
    }
}

/// The largest magnitude of a product with operands of at most `x`: the weights of a channel sum up to a power of two, each rounded by half a unit.
pub(super) fn product(weight: &WeightSpec, fraction: u32, x: u128) -> Option<u128> {
    let size = weight.size?;
    let taps = (weight.len / weight.out.max(1)) as u128;
    let sum = power(size.weights + fraction as i32).saturating_add(taps);
    let bias = power(size.bias + weight.bias_bits as i32).saturating_mul(u128::from(weight.bias_factor)).saturating_add(1);
    Some(x.saturating_mul(sum).saturating_add(bias))
}

/// The largest magnitude that an opening of m bits takes among so many parties.
pub(super) fn limit(m: u32, parties: usize) -> u128 {
    (1u128 << (m.clamp(2, 66) - 2)).saturating_sub(parties as u128)
}

/// The largest magnitude that a smooth function takes among so many parties: where its comparison is as wide as the opening, the distance from every threshold has to fit.
fn room(m: u32, width: u32, curve: &Curve, parties: usize) -> u128 {
    let far = curve.thresholds.iter().map(|p| u128::from(p.unsigned_abs())).max().unwrap_or(0);
    limit(m, parties).saturating_sub(if width > m { 0 } else { far })
}

/// How far two values may be apart.
fn differs_by(x: Bound) -> u128 {
    if x.positive { x.most } else { x.most.saturating_mul(2) }
}

/// 2^exponent, at least 1.
fn power(exponent: i32) -> u128 {
    1 << exponent.clamp(0, 126)
}

/// For each step, the largest magnitude that the integers of its value may have, and how far any two of them may be apart: for what the step hands on, for the steps
/// that read it, and for the ring. Linear in the plan.
pub(super) fn rooms(plan: &Plan) -> Vec<[u128; 2]> {
    const ANY: u128 = u128::MAX >> 1;
    let (n, parties) = (plan.settings.ring, plan.settings.parties);
    let own = |step: &Step| match &step.kind {
        Kind::Relu { compare, .. } => limit(compare.m, parties),
        Kind::Truncate { m, .. } if parties > 2 => limit(*m, parties),
        Kind::Truncate { t, .. } => 1 << n.saturating_sub(2 + t),
        Kind::Input(k) => plan.inputs.get(*k).map_or(0, |i| limit(i.m, parties)),
        _ => ANY,
    };
    let reads = |step: &Step| match &step.kind {
        Kind::Relu { t, compare }
        | Kind::Piecewise { t, compare, .. }
        | Kind::Above { t, compare, .. }
        | Kind::Compact { t, compare, .. } => [limit(compare.m, parties) << t, ANY],
        // without thresholds only a promise says what it takes
        Kind::Curve { t, compare, width, curve, .. } if !curve.thresholds.is_empty() => [room(compare.m, *width, curve, parties) << t, ANY],
        Kind::Truncate { t, m } if parties > 2 => [limit(*m, parties) << t, ANY],
        Kind::Truncate { .. } => [(1 << (n - 2)) - 1, ANY],
        Kind::Max { compare, .. } | Kind::MaxOver { compare, .. } | Kind::ArgMax { compare, .. } | Kind::TopK { compare, .. } => {
            [ANY, (1 << (compare.m - 2)) - 1]
        }
        Kind::Release(r) => plan
            .releases
            .get(*r)
            .filter(|r| r.value.integer.is_none())
            .map_or([ANY; 2], |r| [limit(r.m + 1, parties) << r.value.bits.saturating_sub(plan.settings.fraction).min(n), ANY]),
        _ => [ANY; 2],
    };
    let mut rooms: Vec<[u128; 2]> = plan.steps.iter().map(|step| [own(step).min((1 << (n - 1)) - 1), ANY]).collect();
    for step in &plan.steps {
        let [most, apart] = reads(step);
        for input in &step.inputs {
            if let Some([a, b]) = rooms.get_mut(*input) {
                (*a, *b) = ((*a).min(most), (*b).min(apart));
            }
        }
    }
    rooms
}

//! What the integers of every step stand for, as the steps say and not as the plan claims: a value at twice the fraction that is called one at the fraction would be
//! released without the shift that keeps an exact inner product secret.
//!
//! A description may amplify a value by public numbers before it is released, and so may a plan: what is checked is that a plan says what its integers are, not that the function is a wise one to release.

use super::super::lower::LARGEST_FACTOR;
use super::super::range::{self, Bound};
use super::super::step::{Kind, Step, Sum};
use super::super::{Plan, Polynomial, Range, Sparse, Stage, Times, Value};
use crate::protocol::curve::Curve;

/// Fraction bits that a smooth function may drop: those that a sum of exponentials has more than values.
const DROPPED: u32 = 8;

/// What the integers of a step stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Fractions.
    One(Reading),
    /// Indices mod 2^q.
    Index(u32),
}

/// v stands for v / (2^bits factor).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    bits: u32,
    factor: u64,
}

impl Scale {
    /// That of a step; `before` has those of the earlier ones. Allows exactly what lowering makes.
    pub(super) fn of(plan: &Plan, step: &Step, before: &[Self]) -> Result<Self, String> {
        let f = plan.settings.fraction;
        let inputs: Vec<Self> = step.inputs.iter().filter_map(|i| before.get(*i).copied()).collect();
        let joined = matches!(&step.kind, Kind::Move(_) | Kind::Release(_)) || matches!(&step.kind, Kind::Sparse(s) if s.is_selection());
        match inputs.first() {
            Some(Self::Index(q)) if joined && inputs.iter().all(|i| *i == Self::Index(*q)) => return Ok(Self::Index(*q)),
            _ if inputs.iter().any(|i| matches!(i, Self::Index(_))) => {
                return Err(format!("{} computes with indices or mixes them", name(step)));
            }
            _ => {}
        }
        let one = || match inputs.first() {
            Some(Self::One(reading)) => Ok(*reading),
            _ => Err(format!("{} reads nothing", name(step))),
        };
        let at_fraction = |shift: u32| match one()? {
            Reading { bits, factor } if bits.checked_sub(shift) == Some(f) => Ok(Self::One(Reading { bits: f, factor })),
            Reading { bits, .. } => Err(format!("{} shifts {bits} fraction bits by {shift}: it must come to the plan's {f}", name(step))),
        };
        match &step.kind {
            Kind::Input(_) => Ok(Self::One(Reading { bits: f, factor: 1 })),
            Kind::Max { .. } | Kind::MaxOver { .. } => at_fraction(0),
            Kind::Relu { t, .. } | Kind::Round { t } => at_fraction(*t),
            Kind::Truncate { t, .. } => shifted(f, *t, one()?),
            Kind::Piecewise { t, bits, factor, .. } => {
                let Self::One(x) = at_fraction(*t)? else { return Err(format!("{} reads no fraction", name(step))) };
                let factor = x.factor.checked_mul(*factor).filter(|factor| (1..=LARGEST_FACTOR).contains(factor));
                let factor = factor.ok_or_else(|| format!("a function has a factor of more than {LARGEST_FACTOR}, or none"))?;
                Ok(Self::One(Reading { bits: f + bits, factor }))
            }
            Kind::Curve { t, curve, bits, factor, .. } => {
                curved(plan.settings.ring, f, one()?, (*t, curve), Reading { bits: *bits, factor: *factor })
            }
            Kind::Compact { t, bits, .. } => compact(plan.settings.ring, f, one()?, *t, *bits),
            Kind::Above { t, .. } => at_fraction(*t).map(|_| Self::Index(1)),
            Kind::ArgMax { axis, .. } => at_fraction(0).map(|_| Self::Index(axis.bits())),
            Kind::TopK { search, .. } => at_fraction(0).map(|x| if search.values { x } else { Self::Index(search.axis.bits()) }),
            Kind::Open(_) | Kind::Release(_) | Kind::Plus(_) => one().map(Self::One),
            Kind::Linear { weight, .. } => product(plan, *weight, one()?),
            Kind::Product(_) => multiplied(plan.settings.ring, &inputs),
            Kind::Polynomial(p) => polynomial(plan.settings.ring, p, one()?),
            Kind::Sum(Sum(windows)) => {
                let count = windows.kernel.iter().try_fold(1, |n, k| u64::try_from(*k).ok()?.checked_mul(n));
                let Reading { bits, factor } = one()?;
                let factor = count.and_then(|n| n.checked_mul(factor)).filter(|factor| *factor <= LARGEST_FACTOR);
                let factor = factor.ok_or_else(|| format!("the sums are means over more than {LARGEST_FACTOR} values in all"))?;
                Ok(Self::One(Reading { bits, factor }))
            }
            Kind::Sparse(sparse) => mapped(f, sparse, one()?),
            Kind::Times(times) => finer(plan.settings.ring, times, one()?),
            Kind::Add | Kind::Move(_) => {
                let first = one()?;
                let same = inputs.iter().all(|i| *i == Self::One(first));
                if same { Ok(Self::One(first)) } else { Err(format!("{} joins values of different scales", name(step))) }
            }
        }
    }

    /// Whether a plan that says `value` says the truth.
    pub(super) fn is(self, value: &Value) -> bool {
        match (self, value.integer) {
            (Self::One(reading), None) => reading == Reading { bits: value.bits, factor: value.factor },
            (Self::Index(q), Some(claimed)) => (q, 0, 1) == (claimed, value.bits, value.factor),
            _ => false,
        }
    }
}

/// A division leaves the plan's fraction bits, or more.
fn shifted(f: u32, t: u32, x: Reading) -> Result<Scale, String> {
    match x.bits.checked_sub(t) {
        Some(bits) if bits >= f => Ok(Scale::One(Reading { bits, ..x })),
        _ => Err(format!("a truncation shifts {} fraction bits by {t}: it must leave the plan's {f}", x.bits)),
    }
}

/// A product with a weight has the fraction bits of value and weight together, and so must its bias.
fn product(plan: &Plan, weight: usize, x: Reading) -> Result<Scale, String> {
    let f = plan.settings.fraction;
    if x.bits != f {
        return Err(format!("a product with a weight reads {} fraction bits: it must be the plan's {f}", x.bits));
    }
    let Reading { bits, factor } = Reading { bits: x.bits + plan.settings.fraction, ..x };
    match plan.weights.get(weight) {
        Some(w) if (w.bias_bits, w.bias_factor) == (bits, factor) => Ok(Scale::One(Reading { bits, factor })),
        _ => Err(format!("the bias of weight {weight} is not at the scale of its product: {bits} fraction bits, factor {factor}")),
    }
}

/// A public map has coefficients without fraction bits, or the plan's of a value that has as many.
fn mapped(f: u32, sparse: &Sparse, x: Reading) -> Result<Scale, String> {
    let factor = x.factor.checked_mul(sparse.factor).filter(|factor| (1..=LARGEST_FACTOR).contains(factor));
    let factor = factor.ok_or_else(|| format!("the map leaves a factor of more than {LARGEST_FACTOR}"))?;
    if sparse.bits != 0 && [sparse.bits, x.bits] != [f; 2] {
        return Err(format!("the map has {} fraction bits on a value of {}: both must be the plan's {f}", sparse.bits, x.bits));
    }
    Ok(Scale::One(Reading { bits: x.bits + sparse.bits, factor }))
}

/// A product of two fractions has the bits and the factors of both together.
fn multiplied(ring: u32, inputs: &[Scale]) -> Result<Scale, String> {
    let [Scale::One(x), Scale::One(y)] = inputs else { return Err("a product of secrets reads something else than two fractions".into()) };
    match x.factor.checked_mul(y.factor).filter(|factor| *factor <= LARGEST_FACTOR) {
        Some(factor) if x.bits + y.bits <= ring - 2 => Ok(Scale::One(Reading { bits: x.bits + y.bits, factor })),
        _ => Err(format!(
            "the product of {} and {} fraction bits and factors {} and {} leaves more than {} bits, or a factor of more than {LARGEST_FACTOR}",
            x.bits,
            y.bits,
            x.factor,
            y.factor,
            ring - 2
        )),
    }
}

/// A polynomial says at which scale it is: with no fewer bits than its highest power, whose exact value must not be released.
fn polynomial(ring: u32, p: &Polynomial, x: Reading) -> Result<Scale, String> {
    let degree = p.coefficients.len().saturating_sub(1) as u32;
    let fits = (degree.saturating_mul(x.bits)..=ring - 2).contains(&p.bits) && (1..=LARGEST_FACTOR).contains(&p.factor);
    if fits {
        Ok(Scale::One(Reading { bits: p.bits, factor: p.factor }))
    } else {
        Err(format!("a polynomial of degree {degree} at {} fraction bits and a factor of {} does not fit", p.bits, p.factor))
    }
}

/// A smooth function says at which scale its value is: that of what it is a function of where it is that itself, otherwise with hardly fewer. So
/// what has to be shifted away before it is released, as the second half of the bits of a product, does not come back.
fn curved(ring: u32, f: u32, x: Reading, (t, curve): (u32, &Curve), result: Reading) -> Result<Scale, String> {
    // an angle is a part of a turn, whatever it was multiplied with
    let from = if curve.by == 1 { x.bits.checked_sub(t) } else { Some(f) }.filter(|from| *from >= f);
    let fits = from.is_some_and(|from| {
        if curve.has_lines() {
            return result == Reading { bits: from, ..x };
        }
        leaves(ring, f, from).contains(&result.bits) && (1..=LARGEST_FACTOR).contains(&result.factor)
    });
    if fits {
        Ok(Scale::One(result))
    } else {
        let (Reading { bits, factor }, Reading { bits: to, factor: with }) = (x, result);
        Err(format!(
            "a smooth function of {bits} fraction bits less {t} and a factor of {factor} has no value of {to} bits and a factor of {with}"
        ))
    }
}

/// The fraction bits that a function of so many may leave.
fn leaves(ring: u32, f: u32, from: u32) -> core::ops::RangeInclusive<u32> {
    from.saturating_sub(DROPPED).max(f)..=ring - 2
}

/// The same for a function that repeats; its value never has a factor.
fn compact(ring: u32, f: u32, x: Reading, t: u32, bits: u32) -> Result<Scale, String> {
    match x.bits.checked_sub(t).filter(|from| *from >= f) {
        Some(from) if leaves(ring, f, from).contains(&bits) => Ok(Scale::One(Reading { bits, factor: 1 })),
        _ => Err(format!("a smooth function of {} fraction bits less {t} has no value of {bits} bits", x.bits)),
    }
}

/// A multiple says how many more fraction bits it has, never fewer, so that what a product adds to the fraction is still there when it is released; and what its factor is.
fn finer(ring: u32, times: &Times, x: Reading) -> Result<Scale, String> {
    let bits = x.bits.checked_add(times.bits).filter(|bits| *bits <= ring - 2);
    let left = if times.over > 0 && x.factor.is_multiple_of(times.over) { x.factor / times.over } else { 0 };
    let factor = left.checked_mul(times.factor).filter(|factor| (1..=LARGEST_FACTOR).contains(factor));
    match (bits, factor) {
        (Some(bits), Some(factor)) => Ok(Scale::One(Reading { bits, factor })),
        _ => Err(format!(
            "a multiple that is {} bits and {} times finer, over {}, leaves no room: at most {} fraction bits and a factor of {LARGEST_FACTOR} do",
            times.bits,
            times.factor,
            times.over,
            ring - 2
        )),
    }
}

/// Whether a report says of the range of a stage what follows from the plan. What calibration saw is not in the plan: a margin can only be too large to be true.
pub(super) fn range_is_known(plan: &Plan, stage: &Stage, rooms: &[[u128; 2]], bounds: &[Option<Bound>]) -> bool {
    match (stage.range, range::of_stage(plan, stage, rooms, bounds, None)) {
        (Range::Calibrated { margin }, Range::Assumed { .. }) => {
            let room = rooms.get(stage.result.step).map_or(0, |room| room[0]);
            plan.is_calibrated() && margin <= room.checked_ilog2().unwrap_or(0)
        }
        (said, known) => said == known && !(plan.is_calibrated() && matches!(said, Range::Assumed { .. })),
    }
}

fn name(step: &Step) -> &'static str {
    match step.kind {
        Kind::Input(_) => "an input",
        Kind::Open(_) => "an opening",
        Kind::Linear { .. } => "a product",
        Kind::Product(_) => "a product of secrets",
        Kind::Polynomial(_) => "a polynomial",
        Kind::Truncate { .. } => "a truncation",
        Kind::Relu { .. } => "a ReLU",
        Kind::Piecewise { .. } => "a function",
        Kind::Curve { .. } | Kind::Compact { .. } => "a smooth function",
        Kind::Above { .. } => "a threshold",
        Kind::Max { .. } | Kind::MaxOver { .. } => "a max pool",
        Kind::ArgMax { .. } => "an arg max",
        Kind::TopK { .. } => "a top k",
        Kind::Sum(_) => "a sum",
        Kind::Times(_) => "a multiple",
        Kind::Plus(_) => "a sum with public numbers",
        Kind::Round { .. } => "a rounding",
        Kind::Add => "an addition",
        Kind::Move(_) => "a copy",
        Kind::Sparse(_) => "a linear map",
        Kind::Release(_) => "a release",
    }
}

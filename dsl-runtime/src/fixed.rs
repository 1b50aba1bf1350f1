//! The fixed-point interpreter: the arithmetic of the protocols in the clear, in one process, with a bound on how far a private run may differ.
//!
//! It rounds every truncation down. A private run comes out up to N / 2 units away, rounded up, at random, so each stage carries a bound in units of its last place:
//! a truncation turns b into ceil(b / 2^t) + ceil(N / 2), a product multiplies b by the largest sum of weights of a channel, an addition adds, a maximum keeps; an index may be that of any value within 2b of the largest.
//! Every stage of a private run lies within its bound.
//!
//! Measured [against the twin](Against::Twin), the same bounds start with what encoding rounds: inputs, and half a unit of each weight and bias; a truncation adds
//! less than 1, and sums of 32-bit floats what such sums may lose.

use crate::opened::Opened;
use crate::party::outputs;
use crate::plan::{EncodedWeight, Kind, Plan, Sparse, affine};
use crate::protocol::argmax::Axis;
use crate::protocol::piecewise::Function;
use crate::protocol::product::Form;
use crate::protocol::topk::Search;
use std::borrow::Cow;
use undertone_ring::conv::{Conv, PackedWeights, Scratch, accumulate};

/// From what the bounds of the reference are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// A private run of the same integers: truncations round at random.
    PrivateRun,
    /// The same model in 32-bit floating point: encoding and truncations round, and so do floats.
    Twin,
}

/// What the fixed-point interpreter computes.
#[derive(Clone, PartialEq)]
pub struct Fixed {
    /// What is released.
    pub opened: Opened,
    /// The largest difference of a released fraction from that of a private run, or of whatever it is measured against.
    pub bound: f64,
    /// The stages: integers as the plan lays them out, and the bound in units.
    pub stages: Vec<FixedStage>,
}

/// The value of one stage in fixed point.
#[derive(Clone, PartialEq)]
pub struct FixedStage {
    /// The integers of all samples.
    pub values: Vec<i64>,
    /// How many units a private run, or whatever they are measured against, may differ from them; infinite where nothing can be said.
    pub bound: f64,
}

impl core::fmt::Debug for Fixed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Fixed[{:?}, {} stages, bound {}]", self.opened, self.stages.len(), self.bound)
    }
}

impl Fixed {
    /// The values of the release `output`, the only one of a model that says nothing about releases.
    pub fn output(&self) -> &[f32] {
        self.opened.real("output")
    }
}

/// What rounds, besides truncations in the reference itself; in units of the last place.
pub(crate) struct Rounding {
    /// How much a truncation of what is compared may round more, or less.
    truncation: f64,
    /// How far each input is from what was encoded.
    inputs: Vec<f64>,
    /// How far a weight or a bias may be from what was encoded.
    weight: f64,
    /// How much of itself a sum of floats may lose with each term.
    float: f64,
}

impl Rounding {
    /// In a private run of these integers.
    pub(crate) fn of_private_run(plan: &Plan) -> Self {
        // one party rounds down, the others up, and party 0 centres that
        let truncation = plan.settings.parties.div_ceil(2) as f64;
        Self { truncation, inputs: vec![0.0; plan.inputs.len()], weight: 0.0, float: 0.0 }
    }

    /// In the twin on these inputs.
    pub(crate) fn of_twin(plan: &Plan, inputs: &[&[f32]]) -> Self {
        let scale = (1u64 << plan.settings.fraction) as f64;
        // a float that is scaled loses half a unit of its 24 bits with each operation
        let lost = |x: f32, v: f64| {
            (v * scale - (v * scale).round()).abs()
                + if f64::from(x).to_bits() == v.to_bits() { 0.0 } else { v.abs() * scale / f64::from(1u32 << 23) }
        };
        let spec = plan.inputs.iter().zip(inputs);
        let inputs =
            spec.map(|(spec, x)| x.iter().zip(spec.scaling.each(x, &spec.shape)).map(|(x, v)| lost(*x, v)).fold(0.0, f64::max)).collect();
        // twice the half unit of 24 bits, because the twin divides where the owner of the weights folds
        Self { truncation: 1.0, inputs, weight: 0.5, float: 1.0 / f64::from(1u32 << 23) }
    }
}

/// Runs a plan in the clear on encoded weights and inputs.
pub(crate) fn run(plan: &Plan, weights: &[EncodedWeight], inputs: &[Vec<u64>], batch: usize, rounding: &Rounding) -> Fixed {
    let mut values: Vec<(Vec<u64>, f64)> = vec![];
    let cut = |bound: f64, t: u32| if t == 0 { bound } else { (bound / (1u64 << t) as f64).ceil() + rounding.truncation };
    for step in &plan.steps {
        let x = |i: usize| &values[step.inputs[i]];
        let each = |f: &dyn Fn(&[u64], &mut [u64])| {
            let mut out = vec![0; batch * step.len];
            let (from, n) = (&x(0).0, plan.steps[step.inputs[0]].len);
            out.chunks_exact_mut(step.len).zip(from.chunks_exact(n)).for_each(|(to, from)| f(from, to));
            out
        };
        let value = match &step.kind {
            Kind::Input(k) => (inputs[*k].clone(), rounding.inputs[*k]),
            Kind::Open(_) | Kind::Release(_) => x(0).clone(),
            Kind::Linear { geometry, weight } => linear(&geometry.conv(), batch, x(0), &weights[*weight], rounding),
            Kind::Product(p) => {
                let operand = |k: usize| (p.operand(k, &x(k).0, plan.steps[step.inputs[k]].len), x(k).1);
                product(&p.form, batch, operand(0), operand(1), rounding)
            }
            Kind::Polynomial(p) => polynomial(&p.coefficients, x(0), rounding),
            Kind::Truncate { t, .. } => (map(&x(0).0, |v| v >> t), cut(x(0).1, *t)),
            Kind::Relu { t, .. } => (map(&x(0).0, |v| (v >> t).max(0)), cut(x(0).1, *t)),
            Kind::Piecewise { t, function, bits, .. } => {
                let (x, bound) = x(0);
                (map(x, |v| function.at(v >> t)), piecewise(function, *bits > 0, map(x, |v| v >> t), cut(*bound, *t), rounding))
            }
            Kind::Curve { t, curve, .. } => {
                let off = |y: i64| curve.rounding(y, plan.settings.parties);
                curved(plan, (curve.by, &|y| curve.at(y), &off), *t, x(0), rounding)
            }
            Kind::Compact { t, function, .. } => {
                let off = |y: i64| function.rounding(y, plan.settings.parties);
                curved(plan, (1, &|y| function.at(y), &off), *t, x(0), rounding)
            }
            Kind::Above { t, threshold, .. } => {
                let (x, bound) = (map(&x(0).0, |v| v >> t), cut(x(0).1, *t));
                // without a bound there is no rounding
                let near = bound > 0.0 && x.iter().any(|v| (*v as i64).abs_diff(*threshold) as f64 <= bound + 1.0);
                (map(&x, |v| i64::from(v >= *threshold)), f64::from(u8::from(near)))
            }
            Kind::Max { windows, .. } => {
                (each(&|from, to| windows.reduce(i64::MIN as u64, from, to, |a, b| (a as i64).max(b as i64) as u64)), x(0).1)
            }
            Kind::MaxOver { over, .. } => (each(&|from, to| over.reduce(from, to, |a, b| (a as i64).max(b as i64) as u64)), x(0).1),
            Kind::ArgMax { axis, .. } => argmax(axis, plan.steps[step.inputs[0]].len, x(0)),
            Kind::TopK { search, .. } => topk(search, plan.steps[step.inputs[0]].len, x(0)),
            Kind::Sum(sum) => {
                let terms = sum.0.kernel.iter().product::<usize>() as f64;
                (each(&|from, to| sum.run(from, to)), (x(0).1 + terms * rounding.float * largest(&x(0).0)) * terms)
            }
            Kind::Sparse(sparse) => (each(&|from, to| sparse.run(from, to, true)), mapped(sparse, x(0), rounding)),
            Kind::Times(times) => {
                let out = each(&|from, to| times.numbers.run(from, to, u64::wrapping_mul));
                let coded = if times.is_exact() { 0.0 } else { rounding.weight * (largest(&x(0).0) + x(0).1) };
                let float = rounding.float * largest(&out);
                (out, x(0).1 * times.numbers.largest() as f64 + coded + float)
            }
            Kind::Plus(plus) => {
                let out = each(&|from, to| plus.numbers.run(from, to, u64::wrapping_add));
                let float = rounding.float * (largest(&x(0).0) + plus.numbers.largest() as f64);
                (out, x(0).1 + rounding.weight + float)
            }
            Kind::Round { t } => (map(&x(0).0, |v| affine::rounded(v, *t)), cut(x(0).1, *t)),
            Kind::Add => {
                let float = rounding.float * (largest(&x(0).0) + largest(&x(1).0));
                (x(0).0.iter().zip(&x(1).0).map(|(a, b)| a.wrapping_add(*b)).collect(), x(0).1 + x(1).1 + float)
            }
            Kind::Move(copies) => {
                let mut out = vec![0; batch * step.len];
                let mut bound = 0f64;
                for (i, copy) in copies.iter().enumerate() {
                    let n = plan.steps[step.inputs[i]].len;
                    out.chunks_exact_mut(step.len).zip(x(i).0.chunks_exact(n)).for_each(|(to, from)| copy.run(from, to));
                    bound = bound.max(x(i).1);
                }
                (out, bound)
            }
        };
        values.push(value);
    }
    let (mut opened, mut bound) = (Opened::new(), 0f64);
    for release in &plan.releases {
        let (out, error) = &values[release.value.step];
        let t = plan.release(release).t;
        let integers: Vec<i64> = out.iter().map(|v| *v as i64 >> t).collect();
        opened.push(&release.name, outputs(plan, release, &integers));
        if release.value.integer.is_none() {
            bound = bound.max(cut(*error, t) / ((1u64 << plan.settings.fraction) as f64 * release.value.factor as f64));
        }
    }
    Fixed {
        opened,
        bound,
        stages: plan
            .stages
            .iter()
            .map(|s| FixedStage { values: values[s.result.step].0.iter().map(|v| *v as i64).collect(), bound: values[s.result.step].1 })
            .collect(),
    }
}

/// The indices of the largest values of all samples, `len` elements each. A private run may find any value that comes within twice the bound of the largest.
fn argmax(axis: &Axis, len: usize, (x, bound): &(Vec<u64>, f64)) -> (Vec<u64>, f64) {
    let (mut indices, mut apart) = (vec![], 0usize);
    for sample in x.chunks_exact(len) {
        for u in 0..axis.results() {
            let row = || axis.row(sample, u).map(|v| v as i64).enumerate();
            let (index, largest) = row().fold((0, i64::MIN), |best, (k, v)| if v > best.1 { (k, v) } else { best });
            indices.push(index as u64);
            let near = row().filter(|(_, v)| (largest - v) as f64 <= 2.0 * bound).map(|(k, _)| k.abs_diff(index));
            // without a bound there is no rounding, and the lowest index wins a tie
            apart = apart.max(if *bound > 0.0 { near.max().unwrap_or(0) } else { 0 });
        }
    }
    (indices, apart as f64)
}

/// How far the values of a function may be off, where what it is a function of is off by `bound`: as far as any value that close. `scaled` is whether the slopes of the
/// plan may have been rounded.
fn piecewise(function: &Function, scaled: bool, x: Vec<u64>, bound: f64, rounding: &Rounding) -> f64 {
    if !bound.is_finite() {
        return f64::INFINITY;
    }
    let mut most = 0f64;
    for y in x.into_iter().map(|v| v as i64) {
        // floats round what is compared as well
        let near = (bound + rounding.float * y.unsigned_abs() as f64).ceil() as i64;
        let [low, high] = function.range(y.saturating_sub(near), y.saturating_add(near));
        let value = i128::from(function.at(y));
        let off = (high - value).max(value - low) as f64;
        let (piece, from) = (function.pieces[function.piece(y)], function.pivot(function.piece(y)));
        let slope = if scaled { y.abs_diff(from) as f64 } else { 0.0 };
        let size = piece.slope.unsigned_abs() as f64 * y.unsigned_abs() as f64 + piece.offset.unsigned_abs() as f64 + value as f64;
        most = most.max(off + rounding.weight * (1.0 + slope) + 4.0 * rounding.float * size.abs());
    }
    most
}

/// A smooth function of integers: what they are multiplied with before, its value with what the function that is meant may be off, and how far a private value may be from it.
type Curved<'a> = (i64, &'a dyn Fn(i64) -> (i64, u64), &'a dyn Fn(i64) -> f64);

/// A smooth function, and how far its values may be off: as far as those of any value that close, by what is rounded in its words, and against the function itself by what the
/// curve says that it is off.
fn curved(plan: &Plan, (factor, at, off): Curved<'_>, t: u32, (x, bound): &(Vec<u64>, f64), rounding: &Rounding) -> (Vec<u64>, f64) {
    let above = 64 - plan.settings.ring;
    let y: Vec<i64> = x.iter().map(|v| ((v.wrapping_mul(factor as u64) << above) as i64 >> above) >> t).collect();
    let values = y.iter().map(|y| at(*y).0 as u64).collect();
    if !bound.is_finite() {
        return (values, f64::INFINITY);
    }
    let (by, twin) = (factor.unsigned_abs() as f64, rounding.weight > 0.0);
    let unit = (1u64 << t) as f64;
    let mut most = 0f64;
    for (y, v) in y.iter().zip(x) {
        let size = (*v as i64).unsigned_abs() as f64;
        // an angle is off by half a unit of its factor as well
        let turned = if factor == 1 { 0.0 } else { 0.5 * size };
        let near = (bound * by + turned + rounding.float * size * by) / unit + if t == 0 { 0.0 } else { rounding.truncation };
        let near = near.ceil() as i64;
        let value = at(*y).0;
        // both ends and some values between them
        let all = (-8i64..=8).map(|k| {
            let y = y.saturating_add(near.saturating_mul(k) / 8);
            let (found, error) = at(y);
            let error = if twin { error as f64 + 1.0 + 8.0 * rounding.float * found.unsigned_abs() as f64 } else { off(y) };
            found.abs_diff(value) as f64 + error
        });
        most = all.fold(most, f64::max);
    }
    (values, most.ceil())
}

/// The k largest of all samples, `len` elements each, or their indices. Of values that come within twice the bound of one another a private run may find any first.
fn topk(search: &Search, len: usize, (x, bound): &(Vec<u64>, f64)) -> (Vec<u64>, f64) {
    let (axis, k) = (&search.axis, search.k);
    let (mut found, mut apart) = (vec![], 0usize);
    for sample in x.chunks_exact(len) {
        let mut of_sample = vec![0; search.results()];
        for u in 0..axis.results() {
            let row: Vec<i64> = axis.row(sample, u).map(|v| v as i64).collect();
            let mut order: Vec<usize> = (0..row.len()).collect();
            order.sort_by_key(|i| core::cmp::Reverse(row[*i]));
            for (t, index) in order.iter().take(k).enumerate() {
                of_sample[(u / axis.inner * k + t) * axis.inner + u % axis.inner] =
                    if search.values { row[*index] as u64 } else { *index as u64 };
                if *bound > 0.0 {
                    let near = order.iter().filter(|i| row[**i].abs_diff(row[*index]) as f64 <= 2.0 * bound);
                    apart = apart.max(near.map(|i| i.abs_diff(*index)).max().unwrap_or(0));
                }
            }
        }
        found.extend(of_sample);
    }
    // the t-th largest value moves by no more than what moves all of them
    (found, if search.values { *bound } else { apart as f64 })
}

/// The bound of a public map. Encoding rounds a constant by half a unit and, with fraction bits, a coefficient by less than one.
fn mapped(sparse: &Sparse, (x, bound): &(Vec<u64>, f64), rounding: &Rounding) -> f64 {
    let (terms, gain, offset, x) = (sparse.longest() as f64, sparse.gain() as f64, sparse.offset() as f64, largest(x) + bound);
    let coefficients = if sparse.bits == 0 { 0.0 } else { 2.0 * rounding.weight * terms * x };
    let constants = if offset == 0.0 { 0.0 } else { rounding.weight };
    bound * gain + coefficients + constants + rounding.float * ((terms + 4.0) * gain * x + offset)
}

fn map(x: &[u64], f: impl Fn(i64) -> i64) -> Vec<u64> {
    x.iter().map(|v| f(*v as i64) as u64).collect()
}

/// The largest magnitude.
fn largest(x: &[u64]) -> f64 {
    x.iter().map(|v| (*v as i64).unsigned_abs()).max().unwrap_or(0) as f64
}

/// A product of two values and its bound: each may be off by its own, in every term.
fn product(form: &Form, batch: usize, x: (Cow<'_, [u64]>, f64), y: (Cow<'_, [u64]>, f64), rounding: &Rounding) -> (Vec<u64>, f64) {
    let ((x, of_x), (y, of_y)) = (x, y);
    let mut z = vec![0u64; batch * form.outputs()];
    let terms = match *form {
        Form::Each { .. } => {
            z.iter_mut().zip(x.iter().zip(y.iter())).for_each(|(z, (x, y))| *z = x.wrapping_mul(*y));
            1
        }
        Form::Matrix { rows, inner, columns, .. } => {
            let operands = x.chunks_exact(rows * inner).zip(y.chunks_exact(columns * inner));
            for ((x, y), z) in operands.zip(z.chunks_exact_mut(rows * columns)) {
                for (i, z) in z.iter_mut().enumerate() {
                    let (row, column) = (&x[i / columns * inner..][..inner], &y[i % columns * inner..][..inner]);
                    *z = row.iter().zip(column).fold(0, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(*b)));
                }
            }
            inner
        }
    };
    let (terms, largest_x, largest_y) = (terms as f64, largest(&x) + of_x, largest(&y) + of_y);
    let floats = rounding.float * (terms + 4.0) * terms * largest_x * largest_y;
    (z, terms * (of_x * largest_y + of_y * largest_x) + floats)
}

/// A polynomial and its bound: the sum of what its powers may be off by, and its coefficients.
fn polynomial(coefficients: &[i64], (x, bound): &(Vec<u64>, f64), rounding: &Rounding) -> (Vec<u64>, f64) {
    let horner = |v: i64| coefficients.iter().rev().fold(0i64, |sum, a| sum.wrapping_mul(v).wrapping_add(*a));
    let (near, far) = (largest(x), largest(x) + bound);
    let sized = |v: f64, of: &dyn Fn(i64) -> f64| coefficients.iter().rev().fold(0.0, |sum, a| sum * v + of(*a));
    let exact = |a: i64| if a == 0 || a == 1 { 0.0 } else { rounding.weight };
    let magnitude = |a: i64| a.unsigned_abs() as f64;
    let floats = rounding.float * 2.0 * coefficients.len() as f64 * sized(far, &magnitude);
    (map(x, horner), sized(far, &magnitude) - sized(near, &magnitude) + sized(far, &exact) + floats)
}

fn linear(conv: &Conv, batch: usize, (x, bound): &(Vec<u64>, f64), weight: &EncodedWeight, rounding: &Rounding) -> (Vec<u64>, f64) {
    let mut z = vec![0u64; batch * conv.outputs()];
    if !weight.bias.is_empty() {
        z.chunks_exact_mut(conv.o).for_each(|pixel| pixel.copy_from_slice(&weight.bias));
    }
    accumulate(conv, batch, x, &PackedWeights::new(conv, &weight.weight), &mut z, &mut Scratch::new());
    let taps = weight.weight.len() / conv.o;
    let sum =
        weight.weight.chunks_exact(taps).map(|w| w.iter().map(|v| (*v as i64).unsigned_abs() as f64).sum::<f64>()).fold(0.0, f64::max);
    let (terms, x) = (taps as f64, largest(x) + bound);
    let weights = rounding.weight * (terms * x + 1.0);
    let floats = rounding.float * (terms + 4.0) * (sum * x + largest(&weight.bias));
    (z, bound * sum + weights + floats)
}

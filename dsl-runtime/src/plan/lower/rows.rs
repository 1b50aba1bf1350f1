//! Functions of whole rows, and quotients: softmax, normalisation by a row's own statistics, division. Each is a few steps of a plan, at scales of their own.
//!
//! ```text
//! softmax     M = max x;  e = exp(x - M) at f + 4 bits;  S = sum e;  i = 1 / S at f + 4 bits;  e i, shifted to f
//! quotient    i = 1 / b at n - m bits;  a i, shifted to f
//! normalise   mean = (K sum x) >> t at f + E bits, K = 2^(t + E) / D;  c = 2^E x - mean;  v = sum c^2;  i = (v / D + eps)^(-1/2) at f + 12 bits;  c i, shifted to f
//! ```
//!
//! Exponentials, reciprocals and roots are curves ([`crate::protocol::curve`]), products are of opened values, and everything else is local. Extra bits are what keeps small
//! numbers precise: sums of exponentials are at least 1, roots of variances are as small as sqrt(eps).

use super::super::affine::{Numbers, Times};
use super::super::fit::{self, Fitted, Room, Scales, log2_above, two};
use super::super::product::{Polynomial, Product};
use super::super::sparse::Sparse;
use super::super::step::{Copy, Kind};
use super::super::widths::row_group;
use super::super::{Layout, Value};
use super::Lower;
use crate::graph::op::{Normalize, Smooth, Softmax};
use crate::graph::{Node, NodeId};
use crate::protocol::argmax::Axis;
use crate::protocol::product::Form;
use crate::protocol::topk::Search;
use undertone_shape::Shape;

/// Fraction bits that exponentials and the inverse of their sum have more than values.
const FINER: u32 = 4;

/// Below this an exponential is nothing next to the largest, which is 1.
const LOWEST: f64 = -15.75;

/// What an inverse may be off, of itself: the quotient of a large numerator shows it.
const RELATIVE: f64 = 1.0 / 8192.0;

/// The same of an inverse standard deviation: normalised values are as large as the root of the length of a row.
const NORMAL: f64 = 1.0 / 92_682.0;

/// The largest promise that makes a maximum unnecessary: beyond it exponentials need more bits than two of them have together.
const PROMISE: f64 = 9.0;

/// What the bits of a row's sum of squares leave above the point, and the most bits that its members have more than values.
const SQUARES: u32 = 22;
const EXTRA: u32 = 4;

/// log2 of the least mean that there must be room for.
const MEAN: u32 = 10;

impl Lower<'_> {
    /// The softmax along an axis, or its logarithm.
    pub(super) fn softmax(&mut self, node: &Node, softmax: &Softmax) -> Result<Value, String> {
        let (stage, f, len) = (node.stage.as_str(), self.s.fraction, node.shape.numel());
        let x = self.without_scale(node.inputs[0], stage)?;
        let axis = axis_of(&x, &node.shape, softmax.axis)?;
        self.keeps(node.inputs[0], softmax.within)?;
        let promised = softmax.within.filter(|most| *most <= PROMISE);
        let (y, e, bits, most) = if let Some(most) = promised {
            let most_of = fit::exp(most);
            // as many bits as keep e^-most and its sum precise, and as two of them have together
            let bits = (14 + log2_above(most_of).unsigned_abs()).max(f).min(u32::midpoint(f, self.s.ring / 2));
            let fitted = fit::exponential_within(most, RELATIVE / most_of, scales(f, bits), self.space(self.s.opened))?;
            let e = self.evaluated(&x, 0, fitted, false, (bits, 1), len, stage)?;
            (x, e, bits, most_of)
        } else {
            let bits = f + FINER;
            let (y, m) = self.below_largest(node, &x, axis, stage);
            let fitted = fit::exponential_below(LOWEST, RELATIVE / 64.0, scales(f, bits), self.space(m))?;
            let e = self.evaluated(&y, 0, fitted, false, (bits, 1), len, stage)?;
            (y, e, bits, 1.0)
        };
        let (sum, rows) = (self.row_sums(&e, axis, stage), axis.outer * axis.inner);
        // the largest exponential is at least 1, less what rounds, or e^-most
        let ends = [0.5 / most, axis.size as f64 * most * 1.125];
        let m = bits + log2_above(ends[1]).max(0) as u32 + 3;
        if m > self.s.ring {
            return Err(format!(
                "a ring of {} bits has no room for the sum of {} exponentials: use a wider ring, or shorter rows",
                self.s.ring, axis.size
            ));
        }
        let space = self.space(m);
        if softmax.logarithm {
            let fitted = of_sums(&fit::ln, &|_| RELATIVE, ends, scales(bits, f), space)?;
            let log = self.evaluated(&sum, 0, fitted, true, (f, 1), rows, stage)?;
            let log = self.spread(&log, axis, stage);
            return Ok(self.less(&y, &log, stage));
        }
        // an inverse is multiplied by an exponential that is no larger than the sum
        let fitted = of_sums(&|x| 1.0 / x, &|x| RELATIVE / x.min(most), ends, scales(bits, bits), space)?;
        let inverse = self.evaluated(&sum, 0, fitted, true, (bits, 1), rows, stage)?;
        let product = self.by_rows(&e, &inverse, axis, stage)?;
        Ok(self.shifted(&product, product.bits - f, f + 4, stage))
    }

    /// Normalisation of the last axes by their own statistics.
    pub(super) fn normalize(&mut self, node: &Node, normalize: &Normalize) -> Result<Value, String> {
        let (stage, f, n, shape) = (node.stage.as_str(), self.s.fraction, self.s.ring, node.shape);
        let x = self.without_scale(node.inputs[0], stage)?;
        let x = self.arranged(&x, &shape, &Layout::natural(shape.rank()), stage);
        let size = normalize.row(shape);
        let axis = Axis { outer: shape.numel() / size.max(1), size, inner: 1 };
        // the ring holds sums of squares of values with so many bits more: of all values that there can be, or of all but large ones
        let whole = 2 * (self.s.opened - 2) + log2_above(size as f64).max(0) as u32;
        let extra = match n.saturating_sub(2 + whole) / 2 {
            0 | 1 => (n.saturating_sub(2 + 2 * f + SQUARES) / 2).min(EXTRA),
            room => room.min(EXTRA),
        };
        let finer = self.times(&x, Times { bits: extra, ..Times::whole(1 << extra) }, shape.numel(), stage);
        let centred = if normalize.centred {
            let sum = self.row_sums(&x, axis, stage);
            let t = (n / 2).min(n.saturating_sub(2 + f + extra + MEAN));
            // the ring holds means below 2^most
            let most = n.saturating_sub(2 + f + t + extra);
            if t == 0 {
                return Err(format!(
                    "a ring of {n} bits has no room for means of {f} fraction bits: use a larger ring, or fewer fraction bits"
                ));
            }
            let number = two((t + extra) as i32) / size as f64;
            let mean = self.times(
                &sum,
                Times { numbers: Numbers::one(number.round() as i64), bits: t + extra, factor: 1, over: 1 },
                axis.outer,
                stage,
            );
            let mean = self.shifted(&mean, t, f + extra + most + 2, stage);
            let mean = self.spread(&mean, axis, stage);
            self.less(&finer, &mean, stage)
        } else {
            finer
        };
        let bits = 2 * centred.bits;
        // what the squares read, the product with the inverse reads too
        let opened = self.opened_to(centred.step, None, stage);
        let square = Kind::Polynomial(Polynomial { coefficients: vec![0, 0, 1], bits, factor: 1 });
        let step = self.push(square, vec![opened], shape.numel(), stage);
        let sum = self.row_sums(&Value { step, bits, ..centred.clone() }, axis, stage);
        let eps = normalize.eps;
        let least = size as f64 * eps;
        // the sum reaches as far above the point as the ring has room, and keeps as many bits behind it as tell sums near eps apart
        let above = (n - 2).saturating_sub(bits);
        let limit = two(above as i32);
        // a calibration knows how large single values are, or a spread of 8 is asked for; how many of a row are as large, it does not know
        let squares = self.known.map_or(64.0 * size as f64, |known| {
            let [largest, apart] = known.seen(node.inputs[0]);
            let reached = if normalize.centred { apart / 2.0 } else { largest };
            reached * reached
        });
        if squares >= limit {
            return Err(format!(
                "the squares of a row of {size} values sum up to {squares}, and a ring of {n} bits has room for {limit} with {f} fraction bits: use a wider ring, or fewer of them"
            ));
        }
        let wanted = u32::try_from(12 - log2_above(least)).unwrap_or(0).clamp(f.min(bits), bits);
        let t = (bits - wanted).min(n / 2);
        let (left, out) = (bits - t, (f + 3 * FINER).min(n / 2 - extra));
        let ends = [(least / two(14)).max(two(-(left as i32))), two(above as i32)];
        let function = |v: f64| 1.0 / (v / size as f64 + eps).sqrt();
        let fitted = of_sums(&function, &|v| NORMAL * function(v), ends, scales(left, out), self.space(left + above + 2))?;
        let inverse = self.evaluated(&sum, t, fitted, true, (out, 1), axis.outer, stage)?;
        let product = self.by_rows(&centred, &inverse, axis, stage)?;
        // no element is more than sqrt(D) deviations from the mean
        Ok(self.shifted(&product, product.bits - f, f + (log2_above(size as f64) as u32).div_ceil(2) + 4, stage))
    }

    /// The quotient of two values, element by element, with broadcasting.
    pub(super) fn divide(&mut self, node: &Node, id: NodeId) -> Result<Value, String> {
        let (stage, f) = (node.stage.as_str(), self.s.fraction);
        let [a, b] = [node.inputs[0], node.inputs[1]];
        let (from, by, shape) = (self.graph.node(a).shape, self.graph.node(b).shape, node.shape);
        let x = self.fraction(a)?;
        let x = self.at_fraction(a, &x, stage);
        let x = self.with_small_factor(a, &x, &from, stage);
        let y = self.without_scale(b, stage)?;
        // as many bits as leave the quotient all the range that is read of it
        let m = self.opened(id, &x);
        let bits = (self.s.ring - m).min(self.s.ring / 2);
        let read = self.opened(b, &y);
        let ends = [Smooth::LEAST, two(read as i32 - 2 - f as i32)];
        let fitted = fit::positive(&|x| 1.0 / x, &|x| RELATIVE / x, ends, scales(f, bits), self.space(read))?;
        let inverse = self.evaluated(&y, 0, fitted, false, (bits, 1), by.numel(), stage)?;
        let product = self.each([&x, &inverse], [from, by], &shape, stage)?;
        Ok(self.shifted(&product, product.bits - f, m, stage))
    }

    /// The value of a node at f bits, without a factor.
    fn without_scale(&mut self, id: NodeId, stage: &str) -> Result<Value, String> {
        let (x, shape) = (self.fraction(id)?, self.graph.node(id).shape);
        let x = self.at_fraction(id, &x, stage);
        Ok(if x.factor == 1 { x } else { self.without_factor(id, &x, &shape, stage) })
    }

    /// Whether what calibration saw of a value keeps a promise.
    pub(super) fn keeps(&self, id: NodeId, promise: Option<f64>) -> Result<(), String> {
        match (self.known.map(|known| known.seen(id)[0]), promise) {
            (Some(largest), Some(most)) if largest > most => {
                Err(format!("its values are promised to be at most {most} in magnitude, and reached {largest} in the calibration"))
            }
            _ => Ok(()),
        }
    }

    /// x less the largest of its row, and the bits that an opening of it takes.
    fn below_largest(&mut self, node: &Node, x: &Value, axis: Axis, stage: &str) -> (Value, u32) {
        let compare = self.compared(node, x);
        let search = Search { axis, k: 1, group: row_group(&self.s, axis, compare), values: true };
        let step = self.push(Kind::TopK { search, compare }, vec![x.step], axis.outer * axis.inner, stage);
        let largest = self.spread(&Value { step, ..x.clone() }, axis, stage);
        (self.less(x, &largest, stage), compare.m)
    }

    /// The sum of each row.
    fn row_sums(&mut self, x: &Value, axis: Axis, stage: &str) -> Value {
        let row = (0..axis.size).map(|k| (k, 1)).collect();
        let sparse = Sparse::new([axis.outer, axis.size, axis.inner], core::iter::once(row), 0, 1);
        let kind = Kind::Sparse(sparse);
        let step = self.once(&format!("{kind:?}"), kind, x.step, axis.outer * axis.inner, stage);
        Value { step, ..x.clone() }
    }

    /// One value a row, for every element of it.
    fn spread(&mut self, x: &Value, axis: Axis, stage: &str) -> Value {
        let copy = Copy::along(spread_axes(axis), 0, 0);
        let step = self.push(Kind::Move(vec![copy]), vec![x.step], axis.outer * axis.size * axis.inner, stage);
        Value { step, ..x.clone() }
    }

    /// x - y.
    fn less(&mut self, x: &Value, y: &Value, stage: &str) -> Value {
        let len = self.steps[x.step].len;
        let y = self.times(y, Times::whole(-1), len, stage);
        let step = self.push(Kind::Add, vec![x.step, y.step], len, stage);
        Value { step, ..x.clone() }
    }

    /// Every element of a row times its number.
    fn by_rows(&mut self, x: &Value, y: &Value, axis: Axis, stage: &str) -> Result<Value, String> {
        let len = axis.outer * axis.size * axis.inner;
        let read = [Copy::along([(len, 1, 1)], 0, 0), Copy::along(spread_axes(axis), 0, 0)];
        self.multiply([x, y], Product { form: Form::Each { len }, read }, len, x.layout.clone(), stage)
    }

    /// A value divided by 2^t, below 2^(m - 2) after that; m no more than the ring has room for.
    fn shifted(&mut self, x: &Value, t: u32, m: u32, stage: &str) -> Value {
        if t == 0 {
            return x.clone();
        }
        // without a calibration all that the ring has room for, so that no range says more than is true
        let m = if self.known.is_some() { m.min(self.s.ring - t) } else { self.s.ring - t };
        self.truncated(x, t, m, stage)
    }

    /// What there is room for where values are opened with m bits.
    fn space(&self, m: u32) -> Room {
        Room { ring: self.s.ring, m: m.min(self.s.ring), largest: self.s.limit() }
    }
}

/// A function of sums that are never below 0: no threshold is further from them than the range is long.
fn of_sums(
    function: &dyn Fn(f64) -> f64,
    tolerance: &dyn Fn(f64) -> f64,
    ends: [f64; 2],
    scales: Scales,
    room: Room,
) -> Result<Fitted, String> {
    fit::positive(function, tolerance, ends, scales, room).map(|fitted| Fitted { reach: 0, ..fitted })
}

/// Units of what a curve reads and of what it gives.
fn scales(input: u32, output: u32) -> Scales {
    Scales { input: 1 << input, output: 1 << output }
}

/// An axis of a value, wherever it lies in memory.
fn axis_of(x: &Value, shape: &Shape, axis: usize) -> Result<Axis, String> {
    let place = x.layout.0.iter().position(|a| usize::from(*a) == axis).ok_or("no such axis")?;
    let sizes = |axes: &[u8]| axes.iter().map(|a| shape.dim(usize::from(*a))).product();
    Ok(Axis { outer: sizes(&x.layout.0[..place]), size: shape.dim(axis), inner: sizes(&x.layout.0[place + 1..]) })
}

/// How a number a row is read for each element of it.
fn spread_axes(axis: Axis) -> [(usize, usize, usize); 3] {
    [(axis.outer, axis.inner, axis.size * axis.inner), (axis.size, 0, axis.inner), (axis.inner, 1, 1)]
}

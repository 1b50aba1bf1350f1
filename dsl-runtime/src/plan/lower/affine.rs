//! Public affine maps: how a public real number becomes integers, and when a value has to be divided for it.
//!
//! A product with c = p / (2^k q) is a multiplication by the integer p, which is free; k more fraction bits wait for the next truncation, which most values meet anyway, and
//! q goes to the public factor. Whole numbers cost nothing at all. Where a value is at f bits and no truncation is in sight, denominators of up to
//! [`LARGEST_DENOMINATOR`] go to the factor, exactly. Everything else is rounded to k bits: f, or up to [`SIGNIFICANT`] more for numbers below 1/2, as far as the ring has
//! room for m + k; a value that has no such room is truncated first.

use super::super::affine::{Numbers, Plus, Times};
use super::super::step::{Copy, Kind};
use super::super::{Layout, Value};
use super::Lower;
use crate::graph::op::Affine;
use crate::graph::{Node, NodeId};
use undertone_shape::Shape;

/// The largest public factor that a product with a public number leaves: it takes that much from the range for good.
const LARGEST_DENOMINATOR: u64 = 16;

/// How many more bits than f a small number is rounded to.
const SIGNIFICANT: u32 = 8;

/// How many fewer bits than f are enough to save a truncation.
const SPARED: u32 = 4;

impl Lower<'_> {
    /// `x factor + offset`.
    pub(super) fn affine(&mut self, node: &Node, affine: &Affine) -> Result<Value, String> {
        let limit = self.s.limit();
        if let Some(v) = affine.factors.iter().chain(&affine.offsets).find(|v| !v.is_finite() || v.abs() >= limit) {
            return Err(format!("the public number {v} must be finite and below {limit}"));
        }
        let (id, shape) = (node.inputs[0], node.shape);
        let x = self.fraction(id)?;
        let x = self.multiplied(id, &x, &shape, &affine.factors, &node.stage);
        Ok(self.moved_by(&x, &shape, &affine.offsets, &node.stage))
    }

    /// Axes of size 1 stretched: elements are copied.
    pub(super) fn expand(&mut self, node: &Node, to: &Shape) -> Result<Value, String> {
        let (x, from) = (self.value(node.inputs[0])?, self.graph.node(node.inputs[0]).shape);
        let own = x.layout.strides(&from);
        let front = to.rank() - from.rank();
        let strides: Vec<usize> = (0..to.rank()).map(|i| if i < front || from.dim(i - front) == 1 { 0 } else { own[i - front] }).collect();
        // new axes lie outside of those that the value has
        let layout = Layout((0..front as u8).chain(x.layout.0.iter().map(|a| a + front as u8)).collect());
        let kind = Kind::Move(vec![Copy::new(&layout.0, to, &strides, &layout.strides(to), 0, 0)]);
        let step = self.once(&format!("{kind:?}"), kind, x.step, to.numel(), &node.stage);
        Ok(Value { step, layout, ..x })
    }

    /// Bits more than f that a value may have, so that they can be divided away at once: together with what is opened they fit the ring, and no division is by more than
    /// half of it.
    pub(super) fn room(&self) -> u32 {
        (self.s.ring - self.s.opened).min(self.s.ring / 2)
    }

    /// A step that multiplies by public integers.
    pub(super) fn times(&mut self, x: &Value, times: Times, len: usize, stage: &str) -> Value {
        let (bits, factor) = (x.bits + times.bits, x.factor / times.over * times.factor);
        let kind = Kind::Times(times);
        let step = self.once(&format!("{kind:?}"), kind, x.step, len, stage);
        Value { step, bits, factor, ..x.clone() }
    }

    /// The value of node `id` times public numbers.
    #[allow(clippy::float_cmp, reason = "a factor of exactly 1 does nothing")]
    pub(super) fn multiplied(&mut self, id: NodeId, x: &Value, shape: &Shape, factors: &[f64], stage: &str) -> Value {
        if factors.iter().all(|c| *c == 1.0) {
            return x.clone();
        }
        let f = self.s.fraction;
        let room = self.room();
        let spare = room.saturating_sub(x.bits - f);
        let scaled = |by: f64| factors.iter().map(|c| c * by).collect::<Vec<f64>>();
        let whole = |values: &[f64]| values.iter().all(|v| (v - v.round()).abs() <= v.abs() * 1e-14);
        let bits_of = |k: u32| (1u64 << k) as f64;
        let exact = (0..=room.min(f)).find(|k| whole(&scaled(bits_of(*k))));
        let denominators = (1..=LARGEST_DENOMINATOR / x.factor).find(|q| whole(&scaled(*q as f64)));
        let (bits, factor) = match (exact, denominators) {
            (Some(0), _) => (0, 1),
            (_, Some(q)) if x.bits == f => (0, q),
            (Some(k), _) if k <= spare => (k, 1),
            _ => {
                let largest = factors.iter().fold(0f64, |m, c| m.max(c.abs()));
                let small = (1..=SIGNIFICANT).rev().find(|z| largest * bits_of(*z) < 1.0).unwrap_or(0);
                let (wanted, least) = (f + small, f - SPARED.min(f));
                // with a calibration the ring grows with what is asked of it, so that a value is divided first
                let k = if self.known.is_some() && spare >= f { wanted.min(self.s.ring / 2) } else { wanted.min(spare) };
                if k < least && x.bits > f {
                    let x = self.at_fraction(id, x, stage);
                    return self.multiplied(id, &x, shape, factors, stage);
                }
                (k, 1)
            }
        };
        let by = bits_of(bits) * factor as f64;
        let numbers = self.numbers(x, shape, &scaled(by));
        self.times(x, Times { numbers, bits, factor, over: 1 }, shape.numel(), stage)
    }

    /// The value at f bits with a factor of at most [`LARGEST_DENOMINATOR`]: a larger one goes, by a multiplication and a truncation, before products make it larger still.
    pub(super) fn with_small_factor(&mut self, id: NodeId, x: &Value, shape: &Shape, stage: &str) -> Value {
        if x.factor <= LARGEST_DENOMINATOR { x.clone() } else { self.without_factor(id, x, shape, stage) }
    }

    /// The value at f bits without a factor.
    pub(super) fn without_factor(&mut self, id: NodeId, x: &Value, shape: &Shape, stage: &str) -> Value {
        let bits = self.s.fraction + x.factor.ilog2();
        // with a calibration as many bits fewer are opened as the factor had
        let bits = bits.min(if self.known.is_some() { self.s.ring / 2 } else { self.room() });
        let number = ((1u64 << bits) as f64 / x.factor as f64).round() as i64;
        let x = self.times(x, Times { numbers: Numbers::one(number), bits, factor: 1, over: x.factor }, shape.numel(), stage);
        self.at_fraction(id, &x, stage)
    }

    /// The value plus public numbers.
    pub(super) fn moved_by(&mut self, x: &Value, shape: &Shape, offsets: &[f64], stage: &str) -> Value {
        if offsets.iter().all(|d| *d == 0.0) {
            return x.clone();
        }
        let scale = x.scale();
        let numbers = self.numbers(x, shape, &offsets.iter().map(|d| d * scale).collect::<Vec<f64>>());
        let kind = Kind::Plus(Plus { numbers, by: self.holders[x.step].unwrap_or(0) });
        let step = self.once(&format!("{kind:?}"), kind, x.step, shape.numel(), stage);
        Value { step, ..x.clone() }
    }

    /// Public numbers as integers: one, or one for each size of axis 0, wherever that lies in memory.
    #[allow(clippy::unused_self, reason = "called as the other methods of a lowering are")]
    fn numbers(&self, x: &Value, shape: &Shape, values: &[f64]) -> Numbers {
        let all: Vec<i64> = values.iter().map(|v| v.round() as i64).collect();
        match all.first() {
            Some(first) if all.iter().all(|v| v == first) => Numbers::one(*first),
            _ => Numbers { all, inner: x.layout.strides(shape).first().copied().unwrap_or(1).max(1) },
        }
    }
}

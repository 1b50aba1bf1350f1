//! Ring, fraction and opened bits by what calibration saw.
//!
//! For a fraction of f bits, every opening needs m bits such that the largest value of the samples, times the margin, stays below 2^(m - 2); or as many
//! as limits of inputs and weights prove to be enough, where that is no more than one bit more. A ring of n bits serves if m + t <= n for all of them, t being what is shifted away. Of the rings that serve, the
//! plan takes the one that is fastest, each comparison being what is fastest there ([`variants`]), by the constants of [`Machine::REFERENCE`]: everybody makes the plan for themselves, on machines of different speed, and must find
//! the same one.

use super::calibration::magnitude;
use super::lower::{has_weight, lower};
use super::settings::standard_fraction;
use super::step::Kind;
use super::{Calibrated, Magnitude, Place, Plan, Scaling, Settings, Size, Transposed, Value, Widths, passes, variants};
use crate::error::{Error, Result};
use crate::graph::op::{Piecewise, Smooth};
use crate::graph::{Graph, Node, NodeId, Op};
use crate::time::Machine;
use undertone_shape::Shape;

/// The fewest bits that are opened, however small a value is.
const LEAST: u32 = 10;

/// How many bits more than the calibration asks for a proof is worth.
const CERTAINTY: u32 = 1;

/// How far smooth functions and functions of whole rows may be off, generously.
const CURVED: f64 = 1.0 / 16.0;

/// The same as a part of what is large.
const RELATIVE: f64 = 1.0 / 2048.0;

/// How many bits more than the fraction a turn has at least.
pub(super) const ANGLE: u32 = 5;

/// Samples of the run whose time decides.
const BATCH: usize = 8;

/// The fastest plan that the calibration allows.
pub(super) fn choose(graph: &Graph, settings: &Settings, c: &Calibrated, roles: &[(String, Place)]) -> Result<Plan> {
    let ranges = c.calibration.ranges(graph)?;
    // fractions of narrow and of wide words, each with the rings that it may have
    let candidates: Vec<(Option<u32>, u32)> = match (c.ring, c.fraction) {
        (Some(n), f) => vec![(Some(n), f.unwrap_or_else(|| standard_fraction(n)))],
        (None, Some(f)) => vec![(Some(32), f), (None, f)],
        (None, None) => vec![(Some(32), standard_fraction(32)), (None, standard_fraction(33))],
    };
    let mut best: Option<(f64, Plan)> = None;
    let mut reason = None;
    for (ring, fraction) in candidates {
        match fitted(graph, settings, c, roles, &ranges, ring, fraction) {
            Ok(plan) => {
                let plan = variants::fastest(plan, &c.network, BATCH);
                let time = plan.cost(BATCH).time_on(&Machine::REFERENCE, &c.network);
                let time = time.online + time.offline;
                if best.as_ref().is_none_or(|(least, _)| time < *least) {
                    best = Some((time, plan));
                }
            }
            Err(e) => reason = Some(e),
        }
    }
    match (best, reason) {
        (Some((_, plan)), _) => Ok(plan),
        (None, Some(e)) => Err(e),
        (None, None) => {
            Err(Error::Plan { model: graph.name.clone(), stage: "settings".into(), message: "there is no ring to choose".into() })
        }
    }
}

/// The plan for a fraction, in this ring or in the smallest one above 32 bits that serves.
fn fitted(
    graph: &Graph,
    settings: &Settings,
    c: &Calibrated,
    roles: &[(String, Place)],
    ranges: &[Option<[f64; 2]>],
    ring: Option<u32>,
    fraction: u32,
) -> Result<Plan> {
    let made = |n: u32| -> Result<Plan> {
        let widths = Widths { ring: n, fraction, opened: n.saturating_sub(fraction), ..settings.widths() };
        widths.check()?;
        // passes weigh openings against one another: about as many bits as the largest value takes
        let largest = ranges.iter().flatten().map(|r| magnitude(*r)).fold(0.0, f64::max);
        let typical = opened((largest * (1u64 << fraction) as f64).ceil() as u128, widths.parties).clamp(fraction + 4, widths.opened);
        let optimised = passes::optimise(graph, &Widths { opened: typical, ..widths });
        let known = Known::new(&optimised, ranges, c, widths);
        lower(&optimised, widths, roles, Some(&known))
    };
    // what is needed does not depend on the ring
    let widest = made(64)?;
    let (needed, stage) = needed(&widest);
    let n = ring.unwrap_or(needed.max(33));
    if needed > n || n > 64 {
        let message = format!(
            "needs a ring of {needed} bits for its values with {fraction} fraction bits and a margin of {} bits: allow a larger ring than {n}, or fewer fraction bits or margin",
            c.margin
        );
        return Err(Error::Plan { model: graph.name.clone(), stage, message });
    }
    made(n)
}

/// The bits of the ring that a plan needs, and the stage that needs them.
fn needed(plan: &Plan) -> (u32, String) {
    let f = plan.settings.fraction;
    let bits = plan.steps.iter().map(|step| {
        let bits = match &step.kind {
            Kind::Relu { t, compare } => compare.m + t,
            // thresholds are found with one bit more than the opening has
            Kind::Piecewise { t, compare, .. } | Kind::Above { t, compare, .. } => compare.m + (*t).max(1),
            // a turn is the ring, whatever that is
            // of which as many bits are needed behind an angle as values have
            Kind::Curve { curve, .. } if curve.by != 1 => {
                let lost = plan.settings.ring.saturating_sub(curve.by.unsigned_abs().checked_ilog2().unwrap_or(0));
                curve.bits().max(lost + f + ANGLE)
            }
            Kind::Curve { t, compare, width, curve, .. } => (compare.m + t).max(*width).max(curve.bits()),
            Kind::Compact { t, compare, width, function, .. } => (compare.m + t).max(*width).max(function.words.m),
            Kind::Truncate { t, m } => m + t,
            Kind::Max { compare, .. } | Kind::MaxOver { compare, .. } | Kind::ArgMax { compare, .. } | Kind::TopK { compare, .. } => {
                compare.m
            }
            Kind::Release(r) => plan.releases.get(*r).map_or(0, |r| r.m + r.value.bits.saturating_sub(f)),
            Kind::Input(k) => plan.inputs.get(*k).map_or(0, |i| i.m),
            _ => 0,
        };
        (bits, step.stage.clone())
    });
    // the first of those that need most, and room for a product of any two numbers
    let most = bits.fold((0, String::new()), |most, next| if next.0 > most.0 { next } else { most });
    (most.0.max(2 * f + 4), most.1)
}

/// The bits of an opening for integers of at most this magnitude.
fn opened(magnitude: u128, parties: usize) -> u32 {
    let above = magnitude.saturating_add(parties as u128).checked_next_power_of_two();
    (above.map_or(128, u128::ilog2) + 2).max(LEAST)
}

/// The weights of an output of a product.
fn taps(graph: &Graph, node: &Node, weight: Shape) -> usize {
    match node.op {
        Op::Scaled(_) | Op::Biased(_) => return 1,
        Op::MatMul => return weight.dim(0),
        _ => {}
    }
    let dims = match (&node.op, node.inputs.first()) {
        (Op::ConvTranspose(conv), Some(x)) => Transposed::of(conv, graph.node(*x).shape, weight).dims(),
        _ => None,
    };
    dims.map_or(weight.numel() / weight.dim(0).max(1), |d| d[1..].iter().product())
}

/// What is known about the values of a graph that passes have made.
pub(super) struct Known<'a> {
    /// The range of each operation on the samples.
    seen: Vec<[f64; 2]>,
    /// The largest magnitude that limits of inputs and weights allow; infinite where they allow any.
    allowed: Vec<f64>,
    /// Whether no value is below 0.
    positive: Vec<bool>,
    inputs: Vec<f64>,
    products: &'a [Size],
    /// Bits.
    margin: u32,
}

impl<'a> Known<'a> {
    fn new(graph: &Graph, ranges: &[Option<[f64; 2]>], c: &'a Calibrated, widths: Widths) -> Self {
        let mut known = Self {
            seen: vec![[0.0; 2]; graph.nodes.len()],
            allowed: vec![f64::INFINITY; graph.nodes.len()],
            positive: vec![false; graph.nodes.len()],
            inputs: c
                .calibration
                .inputs()
                .iter()
                .zip(&graph.inputs)
                .map(|(seen, input)| input.scaling.as_ref().map_or_else(|| magnitude(seen.range), |s| Scaling::of(s).largest(seen.range)))
                .collect(),
            products: c.calibration.products(),
            margin: c.margin,
        };
        let consumers = graph.consumers();
        let origin = |k: usize| match graph.origins.get(k) {
            Some(origin) => origin.and_then(|o| ranges.get(o.0).copied().flatten()),
            None => ranges.get(k).copied().flatten(),
        };
        let mut product = 0;
        for (k, node) in graph.nodes.iter().enumerate().filter(|(_, n)| !matches!(n.op, Op::Parameter(_))) {
            let of = |i: usize| node.inputs.get(i).map_or([0.0; 2], |id| known.seen[id.0]);
            // a value that passes made lies between the values of what it reads, or is another view of what reads it
            let next = || consumers[k].first().and_then(|c| origin(c.0));
            known.seen[k] = origin(k).or_else(|| has_weight(graph, node).then(next).flatten()).unwrap_or_else(|| of(0));
            let x = |i: usize| node.inputs.get(i).map_or(f64::INFINITY, |id| known.allowed[id.0]);
            let each = || node.inputs.iter().map(|id| known.allowed[id.0]);
            let unit = 1.0 / (1u64 << widths.fraction) as f64;
            // what a function makes of everything that it may be given
            let made = |p: &Piecewise| p.range(if known.positive[node.inputs[0].0] { 0.0 } else { -x(0) }, x(0));
            let positive = matches!(&node.op, Op::Piecewise(p) if made(p)[0] >= 0.0);
            known.allowed[k] = match &node.op {
                Op::Input(i) => (2f64.powi(known.input(*i, widths) as i32 - 2) - widths.parties as f64) * unit,
                _ if has_weight(graph, node) => {
                    product += 1;
                    let taps = node.inputs.get(1).map_or(0, |w| taps(graph, node, graph.node(*w).shape));
                    known.product(product - 1, &node.stage).map_or(f64::INFINITY, |size| {
                        if matches!(node.op, Op::Biased(_)) {
                            return x(0) + 2f64.powi(size.weights) + unit;
                        }
                        x(0) * (2f64.powi(size.weights) + (taps + 1) as f64 * unit) + 2f64.powi(size.bias) + unit
                    })
                }
                Op::Add => each().sum(),
                Op::Affine(a) => {
                    let most = |all: &[f64]| all.iter().fold(0f64, |m, v| m.max(v.abs()));
                    // a number is off by as much as a weight
                    x(0) * (most(&a.factors) + unit) + most(&a.offsets) + unit
                }
                Op::Mul => each().product(),
                Op::MatMul => each().product::<f64>() * graph.node(node.inputs[0]).shape.dims().last().copied().unwrap_or(1) as f64,
                Op::Polynomial(p) => p.coefficients.iter().rev().fold(0.0, |sum, a| sum * x(0) + a.abs() + unit),
                Op::Curve(c) => {
                    let range = c.function.range(if known.positive[node.inputs[0].0] { 0.0 } else { -x(0) }, x(0));
                    magnitude(range) * (1.0 + RELATIVE) + CURVED
                }
                Op::Softmax(s) if !s.logarithm => 1.0 + CURVED,
                Op::Softmax(_) => 2.0 * x(0) + (node.shape.numel() as f64).ln() + CURVED,
                // no element is further from the mean than the root of their number says
                Op::Normalize(n) => (n.row(node.shape) as f64).sqrt() + CURVED,
                Op::Divide => x(0) / Smooth::LEAST * (1.0 + RELATIVE) + CURVED,
                Op::Concat { .. } => each().fold(0.0, f64::max),
                Op::Piecewise(p) => magnitude(made(p)) + 2.0 * unit,
                Op::Pad { value, .. } => x(0).max(value.abs()),
                Op::Gather { .. } => x(0),
                Op::Resample(r) => x(0) * r.gain() + 4.0 * unit * widths.parties as f64,
                // each division rounds by some units
                _ => x(0) + 4.0 * unit * widths.parties as f64,
            };
            known.positive[k] = match &node.op {
                Op::Relu => true,
                Op::Piecewise(_) => positive,
                Op::Curve(c) => c.function.range(f64::NEG_INFINITY, f64::INFINITY)[0] > CURVED,
                Op::Affine(_)
                | Op::Mul
                | Op::MatMul
                | Op::Divide
                | Op::Scaled(_)
                | Op::Biased(_)
                | Op::Softmax(_)
                | Op::Normalize(_)
                | Op::Polynomial(_)
                | Op::Input(_)
                | Op::Conv(_)
                | Op::ConvTranspose(_)
                | Op::Linear
                | Op::BatchNorm(_) => false,
                Op::Pad { value, .. } => *value >= 0.0 && known.positive[node.inputs[0].0],
                Op::Resample(r) => r.is_positive() && known.positive[node.inputs[0].0],
                _ => node.inputs.iter().all(|id| known.positive[id.0]),
            };
        }
        known
    }

    /// The margin in bits.
    pub(super) fn margin(&self) -> u32 {
        self.margin
    }

    fn times(&self) -> f64 {
        (1u64 << self.margin) as f64
    }

    /// The bits of an input, by its index.
    pub(super) fn input(&self, k: usize, widths: Widths) -> u32 {
        let largest = self.inputs.get(k).copied().unwrap_or(0.0) * self.times();
        opened(((largest * (1u64 << widths.fraction) as f64).ceil() as u128).saturating_add(1), widths.parties)
    }

    /// The bits that an opening of this value needs once it is at f fraction bits.
    pub(super) fn opened(&self, id: NodeId, x: &Value, widths: Widths) -> u32 {
        self.bits(magnitude(self.seen[id.0]), self.allowed[id.0], x, widths)
    }

    /// The bits that a comparison of any two of these values needs.
    pub(super) fn compared(&self, id: NodeId, x: &Value, widths: Widths) -> u32 {
        let [least, most] = self.seen[id.0];
        let allowed = self.allowed[id.0] * if self.positive[id.0] { 1.0 } else { 2.0 };
        self.bits(most - least, allowed, x, widths)
    }

    /// The bits of a released value: there is no sign to find, so one less than an opening has.
    pub(super) fn released(&self, id: NodeId, x: &Value, widths: Widths) -> u32 {
        self.opened(id, x, widths) - 1
    }

    /// The bits that an opening of a value needs of which only this is known: that it is no larger, margin included.
    #[allow(clippy::unused_self, reason = "it is asked of what calibration knows, as the others are")]
    pub(super) fn reaching(&self, largest: f64, x: &Value, widths: Widths) -> u32 {
        let integer = (largest * (1u64 << widths.fraction) as f64 * x.factor as f64).ceil() as u128;
        opened(integer.saturating_add(2), widths.parties)
    }

    /// The largest magnitude of an operation on the samples, margin included.
    pub(super) fn reached(&self, id: NodeId) -> f64 {
        magnitude(self.seen[id.0]) * self.times()
    }

    /// The sizes of the weights of a product, by its index.
    pub(super) fn product(&self, k: usize, stage: &str) -> Option<Magnitude> {
        let size = self.products.get(k).filter(|p| p.stage == stage)?;
        Some(Magnitude { weights: size.weights, bias: size.bias })
    }

    /// The largest magnitude of an operation on the samples, and how far any two of its values are apart.
    pub(super) fn seen(&self, id: NodeId) -> [f64; 2] {
        let [least, most] = self.seen[id.0];
        [magnitude([least, most]), most - least]
    }

    fn bits(&self, seen: f64, allowed: f64, x: &Value, widths: Widths) -> u32 {
        let scale = (1u64 << widths.fraction) as f64 * x.factor as f64;
        // casts saturate: what is infinite takes more bits than there are
        let bits = |largest: f64| opened(((largest * scale).ceil() as u128).saturating_add(2), widths.parties);
        let (calibrated, proved) = (bits(seen * self.times()), bits(allowed));
        if proved <= calibrated + CERTAINTY { proved } else { calibrated }
    }
}

//! Whether a step's sizes fit its inputs and what the protocols and kernels can compute.

use super::super::step::{Copy, Geometry, Kind, Step, Sum};
use super::super::wire::{self, CHAIN};
use super::super::{Opening, Plan, Sparse};
use super::product;
use crate::protocol::argmax::Axis;
use crate::protocol::group::LARGEST;
use crate::protocol::max::Windows;
use crate::protocol::piecewise::width;
use crate::protocol::powers::DEGREE;
use crate::protocol::product::Form;
use crate::protocol::{Compare, Fold};
use undertone_shape::MAX_RANK;

/// The largest size of one axis.
const AXIS: usize = 1 << 24;

impl Plan {
    /// Whether a step reads inputs of the number, sizes and kinds that it needs, and has sizes that its protocol can compute.
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of step")]
    pub(super) fn step_fits(&self, step: &Step, holders: &[Option<usize>], limit: usize) -> bool {
        let input = |k: usize| step.inputs.get(k).map(|i| &self.steps[*i]);
        let len = |k: usize| input(k).map(|s| s.len);
        // the party that has an input by itself
        let held = |k: usize| step.inputs.get(k).and_then(|i| holders.get(*i).copied().flatten());
        let arity = match &step.kind {
            Kind::Input(_) => 0,
            Kind::Add | Kind::Product(_) => 2,
            Kind::Move(copies) => copies.len().max(1),
            _ => 1,
        };
        // opened values are read by products and polynomials alone, and by moves that leave them opened; results of narrow comparisons by a ReLU that opens no more bits than they have
        let wire_of = |k: usize| step.inputs.get(k).and_then(|i| wire::opening(&self.steps, *i));
        let readable = |k: usize| match input(k).map(|s| &s.kind) {
            Some(Kind::Max { narrow: true, compare: wide, .. } | Kind::MaxOver { narrow: true, compare: wide, .. }) => {
                matches!(step.kind, Kind::Relu { t: 0, compare } if compare.m <= wide.m)
            }
            Some(Kind::Release(_)) | None => false,
            Some(_) => match (wire_of(k), &step.kind) {
                (Some(_), Kind::Move(copies)) => {
                    copies.len() == 1 && wire::opening_within(&self.steps, step.inputs[k], CHAIN - 1).is_some()
                }
                (Some(opening), _) => self.may_read(step, opening),
                (None, kind) => !matches!(kind, Kind::Linear { .. } | Kind::Product(_) | Kind::Polynomial(_)),
            },
        };
        if step.inputs.len() != arity || !(0..arity).all(readable) {
            return false;
        }
        let s = self.settings;
        let word = if s.is_narrow() { u32::BITS } else { u64::BITS };
        // without a calibration there is one width for all, and the ranges of the stages are what follows from it
        let declared = |m: u32| self.is_calibrated() || m == s.opened;
        let widths = |t: u32, m: u32| Fold { n: s.ring, t, m }.is_valid(word) && declared(m);
        // a difference of values of either sign needs one bit more than a value
        let differs = |m: u32| declared(m) || m == s.opened + 1;
        // what is compared is at most as wide as the ring
        let compares = |c: &Compare| c.is_valid() && c.m <= s.ring;
        // of an opening with thresholds, none of which is beyond it; digits cover one bit more of it
        let thresholds = |c: &Compare, t: u32, all: &[i64]| {
            t <= s.ring / 2
                && widths(t, c.m)
                && c.is_valid()
                && !c.fused
                && c.opening(width(c.m, all)).is_valid()
                && width(c.m, all) <= word
                && all.iter().all(|p| p.unsigned_abs() <= 1 << (c.m - 2))
        };
        match &step.kind {
            Kind::Piecewise { t, compare, function, bits, .. } => {
                len(0) == Some(step.len)
                    && function.is_valid()
                    && thresholds(compare, *t, &function.thresholds)
                    // a square has the fraction bits of both its factors, and says so
                    && (*bits == s.fraction || *bits == 0 && function.pieces.iter().all(|piece| piece.square == 0))
            }
            Kind::Curve { t, compare, width, curve, .. } => {
                let m = compare.m;
                // digits cover one bit more than the opening where a threshold may be that far away; nothing is compared without any
                let compared = || {
                    if curve.thresholds.is_empty() {
                        return *compare == Compare::new(m) && *width == m;
                    }
                    let covers = *width == m || *width == m + 1;
                    compare.is_valid() && !compare.fused && covers && *width <= word && compare.opening(*width).is_valid()
                };
                let opens = m <= s.ring && *t <= s.ring && Fold { n: s.ring, t: *t, m }.is_valid(word);
                len(0) == Some(step.len) && opens && curve.is_valid(s.ring, *t, m) && compared()
            }
            Kind::Compact { t, compare, width, function, .. } => {
                let m = compare.m;
                let opens = m <= s.ring && *t <= s.ring && Fold { n: s.ring, t: *t, m }.is_valid(word);
                let compared =
                    compare.is_valid() && !compare.fused && *width == m + 1 && *width <= word && compare.opening(*width).is_valid();
                len(0) == Some(step.len) && opens && function.is_valid(s.ring, m) && compared
            }
            Kind::Above { t, compare, threshold } => len(0) == Some(step.len) && thresholds(compare, *t, &[*threshold]),
            Kind::Input(k) => self.inputs.get(*k).is_some_and(|i| i.shape.len() <= MAX_RANK && product(&i.shape) == Some(step.len)),
            Kind::Open(opening) => {
                let to = opening.to;
                len(0) == Some(step.len) && opening.from == held(0) && (to.is_none() || to == self.keeper() || to == opening.from)
            }
            Kind::Release(r) => self.releases.get(*r).is_some_and(|r| len(0) == Some(step.len) && step.inputs == [r.value.step]),
            Kind::Times(times) => len(0) == Some(step.len) && times.numbers.fit(step.len, s.ring),
            Kind::Plus(plus) => {
                let adds = held(0).unwrap_or(0);
                len(0) == Some(step.len) && plus.numbers.fit(step.len, s.ring) && plus.by == adds
            }
            Kind::Round { t } => len(0) == Some(step.len) && (1..=s.ring / 2).contains(t) && held(0).is_some(),
            // rows have sums and products at scales of their own, of which all is opened that the ring has room for
            Kind::Truncate { t, m } => {
                let opens = declared(*m) || m.checked_add(*t) == Some(s.ring);
                len(0) == Some(step.len) && (1..=s.ring / 2).contains(t) && Fold { n: s.ring, t: *t, m: *m }.is_valid(word) && opens
            }
            Kind::Relu { t, compare } => len(0) == Some(step.len) && *t <= s.ring / 2 && widths(*t, compare.m) && compares(compare),
            Kind::Sparse(sparse) => sparse_fits(sparse, len(0), step.len),
            Kind::Add => len(0) == Some(step.len) && len(1) == Some(step.len),
            Kind::Linear { geometry, weight } => {
                self.weights.get(*weight).is_some_and(|w| geometry.weights() == Some(w.len) && w.out == geometry.out)
                    && geometry.fits(limit)
                    && len(0) == Some(geometry.conv().inputs())
                    && step.len == geometry.conv().outputs()
            }
            Kind::Product(p) => {
                form_fits(&p.form)
                    && (0..2).all(|k| reads_all(&p.read[k], len(k), p.form.operands()[k]))
                    && step.len == p.form.outputs()
                    && self.adds_alike(step)
            }
            Kind::Polynomial(p) => len(0) == Some(step.len) && (2..=DEGREE + 1).contains(&p.coefficients.len()),
            Kind::Max { windows, compare, group, .. } => {
                compares(compare)
                    && differs(compare.m)
                    && (2..=LARGEST).contains(group)
                    && (*group == 2 || !compare.fused)
                    && windows_fit(windows, len(0), step.len)
            }
            Kind::MaxOver { over, compare, group, .. } => {
                let sizes = [over.outer, over.size, over.inner];
                compares(compare)
                    && differs(compare.m)
                    && (2..=LARGEST).contains(group)
                    && (*group == 2 || !compare.fused)
                    && over.is_valid()
                    && sizes.iter().all(|v| (1..AXIS).contains(v))
                    && product(&sizes) == len(0)
                    && product(&[over.outer, over.ends.len(), over.inner]) == Some(step.len)
            }
            Kind::ArgMax { axis, compare, group } => {
                compares(compare) && differs(compare.m) && !compare.fused && axis.takes(*group) && axis_fits(axis, len(0), step.len)
            }
            Kind::TopK { search, compare } => {
                let results = product(&[search.axis.outer, search.axis.inner]).filter(|n| n.checked_mul(search.k) == Some(step.len));
                compares(compare)
                    && differs(compare.m)
                    && !compare.fused
                    && search.is_valid()
                    && results.is_some_and(|results| axis_fits(&search.axis, len(0), results))
            }
            Kind::Sum(Sum(windows)) => windows_fit(windows, len(0), step.len),
            Kind::Move(copies) => {
                // no element is written twice: a plan of many copies would make others move for ever
                let moved = copies.iter().fold(0usize, |sum, copy| sum.saturating_add(copy.reach().2));
                moved <= step.len && copies.iter().enumerate().all(|(k, c)| copy_fits(c, len(k), step.len))
            }
        }
    }
}

impl Plan {
    /// Whether a step may read an opening. What only the keeper of the weights learns is for products with them; in a product of secrets every party takes part, unless one has
    /// all operands by itself, which are not sent then.
    fn may_read(&self, step: &Step, opening: Opening) -> bool {
        match &step.kind {
            Kind::Linear { .. } => opening.to.is_none() || opening.to == self.keeper(),
            Kind::Product(_) | Kind::Polynomial(_) => opening.to.is_none() || !opening.is_sent(),
            _ => false,
        }
    }

    /// Whether both operands are opened to all, or neither is and one party has both.
    fn adds_alike(&self, step: &Step) -> bool {
        let opening = |k: usize| step.inputs.get(k).and_then(|i| wire::opening(&self.steps, *i));
        match (opening(0), opening(1)) {
            (Some(a), Some(b)) => (a.is_sent() && b.is_sent()) || (!a.is_sent() && a == b),
            _ => false,
        }
    }
}

impl Geometry {
    /// The number of weights, unless it overflows.
    fn weights(&self) -> Option<usize> {
        let [depth, height, width] = self.kernel;
        product(&[self.out, depth, height, width, self.c / self.groups.max(1)])
    }

    /// Whether the kernels can compute it: nothing is zero, a window fits, and the padded input has at most `limit` elements.
    fn fits(&self, limit: usize) -> bool {
        let channels = [self.c, self.out, self.groups];
        let sizes = || channels.iter().chain(&self.size).chain(&self.kernel).chain(&self.stride).chain(&self.dilation);
        if !sizes().chain(&self.padding).all(|v| *v < AXIS) || sizes().any(|v| *v == 0) {
            return false;
        }
        let side = |i: usize| self.size[i] + 2 * self.padding[i];
        let reach = |i: usize| self.dilation[i].checked_mul(self.kernel[i] - 1);
        self.c.is_multiple_of(self.groups)
            && self.out.is_multiple_of(self.groups)
            && (0..3).all(|i| reach(i).is_some_and(|r| side(i) > r))
            && product(&[side(0), side(1), side(2), self.c]).is_some_and(|n| n <= limit)
            && product(&[side(0), side(1), side(2), self.out]).is_some()
    }
}

fn windows_fit(w: &Windows, input: Option<usize>, output: usize) -> bool {
    let sizes = w.size.iter().chain(&w.kernel).chain(&w.stride).chain([&w.channels]);
    let sane =
        sizes.chain(&w.padding).all(|v| *v < AXIS) && w.size.iter().chain(&w.kernel).chain(&w.stride).all(|v| *v > 0) && w.channels > 0;
    if !sane || !(0..3).all(|i| 2 * w.padding[i] <= w.kernel[i] && w.size[i] + 2 * w.padding[i] >= w.kernel[i]) {
        return false;
    }
    let with = |sizes: [usize; 3]| product(&[sizes[0], sizes[1], sizes[2], w.channels]);
    with(w.size) == input && with(w.pooled()) == Some(output)
}

fn axis_fits(axis: &Axis, input: Option<usize>, output: usize) -> bool {
    let sizes = [axis.outer, axis.size, axis.inner];
    sizes.iter().all(|v| (1..AXIS).contains(v)) && product(&sizes) == input && product(&[axis.outer, axis.inner]) == Some(output)
}

/// Whether every row's terms lie inside of the axis. What they compute is bounded with the work of the step.
fn sparse_fits(s: &Sparse, input: Option<usize>, output: usize) -> bool {
    let sizes = [s.outer, s.size, s.inner];
    sizes.iter().all(|v| (1..AXIS).contains(v))
        && product(&sizes) == input
        && product(&[s.outer, s.ends.len(), s.inner]) == Some(output)
        && s.ends.is_sorted()
        && s.ends.last() == Some(&s.terms.len())
        && s.terms.iter().all(|(position, _)| *position < s.size)
        && (s.constants.is_empty() || s.constants.len() == s.ends.len())
}

/// Whether the sizes of a product are those of kernels.
fn form_fits(form: &Form) -> bool {
    match *form {
        Form::Each { len } => len > 0,
        Form::Matrix { count, rows, inner, columns } => {
            let sizes = [count, rows, inner, columns];
            sizes.iter().all(|v| (1..AXIS).contains(v))
                && [[count, rows, inner], [count, columns, inner], [count, rows, columns]].iter().all(|s| product(s).is_some())
        }
    }
}

/// Whether a copy fills all of an operand.
fn reads_all(copy: &Copy, input: Option<usize>, operand: usize) -> bool {
    copy_fits(copy, input, operand) && copy.reach().2 == operand
}

fn copy_fits(copy: &Copy, input: Option<usize>, output: usize) -> bool {
    let (from, to, moved) = copy.reach();
    copy.axes.len() <= MAX_RANK && input.is_some_and(|n| from <= n) && to <= output && moved <= output
}

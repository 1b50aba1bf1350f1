//! Lowering of what moves the positions of an axis, combines them by public numbers, or takes the largest of some.
//!
//! A value is taken as it lies in memory: none of these asks for another order of its axes.
//!
//! A common denominator becomes a factor of the result, exactly and for nothing, as long as all factors together stay within [`LARGEST_FACTOR`]. Beyond, as much of it
//! as need be becomes coefficients of f fraction bits, rounded so that a row keeps its sum, and the result sits at 2f as that of a product does: each coefficient is
//! off by less than 2^-f, so a result is by less than `terms * 2^-f / factor` times the largest value.

use super::super::sparse::Sparse;
use super::super::step::{Copy, Kind};
use super::super::widths::over_group;
use super::super::{Layout, Value};
use super::{LARGEST_FACTOR, Lower};
use crate::graph::op::resample::gcd;
use crate::graph::op::{MaxOver, Resample};
use crate::graph::{Node, NodeId};
use crate::protocol::max::Windows;
use crate::protocol::over::Over;
use undertone_shape::Shape;

/// The terms of a row: positions and numerators.
type Row = Vec<(usize, i64)>;

impl Lower<'_> {
    pub(super) fn gather(&mut self, node: &Node, axis: usize, indices: &[usize]) -> Result<Value, String> {
        let (x, shape) = (self.value(node.inputs[0])?, self.graph.node(node.inputs[0]).shape);
        let kind = match progression(indices) {
            Some((0, 1)) if indices.len() == shape.dim(axis) => return Ok(x),
            Some((first, step)) => {
                let (mut from, to) = (x.layout.strides(&shape), x.layout.strides(&node.shape));
                let start = first * from[axis];
                from[axis] *= step;
                Kind::Move(vec![Copy::new(&x.layout.0, &node.shape, &from, &to, start, 0)])
            }
            None => Kind::Sparse(Sparse::selection(sizes(&x.layout, &shape, axis)?, indices)),
        };
        let step = self.push(kind, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, ..x })
    }

    pub(super) fn pad(&mut self, node: &Node, before: &[usize], after: &[usize], value: f64) -> Result<Value, String> {
        let (x, mut shape) = (self.fraction(node.inputs[0])?, self.graph.node(node.inputs[0]).shape);
        if before.iter().chain(after).all(|n| *n == 0) {
            return Ok(x);
        }
        if value == 0.0 {
            let (from, to) = (x.layout.strides(&shape), x.layout.strides(&node.shape));
            let start = before.iter().zip(&to).map(|(n, stride)| n * stride).sum();
            let copy = Copy::new(&x.layout.0, &shape, &from, &to, 0, start);
            let step = self.push(Kind::Move(vec![copy]), vec![x.step], node.shape.numel(), &node.stage);
            return Ok(Value { step, ..x });
        }
        let constant = (value * x.scale()).round();
        if constant.abs() >= (1u64 << (self.s.ring - 2)) as f64 {
            return Err(format!("the constant {value} does not fit into the ring at the scale of the value that it is put beside"));
        }
        let mut step = x.step;
        for axis in (0..shape.rank()).filter(|axis| before[*axis] + after[*axis] > 0) {
            let size = shape.dim(axis);
            let inside = |j: usize| j.checked_sub(before[axis]).filter(|k| *k < size);
            let rows = 0..before[axis] + size + after[axis];
            let map =
                Sparse::new(sizes(&x.layout, &shape, axis)?, rows.clone().map(|j| inside(j).map(|k| (k, 1)).into_iter().collect()), 0, 1);
            let constants = rows.clone().map(|j| if inside(j).is_some() { 0 } else { constant as i64 }).collect();
            shape = shape.with_dim(axis, rows.len());
            step = self.push(Kind::Sparse(Sparse { constants, ..map }), vec![step], shape.numel(), &node.stage);
        }
        Ok(Value { step, ..x })
    }

    pub(super) fn max_over(&mut self, node: &Node, id: NodeId, over: &MaxOver) -> Result<Value, String> {
        let (x, shape) = (self.fraction(node.inputs[0])?, self.graph.node(node.inputs[0]).shape);
        let x = self.at_fraction(node.inputs[0], &x, &node.stage);
        let (compare, narrow) = (self.compared(node, &x), self.feeds_relus(id));
        let over = Over::new(sizes(&x.layout, &shape, over.axis)?, &over.windows);
        let group = over_group(&self.s, &over, compare, narrow);
        let step = self.push(Kind::MaxOver { over, compare, narrow, group }, vec![x.step], node.shape.numel(), &node.stage);
        Ok(Value { step, ..x })
    }

    pub(super) fn resample(&mut self, node: &Node, resample: &Resample) -> Result<Value, String> {
        let x = self.fraction(node.inputs[0])?;
        self.resampled(node.inputs[0], x, &self.graph.node(node.inputs[0]).shape, resample, &node.stage)
    }

    /// Means over windows whose division is too large for one factor: axis by axis.
    pub(super) fn means(&mut self, id: NodeId, x: Value, shape: &Shape, windows: &Windows, stage: &str) -> Result<Value, String> {
        let (mut x, mut shape) = (x, *shape);
        for axis in (1..shape.rank()).rev() {
            // the spatial axes are the innermost of the three
            let place = 3 + axis - shape.rank();
            let count = windows.pooled()[place];
            let rows: Vec<(Vec<usize>, usize)> = (0..count).map(|k| (windows.cover(place, k).collect(), windows.kernel[place])).collect();
            x = self.resampled(id, x, &shape, &Resample::quotients(axis, &rows), stage)?;
            shape = shape.with_dim(axis, count);
        }
        Ok(x)
    }

    /// `x`, which has the range of the value of `id` and this shape, with the positions of an axis combined.
    fn resampled(&mut self, id: NodeId, x: Value, shape: &Shape, resample: &Resample, stage: &str) -> Result<Value, String> {
        let Resample { axis, denominator, rows } = resample;
        let common = rows.iter().flatten().fold(*denominator, |g, (_, numerator)| gcd(g, numerator.unsigned_abs()));
        let (factor, rest) = divided(denominator / common, x.factor, self.s.fraction);
        let bits = if rest == 1 { 0 } else { self.s.fraction };
        let x = if bits == 0 { x } else { self.at_fraction(id, &x, stage) };
        let rows: Option<Vec<Row>> = rows.iter().map(|row| coefficients(row, common, rest, bits)).collect();
        let rows = rows.ok_or("the coefficients of a weighted sum are too large")?;
        let len = shape.with_dim(*axis, rows.len()).numel();
        let map = Sparse::new(sizes(&x.layout, shape, *axis)?, rows.into_iter(), bits, factor);
        let step = self.push(Kind::Sparse(map), vec![x.step], len, stage);
        Ok(Value { step, bits: x.bits + bits, factor: x.factor * factor, ..x })
    }
}

/// Elements outside of an axis in memory, its positions, and elements inside.
fn sizes(layout: &Layout, shape: &Shape, axis: usize) -> Result<[usize; 3], String> {
    let place = layout.0.iter().position(|a| usize::from(*a) == axis).ok_or("no such axis")?;
    let product = |axes: &[u8]| axes.iter().map(|a| shape.dim(usize::from(*a))).product();
    Ok([product(&layout.0[..place]), shape.dim(axis), product(&layout.0[place + 1..])])
}

/// First position and step of positions that grow evenly.
fn progression(indices: &[usize]) -> Option<(usize, usize)> {
    match *indices {
        [] => None,
        [first] => Some((first, 1)),
        [first, second, ..] => {
            let step = second.checked_sub(first).filter(|step| *step > 0)?;
            indices.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(step)).then_some((first, step))
        }
    }
}

/// What of a denominator becomes a factor beside one that is there already, and what is left for coefficients of f bits: of several ways the one with the smallest
/// factor that leaves f / 2 bits or more to the coefficients.
fn divided(denominator: u64, carried: u64, f: u32) -> (u64, u64) {
    let most = LARGEST_FACTOR / carried.max(1);
    if denominator <= most {
        return (denominator, 1);
    }
    let mut factors = (1..=most.max(1)).filter(|factor| denominator.is_multiple_of(*factor));
    let precise = factors.clone().find(|factor| denominator / factor <= 1 << (f / 2));
    let factor = precise.or_else(|| factors.next_back()).unwrap_or(1);
    (factor, denominator / factor)
}

/// A row's numerators over `denominator`, at so many fraction bits: rounded down, but for those that lose most, so that the row keeps its sum. `None` where one does
/// not fit.
fn coefficients(row: &Row, common: u64, denominator: u64, bits: u32) -> Option<Row> {
    let (denominator, common) = (i128::from(denominator), i128::from(common));
    let scaled = |numerator: &i64| (i128::from(*numerator) / common) << bits;
    let mut all: Vec<(usize, i128)> = row.iter().map(|(position, n)| (*position, scaled(n).div_euclid(denominator))).collect();
    let sum: i128 = row.iter().map(|(_, n)| scaled(n)).sum();
    let missing = (2 * sum + denominator).div_euclid(2 * denominator) - all.iter().map(|(_, c)| c).sum::<i128>();
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by_key(|k| core::cmp::Reverse(scaled(&row[*k].1).rem_euclid(denominator)));
    order.iter().take(usize::try_from(missing).ok()?).for_each(|k| all[*k].1 += 1);
    all.into_iter().map(|(position, c)| Some((position, i64::try_from(c).ok().filter(|c| c.unsigned_abs() < 1 << 48)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evenly_growing_positions_are_found() {
        assert_eq!(progression(&[3, 5, 7]), Some((3, 2)));
        assert_eq!(progression(&[4]), Some((4, 1)));
        for other in [&[][..], &[2, 1], &[1, 1], &[0, 1, 3]] {
            assert_eq!(progression(other), None, "{other:?}");
        }
    }

    #[test]
    fn denominators_are_carried_while_they_fit() {
        assert_eq!(divided(36, 1, 16), (36, 1));
        assert_eq!(divided(4096, 1, 16), (4096, 1));
        assert_eq!(divided(9, 729, 16), (1, 9));
        assert_eq!(divided(10_000, 1, 16), (40, 250), "250 leaves 8 bits to the coefficients");
        assert_eq!(divided(10_007, 1, 16), (1, 10_007), "a prime");
        assert_eq!(divided(u64::MAX, 4096, 8), (1, u64::MAX));
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "whole numbers")]
    fn coefficients_keep_the_sum_of_their_row() {
        let row = |numerators: &[i64]| numerators.iter().copied().enumerate().collect::<Row>();
        assert_eq!(coefficients(&row(&[6, -4]), 2, 1, 0), Some(row(&[3, -2])));
        for (numerators, denominator, bits) in [(&[1i64; 7][..], 7, 16), (&[1, 2, 4], 7, 8), (&[-3, 10, 1], 8, 12), (&[5, -5, 1], 11, 4)] {
            let got = coefficients(&row(numerators), 1, denominator, bits).unwrap();
            let one = (1i64 << bits) as f64 / denominator as f64;
            let sum = (numerators.iter().sum::<i64>() as f64 * one).round();
            assert_eq!(got.iter().map(|(_, c)| *c).sum::<i64>() as f64, sum, "{numerators:?} / {denominator}");
            assert!(got.iter().zip(numerators).all(|((_, c), n)| (*c as f64 - *n as f64 * one).abs() < 1.0), "{got:?}");
        }
        assert_eq!(coefficients(&row(&[i64::MAX]), 1, 1, 0), None);
    }
}

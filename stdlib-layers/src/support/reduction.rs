//! Axes that become one position: the common part of `Mean` and `Sum`.

use super::{one, refused, shapes};
use undertone_runtime::graph::op::Resample;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

/// The fields of a reduction.
pub(crate) struct Reduction {
    /// The axes; none stands for all.
    pub(crate) axes: &'static [usize],
    /// Whether they stay, with size 1.
    pub(crate) keep: bool,
    /// Whether the sum is divided by the number of positions.
    pub(crate) mean: bool,
}

impl Reduction {
    pub(crate) const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        let mut reduced = [self.axes.is_empty(); MAX_RANK];
        let mut i = 0;
        while i < self.axes.len() {
            let axis = self.axes[i];
            if axis >= x.rank() {
                return Err(ShapeError::field("axes", axis, "below the rank of the input"));
            }
            if reduced[axis] {
                return Err(ShapeError::field("axes", axis, "each axis at most once"));
            }
            reduced[axis] = true;
            i += 1;
        }
        let (mut dims, mut rank, mut axis) = ([1; MAX_RANK], 0, 0);
        while axis < x.rank() {
            if reduced[axis] && x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            if !reduced[axis] {
                dims[rank] = x.dim(axis);
            }
            if !reduced[axis] || self.keep {
                rank += 1;
            }
            axis += 1;
        }
        Ok(Shape::from_slice(dims.split_at(rank).0))
    }

    pub(crate) fn build<'g>(&self, g: &mut Scope<'g>, layer: &str, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, layer, e, x),
        };
        let mut y = x[0];
        for axis in (0..y.shape().rank()).filter(|axis| self.axes.is_empty() || self.axes.contains(axis)) {
            let size = y.shape().dim(axis);
            let denominator = if self.mean { size as u64 } else { 1 };
            y = g.resample(y, Resample { axis, denominator, rows: vec![(0..size).map(|position| (position, 1)).collect()] });
        }
        g.reshape(y, shape)
    }
}

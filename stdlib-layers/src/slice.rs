//! A part of the positions of an axis.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Every `step`-th position of an axis from `start` up to but not including `end`. PyTorch: `x[:, start:end:step]`, whose axes count the batch too; positions from
/// the end, which Python writes as negative numbers, are written as what they are.
///
/// ```text
/// [.., a, ..] to [.., ceil((min(end, a) - start) / step), ..]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally.
///
/// **Errors.** Other than one input; an `axis` that the input does not have; `step` 0; a `start` that is not below the size of the axis and below `end`.
///
/// ```
/// use undertone_layers::Slice;
/// use undertone_shape::Shape;
/// let every_second = Slice { axis: 1, step: 2, ..Slice::DEFAULT };
/// assert_eq!(every_second.infer(&[Shape::new([16, 33])]), Ok(Shape::new([16, 17])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// The axis; 0 is the channels.
    pub axis: usize,
    /// The first position.
    pub start: usize,
    /// One past the last position that may be taken; beyond the axis, its end.
    pub end: usize,
    /// The distance between positions.
    pub step: usize,
}

impl Slice {
    /// All channels.
    pub const DEFAULT: Self = Self { axis: 0, start: 0, end: usize::MAX, step: 1 };

    /// The input's shape with the positions that are taken on `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if self.step == 0 {
            return Err(ShapeError::field("step", 0, "at least 1"));
        }
        if self.start >= self.end {
            return Err(ShapeError::field("start", self.start, "below `end`"));
        }
        let size = x.dim(self.axis);
        if self.start >= size {
            return Err(ShapeError::too_small(self.axis, self.start.saturating_add(1), x));
        }
        let end = if self.end < size { self.end } else { size };
        Ok(x.with_dim(self.axis, (end - self.start).div_ceil(self.step)))
    }
}

impl Layer for Slice {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(shape) => g.gather(x[0], self.axis, (0..shape.dim(self.axis)).map(|k| self.start + k * self.step)),
            Err(e) => refused(g, "slice", e, x),
        }
    }
}

//! One of several parts of a value.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// One of the parts into which an axis is cut: as many as `parts`, each of `ceil(a / parts)` positions, the last one of what is left. PyTorch:
/// `torch.chunk(x, parts, dim)[part]`, whose `dim` counts the batch too. A layer has one result, so each part is a stage of its own; parts of other sizes
/// are those of [`Slice`](crate::Slice).
///
/// ```text
/// [.., a, ..] to [.., min(ceil(a / parts), a - part * ceil(a / parts)), ..]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally.
///
/// **Errors.** Other than one input; an `axis` that the input does not have; `parts` missing; a `part` that does not exist: with few positions there are fewer parts.
///
/// ```
/// use undertone_layers::Split;
/// use undertone_shape::Shape;
/// let last = Split { parts: 3, part: 2, ..Split::DEFAULT };
/// assert_eq!(last.infer(&[Shape::new([8, 4])]), Ok(Shape::new([2, 4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The axis; 0 is the channels.
    pub axis: usize,
    /// The number of parts; required.
    pub parts: usize,
    /// Which of them, from 0.
    pub part: usize,
}

impl Split {
    /// The first part of the channels; `parts` is missing.
    pub const DEFAULT: Self = Self { axis: 0, parts: 0, part: 0 };

    /// The input's shape with the positions of the part on `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if self.parts == 0 {
            return Err(ShapeError::required("parts"));
        }
        if self.part >= self.parts {
            return Err(ShapeError::field("part", self.part, "below `parts`"));
        }
        let (size, each) = (x.dim(self.axis), x.dim(self.axis).div_ceil(self.parts));
        let start = self.part.saturating_mul(each);
        if start >= size {
            return Err(ShapeError::field("part", self.part, "below the number of parts that so few positions give"));
        }
        Ok(x.with_dim(self.axis, if size - start < each { size - start } else { each }))
    }
}

impl Layer for Split {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(shape) => {
                let start = self.part * x[0].shape().dim(self.axis).div_ceil(self.parts);
                g.gather(x[0], self.axis, start..start + shape.dim(self.axis))
            }
            Err(e) => refused(g, "split", e, x),
        }
    }
}

//! Values joined along an axis.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Two or more values one after the other along `axis`: `(a, b) -> Concat { axis: 0 }`. PyTorch: `torch.cat`, whose `dim` counts
/// the batch dimension too.
///
/// ```text
/// [.., a, ..], [.., b, ..] to [.., a + b, ..]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally.
///
/// **Errors.** Fewer than two inputs; an `axis` that the first input does not have; inputs that differ in rank or on another axis.
///
/// ```
/// use undertone_layers::Concat;
/// use undertone_shape::Shape;
/// let skip_and_up = [Shape::new([8, 16, 16]), Shape::new([4, 16, 16])];
/// assert_eq!(Concat::DEFAULT.infer(&skip_and_up), Ok(Shape::new([12, 16, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concat {
    /// The axis along which the values are joined; 0 is the channels.
    pub axis: usize,
}

impl Concat {
    /// Along the channels.
    pub const DEFAULT: Self = Self { axis: 0 };

    /// The first input's shape with the sum of the sizes on `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if x.len() < 2 {
            return Err(ShapeError::arity(2, x.len()));
        }
        if self.axis >= x[0].rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the inputs"));
        }
        let mut out = x[0];
        let mut i = 1;
        while i < x.len() {
            if let Err(e) = joins(self.axis, x[0], x[i]) {
                return Err(e);
            }
            out = out.with_dim(self.axis, out.dim(self.axis).saturating_add(x[i].dim(self.axis)));
            i += 1;
        }
        Ok(out)
    }
}

impl Layer for Concat {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "concat", e, x);
        }
        g.concat(x, self.axis)
    }
}

/// Whether `next` has the dimensions of `first` on every axis but `axis`.
const fn joins(axis: usize, first: Shape, next: Shape) -> Result<(), ShapeError> {
    if next.rank() != first.rank() {
        return Err(ShapeError::rank(first.rank(), next));
    }
    let mut i = 0;
    while i < first.rank() {
        if i != axis && next.dim(i) != first.dim(i) {
            return Err(ShapeError::dim(i, first.dim(i), next));
        }
        i += 1;
    }
    Ok(())
}

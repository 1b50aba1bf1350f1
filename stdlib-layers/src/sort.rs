//! Values in order.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// The elements of `axis` in ascending order, or in descending order; an axis of at most 64. PyTorch: `torch.sort(x, dim=axis + 1, descending).values`.
///
/// **Parameters.** None.
///
/// **Cost.** That of [`TopKValues`](crate::TopKValues) with all elements of the axis: every pair is compared.
///
/// **Errors.** Other than one input; a scalar; an `axis` beyond the rank, of size 0, or of more than 64.
///
/// ```
/// use undertone_layers::Sort;
/// use undertone_shape::Shape;
/// assert_eq!(Sort::DEFAULT.infer(&[Shape::new([20])]), Ok(Shape::new([20])));
/// assert!(Sort::DEFAULT.infer(&[Shape::new([65])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sort {
    /// The axis that is sorted.
    pub axis: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Sort {
    /// The first axis, ascending.
    pub const DEFAULT: Self = Self { axis: 0, descending: false };

    /// Any shape but a scalar gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let largest = if let [x] = x { x.dim(self.axis) } else { 0 };
        if largest > op::TopK::GROUP {
            return Err(ShapeError::field("axis", self.axis, "an axis of at most 64"));
        }
        self.op(largest).infer(x)
    }

    const fn op(&self, size: usize) -> op::TopK {
        op::TopK { axis: self.axis, k: if size == 0 { 1 } else { size }, values: true }
    }
}

impl Layer for Sort {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "sort", e, x);
        }
        let size = x[0].shape().dim(self.axis);
        let sorted = g.topk(x[0], self.op(size));
        if self.descending { sorted } else { g.gather(sorted, self.axis, (0..size).rev()) }
    }
}

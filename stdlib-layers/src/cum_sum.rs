//! Running sums.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Resample;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Position `j` of the result is the sum of positions 0 to `j` along `axis`; any shape but a scalar. PyTorch: `torch.cumsum(x, dim=axis + 1)`.
///
/// **Parameters.** None.
///
/// **Cost.** None: a public linear map, computed locally and exactly.
///
/// **Errors.** Other than one input; an `axis` beyond the rank, or of size 0.
///
/// ```
/// use undertone_layers::CumSum;
/// use undertone_shape::Shape;
/// assert_eq!(CumSum { axis: 1 }.infer(&[Shape::new([4, 10])]), Ok(Shape::new([4, 10])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CumSum {
    /// The axis along which is summed.
    pub axis: usize,
}

impl CumSum {
    /// Along the first axis.
    pub const DEFAULT: Self = Self { axis: 0 };

    /// Any shape but a scalar gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.axis >= x.rank() {
            return Err(ShapeError::field("axis", self.axis, "below the rank of the input"));
        }
        if x.dim(self.axis) == 0 {
            return Err(ShapeError::too_small(self.axis, 1, x));
        }
        Ok(x)
    }
}

impl Layer for CumSum {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "cum_sum", e, x);
        }
        let rows = (0..x[0].shape().dim(self.axis)).map(|j| (0..=j).map(|position| (position, 1)).collect()).collect();
        g.resample(x[0], Resample { axis: self.axis, denominator: 1, rows })
    }
}

//! Two axes in each other's place.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Two axes in each other's place. PyTorch: `torch.transpose`, whose axes count the batch too.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally, and only where somebody needs another order.
///
/// **Errors.** Other than one input; an axis that the input does not have.
///
/// ```
/// use undertone_layers::Transpose;
/// use undertone_shape::Shape;
/// assert_eq!(Transpose { first: 0, second: 2 }.infer(&[Shape::new([3, 4, 5])]), Ok(Shape::new([5, 4, 3])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transpose {
    /// One of the axes.
    pub first: usize,
    /// The other one.
    pub second: usize,
}

impl Transpose {
    /// The first two axes.
    pub const DEFAULT: Self = Self { first: 0, second: 1 };

    /// The input's dimensions, two of them exchanged.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.first >= x.rank() {
            return Err(ShapeError::field("first", self.first, "below the rank of the input"));
        }
        if self.second >= x.rank() {
            return Err(ShapeError::field("second", self.second, "below the rank of the input"));
        }
        Ok(x.with_dim(self.first, x.dim(self.second)).with_dim(self.second, x.dim(self.first)))
    }
}

impl Layer for Transpose {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "transpose", e, x);
        }
        let mut axes: Vec<usize> = (0..x[0].shape().rank()).collect();
        axes.swap(self.first, self.second);
        g.permute(x[0], &axes)
    }
}

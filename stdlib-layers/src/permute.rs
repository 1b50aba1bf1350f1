//! The axes in another order.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

/// The axes in another order: axis `i` of the result is axis `axes[i]` of the input. PyTorch: `x.permute`, whose axes count the
/// batch too.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally.
///
/// **Errors.** Other than one input; `axes` missing, of another length than the input's rank, or not each axis exactly once.
///
/// ```
/// use undertone_layers::Permute;
/// use undertone_shape::Shape;
/// assert_eq!(Permute { axes: &[1, 0] }.infer(&[Shape::new([29, 100])]), Ok(Shape::new([100, 29])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permute {
    /// Which axis of the input comes first, second, …; required.
    pub axes: &'static [usize],
}

impl Permute {
    /// `axes` is missing.
    pub const DEFAULT: Self = Self { axes: &[] };

    /// The input's dimensions in the order of `axes`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.axes.is_empty() {
            return Err(ShapeError::required("axes"));
        }
        if self.axes.len() != x.rank() {
            return Err(ShapeError::rank(self.axes.len(), x));
        }
        let mut seen = [false; MAX_RANK];
        let mut out = x;
        let mut i = 0;
        while i < x.rank() {
            let from = self.axes[i];
            if from >= x.rank() || seen[from] {
                return Err(ShapeError::field("axes", from, "each axis exactly once"));
            }
            seen[from] = true;
            out = out.with_dim(i, x.dim(from));
            i += 1;
        }
        Ok(out)
    }
}

impl Layer for Permute {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "permute", e, x);
        }
        g.permute(x[0], self.axes)
    }
}

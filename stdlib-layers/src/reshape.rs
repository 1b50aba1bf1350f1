//! The same elements with other dimensions.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

/// The same elements in the same order, seen with the dimensions `to`. PyTorch: `x.reshape`, whose dimensions count the batch too;
/// none of them may be -1 here.
///
/// **Parameters.** None.
///
/// **Cost.** None.
///
/// **Errors.** Other than one input; `to` missing or longer than 8; another number of elements.
///
/// ```
/// use undertone_layers::Reshape;
/// use undertone_shape::Shape;
/// assert_eq!(Reshape { to: &[4, 7] }.infer(&[Shape::new([28])]), Ok(Shape::new([4, 7])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reshape {
    /// The dimensions of the result, without the batch; required.
    pub to: &'static [usize],
}

impl Reshape {
    /// `to` is missing.
    pub const DEFAULT: Self = Self { to: &[] };

    /// Any shape with as many elements gives `to`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.to.is_empty() {
            return Err(ShapeError::required("to"));
        }
        if self.to.len() > MAX_RANK {
            return Err(ShapeError::field("to.len()", self.to.len(), "at most 8"));
        }
        let wanted = Shape::from_slice(self.to);
        if wanted.numel() != x.numel() {
            return Err(ShapeError::elements(wanted, x));
        }
        Ok(wanted)
    }
}

impl Layer for Reshape {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(shape) => g.reshape(x[0], shape),
            Err(e) => refused(g, "reshape", e, x),
        }
    }
}

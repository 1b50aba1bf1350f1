//! All elements in one axis.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// All elements in one axis, the last axis running fastest: any shape to `[elements]`. PyTorch: `nn.Flatten`.
///
/// **Parameters.** None.
///
/// **Cost.** None.
///
/// **Errors.** Other than one input.
///
/// ```
/// use undertone_layers::Flatten;
/// use undertone_shape::Shape;
/// assert_eq!(Flatten.infer(&[Shape::new([16, 5, 5])]), Ok(Shape::new([400])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flatten;

impl Flatten {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// Any shape gives `[elements]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        match one(x) {
            Ok(x) => Ok(Shape::new([x.numel()])),
            Err(e) => Err(e),
        }
    }
}

impl Layer for Flatten {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(shape) => g.reshape(x[0], shape),
            Err(e) => refused(g, "flatten", e, x),
        }
    }
}

//! Normalisation by the root of the mean square.

use crate::support::{live, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Normalize;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Normalisation of the last axes by the root of their mean square: `[t, d]` to `[t, d]`. PyTorch: `nn.RMSNorm(x.shape[-axes:], eps=1e-5)`.
///
/// ```text
/// y = x / sqrt(mean of x^2 + epsilon) * weight,   the mean over the last axes of each row
/// ```
/// PyTorch adds the smallest distance of two floats where it is given no `eps`; here `epsilon` is 1e-5 unless another is given.
///
/// **Parameters.** Unless `affine: false`, `weight` of the shape of the last axes starts at 1.
///
/// **Cost.** As [`LayerNorm`](crate::LayerNorm), without a mean: 7 rounds and 70 bits, 283 bits of corrections. Its error and its limits are the same, with the
/// mean square in the place of the variance.
///
/// **Errors.** Other than one input; fewer axes than are normalised, none, or one of size 0; an `epsilon` that is not positive and finite.
///
/// ```
/// use undertone_layers::RmsNorm;
/// use undertone_shape::Shape;
/// assert_eq!(RmsNorm::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsNorm {
    /// How many axes, the last ones, are normalised together.
    pub axes: usize,
    /// Added to the mean square before the root.
    pub epsilon: f64,
    /// Whether there is a weight for each element of a row.
    pub affine: bool,
}

impl RmsNorm {
    /// Over the last axis, with a weight.
    pub const DEFAULT: Self = Self { axes: 1, epsilon: 1e-5, affine: true };

    /// Any shape of enough axes gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.op().infer(x)
    }

    const fn op(&self) -> Normalize {
        Normalize { axes: self.axes, eps: self.epsilon, centred: false }
    }
}

impl Layer for RmsNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(_) => live::last_axes(g, x[0], self.op(), [self.affine, false]),
            Err(e) => refused(g, "rms_norm", e, x),
        }
    }
}

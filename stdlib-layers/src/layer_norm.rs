//! Layer normalisation.

use crate::support::{live, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Normalize;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Normalisation of the last axes by their own mean and variance: `[t, d]` to `[t, d]`. PyTorch: `nn.LayerNorm(x.shape[-axes:])`.
///
/// ```text
/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias,   mean and biased variance over the last axes of each row
/// ```
/// **Parameters.** Unless `affine: false`, `weight` of the shape of the last axes starts at 1, and unless `bias: false`, `bias` of the same shape at 0.
///
/// **Cost.** On 64 rows of 768, with all row work, per element: 8 rounds and 70 bits, 283 bits of corrections; a weight takes a round and the opening for it
/// besides. A result is off by up to 2^-10 at the default numbers and `epsilon`, on rows of up to 768. There a mean is below 2^10 in magnitude, a variance
/// below 2^14, and the length of a row times its variance below 2^22: beyond, results are garbage.
///
/// **Errors.** Other than one input; fewer axes than are normalised, none, or one of size 0; an `epsilon` that is not positive and finite.
///
/// ```
/// use undertone_layers::LayerNorm;
/// use undertone_shape::Shape;
/// assert_eq!(LayerNorm::DEFAULT.infer(&[Shape::new([16, 64])]), Ok(Shape::new([16, 64])));
/// assert!(LayerNorm { axes: 3, ..LayerNorm::DEFAULT }.infer(&[Shape::new([16, 64])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNorm {
    /// How many axes, the last ones, are normalised together.
    pub axes: usize,
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// Whether there is a weight for each element of a row.
    pub affine: bool,
    /// Whether there is a bias as well.
    pub bias: bool,
}

impl LayerNorm {
    /// PyTorch's numbers, over the last axis, with weight and bias.
    pub const DEFAULT: Self = Self { axes: 1, epsilon: 1e-5, affine: true, bias: true };

    /// Any shape of enough axes gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.op().infer(x)
    }

    const fn op(&self) -> Normalize {
        Normalize { axes: self.axes, eps: self.epsilon, centred: true }
    }
}

impl Layer for LayerNorm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(_) => live::last_axes(g, x[0], self.op(), [self.affine, self.bias]),
            Err(e) => refused(g, "layer_norm", e, x),
        }
    }
}

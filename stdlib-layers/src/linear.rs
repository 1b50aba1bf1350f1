//! Linear layer.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// A matrix product over the last axis: `[.., in]` to `[.., out]`. PyTorch: `nn.Linear`.
///
/// ```text
/// y[.., o] = bias[o] + sum over i of weight[o, i] * x[.., i]
/// ```
///
/// **Parameters.** `weight: [out, in]` and, unless `bias: false`, `bias: [out]`; both start uniform in ±1/sqrt(in).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one matrix product in the ring and sends nothing. Offline 64 correction bits per element of the output.
///
/// **Errors.** Other than one input; a scalar; `out` missing; a last axis of size 0.
///
/// ```
/// use undertone_layers::Linear;
/// use undertone_shape::Shape;
/// let layer = Linear { out: 10, ..Linear::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([84])]), Ok(Shape::new([10])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// The number of outputs; required.
    pub out: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Linear {
    /// With bias; `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, bias: true };

    /// `[.., in]` gives `[.., out]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.out == 0 {
            return Err(ShapeError::required("out"));
        }
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        let last = x.rank() - 1;
        if x.dim(last) == 0 {
            return Err(ShapeError::too_small(last, 1, x));
        }
        Ok(x.with_dim(last, self.out))
    }
}

impl Layer for Linear {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "linear", e, x);
        }
        let shape = x[0].shape();
        let fan_in = shape.dim(shape.rank() - 1);
        let weight = g.parameter("weight", [self.out, fan_in], Init::Uniform { fan_in });
        let bias = self.bias.then(|| g.parameter("bias", [self.out], Init::Uniform { fan_in }));
        g.linear(x[0], weight, bias)
    }
}

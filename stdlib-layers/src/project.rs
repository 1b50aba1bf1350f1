//! A matrix product with a weight that is kept the other way round.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x weight + bias` over the last axis: `[.., in]` to `[.., out]`. PyTorch: `x @ weight`, as projections of CLIP and the `Conv1D` of GPT-2 are kept;
/// [`Linear`](crate::Linear) keeps the transpose.
///
/// **Parameters.** `weight: [in, out]`, which starts as that of a linear layer; with `bias: true`, `bias: [out]`, which starts at 0.
///
/// **Cost.** As [`Linear`](crate::Linear): the opening of `x`, 1 round, 64 bits per input element. A bias shares an opening of one number, which waits for no value.
///
/// **Errors.** Other than one input; a scalar, or a last axis of size 0; `out` missing, or of 2^24 and more.
///
/// ```
/// use undertone_layers::Project;
/// use undertone_shape::Shape;
/// assert_eq!(Project { out: 5, ..Project::DEFAULT }.infer(&[Shape::new([4, 7])]), Ok(Shape::new([4, 5])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Project {
    /// The size of the last axis of the result; required.
    pub out: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Project {
    /// Without a bias; `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, bias: false };

    /// `[.., in]` gives `[.., out]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.out == 0 {
            return Err(ShapeError::required("out"));
        }
        if self.out >= LARGEST_AXIS {
            return Err(ShapeError::field("out", self.out, "below 2^24"));
        }
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        if x.dim(x.rank() - 1) == 0 {
            return Err(ShapeError::too_small(x.rank() - 1, 1, x));
        }
        Ok(x.with_dim(x.rank() - 1, self.out))
    }
}

impl Layer for Project {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "project", e, x),
        };
        let inputs = x[0].shape().dim(shape.rank() - 1);
        let weight = g.parameter("weight", [inputs, self.out], Init::Uniform { fan_in: inputs });
        let rows = g.reshape(x[0], [x[0].shape().numel() / inputs, inputs]);
        let y = g.matmul(rows, weight);
        let y = if self.bias {
            let bias = g.parameter("bias", [self.out], Init::Constant(0.0));
            g.biased(y, 1, bias)
        } else {
            y
        };
        g.reshape(y, shape)
    }
}

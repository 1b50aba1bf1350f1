//! Rectifier with a slope below zero.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x` where it is positive and `slope x` elsewhere, element by element; any shape. PyTorch: `nn.LeakyReLU`, whose `negative_slope` this is.
///
/// ```text
/// y = slope x + (1 - slope) max(x, 0)
/// ```
///
/// **Parameters.** None: the slope is public. [`PRelu`](crate::PRelu) has one that is learned.
///
/// **Cost.** That of a [`Relu`](crate::Relu), one comparison an element; and before a convolution, a linear layer or a pool one truncation, a round and a bit an element.
///
/// **Errors.** Other than one input; a `slope` that is not finite.
///
/// ```
/// use undertone_layers::LeakyRelu;
/// use undertone_shape::Shape;
/// assert_eq!(LeakyRelu::DEFAULT.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 28, 28])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakyRelu {
    /// The slope below zero.
    pub slope: f64,
}

impl LeakyRelu {
    /// PyTorch's slope, 0.01.
    pub const DEFAULT: Self = Self { slope: 0.01 };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !self.slope.is_finite() {
            return Err(ShapeError::required("slope: a finite number"));
        }
        one(x)
    }
}

impl Layer for LeakyRelu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "leaky_relu", e, x);
        }
        let positive = g.relu(x[0]);
        let (below, above) = (g.scale(x[0], self.slope, 0.0), g.scale(positive, 1.0 - self.slope, 0.0));
        g.add(below, above)
    }
}

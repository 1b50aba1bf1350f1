//! Rectifier with a learned slope below zero.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x` where it is positive and `a x` elsewhere, with a slope `a` that is learned; any shape. PyTorch: `nn.PReLU`, whose `num_parameters` are 1 or the channels.
///
/// ```text
/// y = max(x, 0) + a (x - max(x, 0))
/// ```
///
/// **Parameters.** `weight: [1]`, one slope for all elements, or `weight: [c]`, one for each size of axis 0; it starts at 0.25.
///
/// **Cost.** That of a [`Relu`](crate::Relu), and of a convolution with one tap a channel: the part below zero is truncated and opened, 2 rounds and 65 bits an element.
///
/// **Errors.** Other than one input; a scalar where there is a slope a channel.
///
/// ```
/// use undertone_layers::PRelu;
/// use undertone_shape::Shape;
/// assert_eq!(PRelu::DEFAULT.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 28, 28])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PRelu {
    /// Whether each size of axis 0 has a slope of its own.
    pub per_channel: bool,
}

impl PRelu {
    /// PyTorch's: one slope for all.
    pub const DEFAULT: Self = Self { per_channel: false };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.per_channel && x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        Ok(x)
    }
}

impl Layer for PRelu {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "p_relu", e, x);
        }
        let shape = x[0].shape();
        let slopes = if self.per_channel { shape.dim(0) } else { 1 };
        let weight = g.parameter("weight", [slopes], Init::Constant(0.25));
        let positive = g.relu(x[0]);
        let minus = g.scale(positive, -1.0, 0.0);
        let below = g.add(x[0], minus);
        // the channels are the last axis for the product
        let flat = below.reshape([slopes, shape.numel() / slopes.max(1)]).permute([1, 0]);
        let product = g.mul(flat, weight);
        let below = product.permute([1, 0]).reshape(shape);
        g.add(positive, below)
    }
}

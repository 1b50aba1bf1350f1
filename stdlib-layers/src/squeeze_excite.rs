//! Channels weighed by what all of them hold.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use crate::{GlobalAvgPool, HardSigmoid};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Conv, Smooth};
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Each channel times a gate that follows from the means of all: `[c, h, w]` to `[c, h, w]`. Hu and others (2018). PyTorch:
/// `torchvision.ops.SqueezeExcitation(c, squeeze)`, or with `hard: true` with `scale_activation=nn.Hardsigmoid`.
///
/// ```text
/// y[i, ..] = x[i, ..] sigmoid(fc2(relu(fc1(means))))[i]
/// ```
/// **Parameters.** `fc1.weight: [squeeze, c, 1, 1]`, `fc1.bias: [squeeze]`, `fc2.weight: [c, squeeze, 1, 1]` and `fc2.bias: [c]`, which start as those of convolutions.
///
/// **Cost.** Means are local. Two openings of a number for each channel, a ReLU of `squeeze` and a [`Sigmoid`](crate::Sigmoid) of `c` numbers, or a hard one, and a product,
/// which opens `x`.
///
/// **Errors.** Other than one input; a rank other than 3; an axis of size 0; `squeeze` missing, or of 2^24 and more; an `approx` that is `Compact`,
/// or within what is no positive number.
///
/// ```
/// use undertone_layers::SqueezeExcite;
/// use undertone_shape::Shape;
/// let layer = SqueezeExcite { squeeze: 4, ..SqueezeExcite::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([16, 7, 7])]), Ok(Shape::new([16, 7, 7])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SqueezeExcite {
    /// Channels between the two products; required.
    pub squeeze: usize,
    /// Whether the gate is a hard sigmoid.
    pub hard: bool,
    /// Where and how a private run computes the sigmoid.
    pub approx: Approx,
}

impl SqueezeExcite {
    /// With a sigmoid; `squeeze` is missing.
    pub const DEFAULT: Self = Self { squeeze: 0, hard: false, approx: Approx::Everywhere };

    /// `[c, h, w]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.squeeze == 0 {
            return Err(ShapeError::required("squeeze"));
        }
        if self.squeeze >= LARGEST_AXIS {
            return Err(ShapeError::field("squeeze", self.squeeze, "below 2^24"));
        }
        if x.rank() != 3 {
            return Err(ShapeError::rank(3, x));
        }
        let mut axis = 0;
        while axis < 3 {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            axis += 1;
        }
        crate::support::curve::infer(Smooth::Sigmoid, self.approx, &[x])
    }
}

impl Layer for SqueezeExcite {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "squeeze_excite", e, x);
        }
        let c = x[0].shape().dim(0);
        let product = |g: &mut Scope<'g>, name: &str, x: Value<'g>, [out, inputs]: [usize; 2]| {
            let init = Init::Uniform { fan_in: inputs };
            let weight = g.parameter(&format!("{name}.weight"), [out, inputs, 1, 1], init);
            let bias = g.parameter(&format!("{name}.bias"), [out], init);
            g.conv(x, weight, Some(bias), Conv::PLAIN)
        };
        let means = GlobalAvgPool.build(g, x).reshape([c, 1, 1]);
        let hidden = product(g, "fc1", means, [self.squeeze, c]).relu();
        let gate = product(g, "fc2", hidden, [c, self.squeeze]);
        let gate = if self.hard { HardSigmoid.build(g, &[gate]) } else { g.curve(gate, Smooth::Sigmoid, self.approx) };
        g.mul(x[0], gate)
    }
}

//! Channels as pixels.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Groups of `factor * factor` channels as squares of pixels: `[c * factor * factor, h, w]` to `[c, h * factor, w * factor]`. PyTorch: `nn.PixelShuffle`.
///
/// ```text
/// y[i, j, k] = x[(i * factor + j % factor) * factor + k % factor, j / factor, k / factor]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally.
///
/// **Errors.** Other than one input; a rank other than 3; `factor` missing, or 2^24 or more; channels that are not a multiple of its square.
///
/// ```
/// use undertone_layers::PixelShuffle;
/// use undertone_shape::Shape;
/// assert_eq!(PixelShuffle { factor: 2 }.infer(&[Shape::new([12, 8, 8])]), Ok(Shape::new([3, 16, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelShuffle {
    /// How much higher and wider the result is; required.
    pub factor: usize,
}

impl PixelShuffle {
    /// `factor` is missing.
    pub const DEFAULT: Self = Self { factor: 0 };

    /// `[c * factor * factor, h, w]` gives `[c, h * factor, w * factor]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let (x, factor) = match one(x) {
            Ok(x) => (x, self.factor),
            Err(e) => return Err(e),
        };
        if factor == 0 {
            return Err(ShapeError::required("factor"));
        }
        if factor >= LARGEST_AXIS {
            return Err(ShapeError::field("factor", factor, "less than 2^24"));
        }
        if x.rank() != 3 {
            return Err(ShapeError::rank(3, x));
        }
        if !x.dim(0).is_multiple_of(factor * factor) {
            return Err(ShapeError::divisible(0, factor * factor, x));
        }
        Ok(Shape::new([x.dim(0) / (factor * factor), x.dim(1).saturating_mul(factor), x.dim(2).saturating_mul(factor)]))
    }
}

impl Layer for PixelShuffle {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(shape) => {
                let ([_, h, w], c, factor) = (x[0].dims(), shape.dim(0), self.factor);
                g.reshape(x[0], [c, factor, factor, h, w]).permute([0, 3, 1, 4, 2]).reshape(shape)
            }
            Err(e) => refused(g, "pixel_shuffle", e, x),
        }
    }
}

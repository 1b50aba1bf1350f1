//! The largest value of each channel.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// The largest value of each channel: `[c, spatial…]` to `[c]`, over any number of spatial axes. PyTorch: `nn.AdaptiveMaxPool2d(1)` and `nn.Flatten`.
///
/// ```text
/// y[i] = max of x[i, ..]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** As [`MaxPool2d`](crate::MaxPool2d): n - 1 comparisons of 54 bits for n positions, in ceil(log2 n) levels of 4 rounds, or fewer by larger groups.
///
/// **Errors.** Other than one input; no spatial axis; a spatial axis of size 0.
///
/// ```
/// use undertone_layers::GlobalMaxPool;
/// use undertone_shape::Shape;
/// assert_eq!(GlobalMaxPool.infer(&[Shape::new([64, 8, 8])]), Ok(Shape::new([64])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalMaxPool;

impl GlobalMaxPool {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// `[c, spatial…]` gives `[c]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if x.rank() < 2 {
            return Err(ShapeError::rank(2, x));
        }
        let mut axis = 1;
        while axis < x.rank() {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            axis += 1;
        }
        Ok(Shape::new([x.dim(0)]))
    }
}

impl Layer for GlobalMaxPool {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "global_max_pool", e, x);
        }
        let shape = x[0].shape();
        let channels = shape.dim(0);
        let spatial = shape.dims()[1..].iter().product();
        let pool = op::MaxPool { kernel: [spatial, 1, 1], stride: [spatial, 1, 1], padding: [0; 3] };
        let rows = g.reshape(x[0], [channels, spatial]);
        g.max_pool(rows, pool).reshape([channels])
    }
}

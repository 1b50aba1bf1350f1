//! The largest value of each window.

use crate::support::{Pooling, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The largest value of each window over two axes: `[c, h, w]` to `[c, h', w']`. PyTorch: `nn.MaxPool2d`, without `ceil_mode`.
///
/// ```text
/// y[i, j, k] = max over p, q < kernel of x[i, j * stride - padding + p, k * stride - padding + q]
/// h' = floor((h + 2 padding - kernel) / stride) + 1, and w' likewise
/// ```
/// Positions in the padding take no part.
///
/// **Parameters.** None.
///
/// **Cost.** First each row of a window is reduced, then the rows: ceil(log2 kernel) levels for each of the two axes. A level is 4 rounds.
/// A comparison of values of either sign is 54 bits (35 for the opening of a difference, 18 to look up and join its digits, 1 for the
/// sign under its mask), of values after a ReLU 51. The four values of the default take 3 comparisons and 8 rounds per output. Where
/// the pool goes before the ReLU and after a product, every element is truncated first: 1 round and 1 bit more.
///
/// **Errors.** Other than one input; a rank other than 3; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window.
///
/// ```
/// use undertone_layers::MaxPool2d;
/// use undertone_shape::Shape;
/// assert_eq!(MaxPool2d::DEFAULT.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool2d {
    /// The height and width of the window.
    pub kernel: usize,
    /// The step of the window on both axes; 0 means `kernel`.
    pub stride: usize,
    /// Positions added at each of the four sides, at most half of `kernel`.
    pub padding: usize,
}

impl MaxPool2d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self = Self { kernel: 2, stride: 0, padding: 0 };

    /// `[c, h, w]` gives `[c, h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Pooling {
        let Self { kernel, stride, padding } = *self;
        Pooling { spatial: 2, kernel, stride, padding }
    }
}

impl Layer for MaxPool2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "max_pool2d", &self.general(), x)
    }
}

/// The largest value of each window over one axis: `[c, t]` to `[c, t']`. PyTorch: `nn.MaxPool1d`, without `ceil_mode`.
///
/// ```text
/// y[i, j] = max over p < kernel of x[i, j * stride - padding + p]
/// t' = floor((t + 2 padding - kernel) / stride) + 1
/// ```
/// Positions in the padding take no part.
///
/// **Parameters.** None.
///
/// **Cost.** As [`MaxPool2d`]: 4 rounds a level and 54 bits a comparison. The two values of the default cost 4 rounds and 54 bits
/// per output.
///
/// **Errors.** Other than one input; a rank other than 2; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window.
///
/// ```
/// use undertone_layers::MaxPool1d;
/// use undertone_shape::Shape;
/// assert_eq!(MaxPool1d::DEFAULT.infer(&[Shape::new([6, 28])]), Ok(Shape::new([6, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool1d {
    /// The size of the window.
    pub kernel: usize,
    /// The step of the window; 0 means `kernel`.
    pub stride: usize,
    /// Positions added at both ends, at most half of `kernel`.
    pub padding: usize,
}

impl MaxPool1d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self = Self { kernel: 2, stride: 0, padding: 0 };

    /// `[c, t]` gives `[c, t']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Pooling {
        let Self { kernel, stride, padding } = *self;
        Pooling { spatial: 1, kernel, stride, padding }
    }
}

impl Layer for MaxPool1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "max_pool1d", &self.general(), x)
    }
}

fn build<'g>(g: &mut Scope<'g>, layer: &str, pooling: &Pooling, x: &[Value<'g>]) -> Value<'g> {
    if let Err(e) = pooling.infer(&shapes(x)) {
        return refused(g, layer, e, x);
    }
    let [kernel, stride, padding] = pooling.axes();
    g.max_pool(x[0], op::MaxPool { kernel, stride, padding })
}

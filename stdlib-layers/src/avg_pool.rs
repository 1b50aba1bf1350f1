//! The mean of each window.

use crate::support::{Pooling, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The mean of each window over two axes: `[c, h, w]` to `[c, h', w']`. PyTorch: `nn.AvgPool2d` with `count_include_pad=True`, without `ceil_mode`.
///
/// ```text
/// y[i, j, k] = sum over p, q < kernel of x[i, j * stride - padding + p, k * stride - padding + q] / kernel^2
/// h' = floor((h + 2 padding - kernel) / stride) + 1, and w' likewise
/// ```
/// Positions in the padding count as zeros.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result.
///
/// **Errors.** Other than one input; a rank other than 3; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window.
///
/// ```
/// use undertone_layers::AvgPool2d;
/// use undertone_shape::Shape;
/// assert_eq!(AvgPool2d::DEFAULT.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvgPool2d {
    /// The height and width of the window.
    pub kernel: usize,
    /// The step of the window on both axes; 0 means `kernel`.
    pub stride: usize,
    /// Zeros added at each of the four sides, at most half of `kernel`.
    pub padding: usize,
}

impl AvgPool2d {
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

impl Layer for AvgPool2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "avg_pool2d", &self.general(), x)
    }
}

/// The mean of each window over one axis: `[c, t]` to `[c, t']`. PyTorch: `nn.AvgPool1d` with `count_include_pad=True`, without `ceil_mode`.
///
/// ```text
/// y[i, j] = sum over p < kernel of x[i, j * stride - padding + p] / kernel
/// t' = floor((t + 2 padding - kernel) / stride) + 1
/// ```
/// Positions in the padding count as zeros.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result.
///
/// **Errors.** Other than one input; a rank other than 2; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window.
///
/// ```
/// use undertone_layers::AvgPool1d;
/// use undertone_shape::Shape;
/// assert_eq!(AvgPool1d::DEFAULT.infer(&[Shape::new([6, 28])]), Ok(Shape::new([6, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvgPool1d {
    /// The size of the window.
    pub kernel: usize,
    /// The step of the window; 0 means `kernel`.
    pub stride: usize,
    /// Zeros added at both ends, at most half of `kernel`.
    pub padding: usize,
}

impl AvgPool1d {
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

impl Layer for AvgPool1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "avg_pool1d", &self.general(), x)
    }
}

fn build<'g>(g: &mut Scope<'g>, layer: &str, pooling: &Pooling, x: &[Value<'g>]) -> Value<'g> {
    if let Err(e) = pooling.infer(&shapes(x)) {
        return refused(g, layer, e, x);
    }
    let [kernel, stride, padding] = pooling.axes();
    g.avg_pool(x[0], op::AvgPool { kernel, stride, padding })
}

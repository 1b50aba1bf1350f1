//! The largest value of each window.

use crate::support::{Pooling, axes_of, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The largest value of each window over two axes: `[c, h, w]` to `[c, h', w']`. PyTorch: `nn.MaxPool2d`.
///
/// ```text
/// y[i, j, k] = max over p, q < kernel of x[i, j * stride - padding + p * dilation, k * stride - padding + q * dilation]
/// h' = floor((h + 2 padding - dilation * (kernel - 1) - 1) / stride) + 1, and w' likewise; with ceil_mode rounded up
/// ```
/// Positions in the padding take no part.
///
/// **Parameters.** None.
///
/// **Cost.** Each axis by itself: ceil(log2 kernel) levels. A level is 4 rounds. A comparison of values of either sign is 54 bits (35 for the opening of a
/// difference, 18 to look up and join its digits, 1 for the sign under its mask), of values after a ReLU 51. The four values of the default take 3 comparisons and 8
/// rounds per output; larger groups than pairs are compared where that is faster. Where the pool goes before the ReLU and after a product, every element is truncated
/// first: 1 round and 1 bit more.
///
/// **Errors.** Other than one input; a rank other than 3; `kernel` or `dilation` 0; `padding` above half of `kernel`, or such that a window lies
/// in it alone; an input smaller than the window; a list with another number of entries than there are axes.
///
/// ```
/// use undertone_layers::MaxPool2d;
/// use undertone_shape::Shape;
/// assert_eq!(MaxPool2d::DEFAULT.infer(&[Shape::new([6, 28, 28])]), Ok(Shape::new([6, 14, 14])));
/// let rows = MaxPool2d { kernels: &[1, 3], strides: &[1, 2], ..MaxPool2d::DEFAULT };
/// assert_eq!(rows.infer(&[Shape::new([6, 28, 29])]), Ok(Shape::new([6, 28, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool2d {
    /// The height and width of the window.
    pub kernel: usize,
    /// The step of the window on both axes; 0 means `kernel`.
    pub stride: usize,
    /// Positions added at each of the four sides, at most half of `kernel`.
    pub padding: usize,
    /// The distance between the positions of a window on both axes.
    pub dilation: usize,
    /// The size of the window on each axis, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The step of the window on each axis, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Positions added at both ends of each axis, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// The distance between the positions of a window on each axis, in the place of `dilation` where it is not empty.
    pub dilations: &'static [usize],
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
}

impl MaxPool2d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self =
        Self { kernel: 2, stride: 0, padding: 0, dilation: 1, kernels: &[], strides: &[], paddings: &[], dilations: &[], ceil_mode: false };

    /// `[c, h, w]` gives `[c, h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Pooling {
        Pooling {
            spatial: 2,
            kernel: axes_of!(self, kernel, kernels),
            stride: axes_of!(self, stride, strides),
            padding: axes_of!(self, padding, paddings),
            dilation: axes_of!(self, dilation, dilations),
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for MaxPool2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "max_pool2d", &self.general(), x)
    }
}

/// The largest value of each window over one axis: `[c, t]` to `[c, t']`. PyTorch: `nn.MaxPool1d`.
///
/// ```text
/// y[i, j] = max over p < kernel of x[i, j * stride - padding + p * dilation]
/// t' = floor((t + 2 padding - dilation * (kernel - 1) - 1) / stride) + 1; with ceil_mode rounded up
/// ```
/// Positions in the padding take no part.
///
/// **Parameters.** None.
///
/// **Cost.** As [`MaxPool2d`]: 4 rounds a level and 54 bits a comparison. The two values of the default cost 4 rounds and 54 bits per output.
///
/// **Errors.** Other than one input; a rank other than 2; `kernel` or `dilation` 0; `padding` above half of `kernel`, or such that a window lies
/// in it alone; an input smaller than the window.
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
    /// The distance between the positions of a window.
    pub dilation: usize,
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
}

impl MaxPool1d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self = Self { kernel: 2, stride: 0, padding: 0, dilation: 1, ceil_mode: false };

    /// `[c, t]` gives `[c, t']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Pooling {
        Pooling {
            spatial: 1,
            kernel: axes_of!(self, kernel),
            stride: axes_of!(self, stride),
            padding: axes_of!(self, padding),
            dilation: axes_of!(self, dilation),
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for MaxPool1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "max_pool1d", &self.general(), x)
    }
}

/// The largest value of each window over three axes: `[c, d, h, w]` to `[c, d', h', w']`. PyTorch: `nn.MaxPool3d`.
///
/// ```text
/// y[i, j, k, l] = max over p, q, r < kernel of x[i, j * stride - padding + p * dilation, k * stride - padding + q * dilation, l * stride - padding + r * dilation]
/// d' = floor((d + 2 padding - dilation * (kernel - 1) - 1) / stride) + 1, h' and w' likewise; with ceil_mode rounded up
/// ```
/// Positions in the padding take no part.
///
/// **Parameters.** None.
///
/// **Cost.** As [`MaxPool2d`], with a third axis: 4 rounds a level and 54 bits a comparison. The eight values of the default take 7 comparisons and 12 rounds per output.
///
/// **Errors.** Other than one input; a rank other than 4; `kernel` or `dilation` 0; `padding` above half of `kernel`, or such that a window lies
/// in it alone; an input smaller than the window; a list with another number of entries than there are axes.
///
/// ```
/// use undertone_layers::MaxPool3d;
/// use undertone_shape::Shape;
/// assert_eq!(MaxPool3d::DEFAULT.infer(&[Shape::new([6, 8, 28, 28])]), Ok(Shape::new([6, 4, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool3d {
    /// The depth, height and width of the window.
    pub kernel: usize,
    /// The step of the window on all axes; 0 means `kernel`.
    pub stride: usize,
    /// Positions added at each of the six sides, at most half of `kernel`.
    pub padding: usize,
    /// The distance between the positions of a window on all axes.
    pub dilation: usize,
    /// The size of the window on each axis, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The step of the window on each axis, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Positions added at both ends of each axis, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// The distance between the positions of a window on each axis, in the place of `dilation` where it is not empty.
    pub dilations: &'static [usize],
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
}

impl MaxPool3d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self =
        Self { kernel: 2, stride: 0, padding: 0, dilation: 1, kernels: &[], strides: &[], paddings: &[], dilations: &[], ceil_mode: false };

    /// `[c, d, h, w]` gives `[c, d', h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Pooling {
        Pooling {
            spatial: 3,
            kernel: axes_of!(self, kernel, kernels),
            stride: axes_of!(self, stride, strides),
            padding: axes_of!(self, padding, paddings),
            dilation: axes_of!(self, dilation, dilations),
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for MaxPool3d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "max_pool3d", &self.general(), x)
    }
}

fn build<'g>(g: &mut Scope<'g>, layer: &str, pooling: &Pooling, x: &[Value<'g>]) -> Value<'g> {
    if let Err(e) = pooling.infer(&shapes(x)) {
        return refused(g, layer, e, x);
    }
    let shape = x[0].shape();
    if pooling.is_plain(shape) {
        let [kernel, stride, padding] = pooling.axes();
        return g.max_pool(x[0], op::MaxPool { kernel, stride, padding });
    }
    // the first axis first: then the level with the most comparisons has the longest rows
    (0..pooling.spatial).fold(x[0], |y, axis| {
        let windows = pooling.windows(shape, axis).into_iter().map(|(positions, _)| positions).collect();
        g.max_over(y, op::MaxOver { axis: axis + 1, windows })
    })
}

//! The mean of each window.

use crate::support::{Pooling, UNDILATED, axes_of, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The mean of each window over two axes: `[c, h, w]` to `[c, h', w']`. PyTorch: `nn.AvgPool2d`, without `divisor_override`.
///
/// ```text
/// y[i, j, k] = sum over p, q < kernel of x[i, j * stride - padding + p, k * stride - padding + q] / kernel^2
/// h' = floor((h + 2 padding - kernel) / stride) + 1, and w' likewise; with ceil_mode rounded up
/// ```
/// Positions in the padding count as zeros; without `count_include_pad` they do not count, and the sum is divided by how many are left. What lies beyond the padding
/// never counts.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result, exactly. Where all means that a value went through divide by more
/// than 4096 in all, the rest of the division becomes public coefficients of as many fraction bits as weights have, which are truncated as a product is.
///
/// **Errors.** Other than one input; a rank other than 3; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window; a list with another number of entries than there are axes.
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
    /// The size of the window on each axis, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The step of the window on each axis, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Zeros added at both ends of each axis, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
    /// Whether positions in the padding count, as zeros: otherwise a mean is that of the positions inside of the input.
    pub count_include_pad: bool,
}

impl AvgPool2d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self =
        Self { kernel: 2, stride: 0, padding: 0, kernels: &[], strides: &[], paddings: &[], ceil_mode: false, count_include_pad: true };

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
            dilation: UNDILATED,
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for AvgPool2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "avg_pool2d", &self.general(), self.count_include_pad, x)
    }
}

/// The mean of each window over one axis: `[c, t]` to `[c, t']`. PyTorch: `nn.AvgPool1d`, without `divisor_override`.
///
/// ```text
/// y[i, j] = sum over p < kernel of x[i, j * stride - padding + p] / kernel
/// t' = floor((t + 2 padding - kernel) / stride) + 1; with ceil_mode rounded up
/// ```
/// Positions in the padding count as zeros; without `count_include_pad` they do not count, and the sum is divided by how many are left. What lies beyond the padding
/// never counts.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result, exactly. Where all means that a value went through divide by more
/// than 4096 in all, the rest of the division becomes public coefficients of as many fraction bits as weights have, which are truncated as a product is.
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
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
    /// Whether positions in the padding count, as zeros: otherwise a mean is that of the positions inside of the input.
    pub count_include_pad: bool,
}

impl AvgPool1d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self = Self { kernel: 2, stride: 0, padding: 0, ceil_mode: false, count_include_pad: true };

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
            dilation: UNDILATED,
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for AvgPool1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "avg_pool1d", &self.general(), self.count_include_pad, x)
    }
}

/// The mean of each window over three axes: `[c, d, h, w]` to `[c, d', h', w']`. PyTorch: `nn.AvgPool3d`, without `divisor_override`.
///
/// ```text
/// y[i, j, k, l] = sum over p, q, r < kernel of x[i, j * stride - padding + p, k * stride - padding + q, l * stride - padding + r] / kernel^3
/// d' = floor((d + 2 padding - kernel) / stride) + 1, h' and w' likewise; with ceil_mode rounded up
/// ```
/// Positions in the padding count as zeros; without `count_include_pad` they do not count, and the sum is divided by how many are left. What lies beyond the padding
/// never counts.
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result, exactly. Where all means that a value went through divide by more
/// than 4096 in all, the rest of the division becomes public coefficients of as many fraction bits as weights have, which are truncated as a product is.
///
/// **Errors.** Other than one input; a rank other than 4; `kernel` 0; `padding` above half of `kernel`; an input smaller than the window; a list with another number of entries than there are axes.
///
/// ```
/// use undertone_layers::AvgPool3d;
/// use undertone_shape::Shape;
/// assert_eq!(AvgPool3d::DEFAULT.infer(&[Shape::new([6, 8, 28, 28])]), Ok(Shape::new([6, 4, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvgPool3d {
    /// The depth, height and width of the window.
    pub kernel: usize,
    /// The step of the window on all axes; 0 means `kernel`.
    pub stride: usize,
    /// Zeros added at each of the six sides, at most half of `kernel`.
    pub padding: usize,
    /// The size of the window on each axis, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The step of the window on each axis, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Zeros added at both ends of each axis, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// Whether a last window counts that begins inside of the input or before it, and ends beyond its padding.
    pub ceil_mode: bool,
    /// Whether positions in the padding count, as zeros: otherwise a mean is that of the positions inside of the input.
    pub count_include_pad: bool,
}

impl AvgPool3d {
    /// Windows of 2 that touch.
    pub const DEFAULT: Self =
        Self { kernel: 2, stride: 0, padding: 0, kernels: &[], strides: &[], paddings: &[], ceil_mode: false, count_include_pad: true };

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
            dilation: UNDILATED,
            ceil_mode: self.ceil_mode,
        }
    }
}

impl Layer for AvgPool3d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "avg_pool3d", &self.general(), self.count_include_pad, x)
    }
}

fn build<'g>(g: &mut Scope<'g>, layer: &str, pooling: &Pooling, count_include_pad: bool, x: &[Value<'g>]) -> Value<'g> {
    if let Err(e) = pooling.infer(&shapes(x)) {
        return refused(g, layer, e, x);
    }
    let (shape, [kernel, stride, padding]) = (x[0].shape(), pooling.axes());
    if pooling.is_plain(shape) && (count_include_pad || padding == [0; 3]) {
        return g.avg_pool(x[0], op::AvgPool { kernel, stride, padding });
    }
    // how many positions of a box count is a product over its axes, and so is a mean over them
    (0..pooling.spatial).rev().fold(x[0], |y, axis| {
        let counted = |(positions, count): (Vec<usize>, usize)| {
            if count_include_pad { (positions, count) } else { (positions.clone(), positions.len()) }
        };
        let windows: Vec<(Vec<usize>, usize)> = pooling.windows(shape, axis).into_iter().map(counted).collect();
        g.resample(y, op::Resample::quotients(axis + 1, &windows))
    })
}

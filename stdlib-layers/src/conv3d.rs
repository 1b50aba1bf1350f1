//! Convolution over three axes.

use crate::support::{Channels, Convolution, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Convolution over three axes: `[c, d, h, w]` to `[out, d', h', w']`. PyTorch: `nn.Conv3d` with zero padding.
///
/// ```text
/// y[o, i, j, k] = bias[o] + sum over l, p, q, r of weight[o, l, p, q, r]
///                 * x[g * c/groups + l, i * stride - padding + p * dilation, j * stride - padding + q * dilation, k * stride - padding + r * dilation]
/// d' = floor((d + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, and h' and w' likewise
/// ```
/// where `g` is the group of `o`, and `x` is 0 outside of the volume. What differs by axis stands in lists, depth first:
/// `kernels: &[1, 3, 3]`.
///
/// **Parameters.** `weight: [out, c / groups, kernel, kernel, kernel]` and, unless `bias: false`, `bias: [out]`; both start uniform in
/// ±1/sqrt(c/groups · kernel³).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one convolution in the ring and sends nothing. Offline 64 correction bits per element of the output.
///
/// **Errors.** Other than one input; a rank other than 4; `out` missing or no multiple of `groups`; `groups`, `kernel`, `stride` or
/// `dilation` 0; a list with other than three entries; `c` 0 or no multiple of `groups`; an input smaller than the kernel's reach.
///
/// ```
/// use undertone_layers::Conv3d;
/// use undertone_shape::Shape;
/// let layer = Conv3d { out: 8, kernel: 3, padding: 1, strides: &[1, 2, 2], ..Conv3d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([1, 16, 28, 28])]), Ok(Shape::new([8, 16, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv3d {
    /// The number of output channels; required.
    pub out: usize,
    /// The depth, height and width of the kernel.
    pub kernel: usize,
    /// The step of the window on all three axes.
    pub stride: usize,
    /// Zeros added at each of the six sides.
    pub padding: usize,
    /// The distance between the taps on all three axes.
    pub dilation: usize,
    /// Depth, height and width of the kernel, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The steps of the window on all three axes, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Zeros added in front and behind, above and below, on the left and on the right, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// The distances between the taps on all three axes, in the place of `dilation` where it is not empty.
    pub dilations: &'static [usize],
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv3d {
    /// A pointwise convolution with bias; `out` is missing.
    pub const DEFAULT: Self = Self {
        out: 0,
        kernel: 1,
        stride: 1,
        padding: 0,
        dilation: 1,
        kernels: &[],
        strides: &[],
        paddings: &[],
        dilations: &[],
        groups: 1,
        bias: true,
    };

    /// `[c, d, h, w]` gives `[out, d', h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Convolution {
        Convolution {
            spatial: 3,
            channels: Channels::Mixed { out: self.out, groups: self.groups },
            kernel: axes_of!(self, kernel, kernels),
            stride: axes_of!(self, stride, strides),
            padding: axes_of!(self, padding, paddings),
            dilation: axes_of!(self, dilation, dilations),
            bias: self.bias,
        }
    }
}

impl Layer for Conv3d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "conv3d", x)
    }
}

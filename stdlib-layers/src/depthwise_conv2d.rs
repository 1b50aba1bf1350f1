//! Depthwise convolution over two axes.

use crate::support::{Channels, Convolution, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Depthwise convolution over two axes, each channel by itself: `[c, h, w]` to `[c * multiplier, h', w']`. PyTorch: `nn.Conv2d` with
/// `groups = in_channels` and `out_channels = in_channels * multiplier`.
///
/// ```text
/// y[i * multiplier + m, j, k] = bias[i * multiplier + m] + sum over p, q of weight[i * multiplier + m, 0, p, q]
///                               * x[i, j * stride - padding + p * dilation, k * stride - padding + q * dilation]
/// ```
/// Sizes are those of [`Conv2d`](crate::Conv2d). What differs by axis stands in lists, height first: `kernels: &[1, 7]`.
///
/// **Parameters.** `weight: [c * multiplier, 1, kernel, kernel]` and, unless `bias: false`, `bias: [c * multiplier]`; both start uniform in
/// ±1/sqrt(kernel²).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one convolution in the ring and sends nothing. Offline 64 correction bits per element of the output.
/// Kernel² products an output, c times fewer than those of a full convolution.
///
/// **Errors.** Other than one input; a rank other than 3; `multiplier`, `kernel`, `stride` or `dilation` 0; a list with other than two entries; `c` 0; an input
/// smaller than the kernel's reach.
///
/// ```
/// use undertone_layers::DepthwiseConv2d;
/// use undertone_shape::Shape;
/// let layer = DepthwiseConv2d { kernel: 3, stride: 2, padding: 1, ..DepthwiseConv2d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([16, 28, 28])]), Ok(Shape::new([16, 14, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthwiseConv2d {
    /// The height and width of the kernel.
    pub kernel: usize,
    /// The step of the window on both axes.
    pub stride: usize,
    /// Zeros added at each of the four sides.
    pub padding: usize,
    /// The distance between the taps on both axes.
    pub dilation: usize,
    /// Height and width of the kernel, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The steps of the window on both axes, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Zeros added above and below, and on the left and on the right, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// The distances between the taps on both axes, in the place of `dilation` where it is not empty.
    pub dilations: &'static [usize],
    /// Channels of the output for each of the input.
    pub multiplier: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl DepthwiseConv2d {
    /// One tap, one output channel an input channel, with bias.
    pub const DEFAULT: Self = Self {
        kernel: 1,
        stride: 1,
        padding: 0,
        dilation: 1,
        kernels: &[],
        strides: &[],
        paddings: &[],
        dilations: &[],
        multiplier: 1,
        bias: true,
    };

    /// `[c, h, w]` gives `[c * multiplier, h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Convolution {
        Convolution {
            spatial: 2,
            channels: Channels::Each { multiplier: self.multiplier },
            kernel: axes_of!(self, kernel, kernels),
            stride: axes_of!(self, stride, strides),
            padding: axes_of!(self, padding, paddings),
            dilation: axes_of!(self, dilation, dilations),
            bias: self.bias,
        }
    }
}

impl Layer for DepthwiseConv2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "depthwise_conv2d", x)
    }
}

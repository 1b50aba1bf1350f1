//! Depthwise convolution over one axis.

use crate::support::{Channels, Convolution, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Depthwise convolution over one axis, each channel by itself: `[c, t]` to `[c * multiplier, t']`. PyTorch: `nn.Conv1d` with
/// `groups = in_channels` and `out_channels = in_channels * multiplier`.
///
/// ```text
/// y[i * multiplier + m, j] = bias[i * multiplier + m] + sum over k of weight[i * multiplier + m, 0, k]
///                            * x[i, j * stride - padding + k * dilation]
/// ```
/// Sizes are those of [`Conv1d`](crate::Conv1d).
///
/// **Parameters.** `weight: [c * multiplier, 1, kernel]` and, unless `bias: false`, `bias: [c * multiplier]`; both start uniform in
/// ±1/sqrt(kernel).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one convolution in the ring and sends nothing. Offline 64 correction bits per element of the output.
/// Kernel products an output, c times fewer than those of a full convolution.
///
/// **Errors.** Other than one input; a rank other than 2; `multiplier`, `kernel`, `stride` or `dilation` 0; `c` 0; an input
/// smaller than the kernel's reach.
///
/// ```
/// use undertone_layers::DepthwiseConv1d;
/// use undertone_shape::Shape;
/// let layer = DepthwiseConv1d { kernel: 3, stride: 2, padding: 1, ..DepthwiseConv1d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([16, 28])]), Ok(Shape::new([16, 14])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthwiseConv1d {
    /// The number of taps.
    pub kernel: usize,
    /// The step of the window.
    pub stride: usize,
    /// Zeros added at both ends.
    pub padding: usize,
    /// The distance between the taps.
    pub dilation: usize,
    /// Channels of the output for each of the input.
    pub multiplier: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl DepthwiseConv1d {
    /// One tap, one output channel an input channel, with bias.
    pub const DEFAULT: Self = Self { kernel: 1, stride: 1, padding: 0, dilation: 1, multiplier: 1, bias: true };

    /// `[c, t]` gives `[c * multiplier, t']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Convolution {
        Convolution {
            spatial: 1,
            channels: Channels::Each { multiplier: self.multiplier },
            kernel: axes_of!(self, kernel),
            stride: axes_of!(self, stride),
            padding: axes_of!(self, padding),
            dilation: axes_of!(self, dilation),
            bias: self.bias,
        }
    }
}

impl Layer for DepthwiseConv1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "depthwise_conv1d", x)
    }
}

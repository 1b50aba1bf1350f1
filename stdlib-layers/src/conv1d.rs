//! Convolution over one axis.

use crate::support::{Channels, Convolution, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Convolution over one axis: `[c, t]` to `[out, t']`. PyTorch: `nn.Conv1d` with zero padding.
///
/// ```text
/// y[o, i] = bias[o] + sum over j, k of weight[o, j, k] * x[g * c/groups + j, i * stride - padding + k * dilation]
/// t' = floor((t + 2 padding - dilation (kernel - 1) - 1) / stride) + 1
/// ```
/// where `g` is the group of `o`, and `x` is 0 outside of `0..t`. `groups: c` is the depthwise convolution,
/// [`DepthwiseConv1d`](crate::DepthwiseConv1d).
///
/// **Parameters.** `weight: [out, c / groups, kernel]` and, unless `bias: false`, `bias: [out]`; both start uniform in
/// ±1/sqrt(c/groups · kernel).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one convolution in the ring and sends nothing. Offline 64 correction bits per element of the output.
///
/// **Errors.** Other than one input; a rank other than 2; `out` missing or no multiple of `groups`; `groups`, `kernel`, `stride` or
/// `dilation` 0; `c` 0 or no multiple of `groups`; an input shorter than the kernel's reach.
///
/// ```
/// use undertone_layers::Conv1d;
/// use undertone_shape::Shape;
/// let layer = Conv1d { out: 8, kernel: 11, stride: 2, padding: 5, ..Conv1d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([4, 100])]), Ok(Shape::new([8, 50])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv1d {
    /// The number of output channels; required.
    pub out: usize,
    /// The number of taps.
    pub kernel: usize,
    /// The step of the window.
    pub stride: usize,
    /// Zeros added at both ends.
    pub padding: usize,
    /// The distance between the taps.
    pub dilation: usize,
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv1d {
    /// A pointwise convolution with bias; `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1, bias: true };

    /// `[c, t]` gives `[out, t']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Convolution {
        Convolution {
            spatial: 1,
            channels: Channels::Mixed { out: self.out, groups: self.groups },
            kernel: axes_of!(self, kernel),
            stride: axes_of!(self, stride),
            padding: axes_of!(self, padding),
            dilation: axes_of!(self, dilation),
            bias: self.bias,
        }
    }
}

impl Layer for Conv1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "conv1d", x)
    }
}

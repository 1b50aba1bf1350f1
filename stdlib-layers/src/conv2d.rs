//! Convolution over two axes.

use crate::support::Convolution;
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Convolution over two axes with a square kernel: `[c, h, w]` to `[out, h', w']`. PyTorch: `nn.Conv2d` with zero padding.
///
/// ```text
/// y[o, i, j] = bias[o] + sum over l, p, q of weight[o, l, p, q]
///              * x[g * c/groups + l, i * stride - padding + p * dilation, j * stride - padding + q * dilation]
/// h' = floor((h + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, and w' likewise
/// ```
/// where `g` is the group of `o`, and `x` is 0 outside of the picture. `groups: c` is the depthwise convolution.
///
/// **Parameters.** `weight: [out, c / groups, kernel, kernel]` and, unless `bias: false`, `bias: [out]`; both start uniform in
/// ±1/sqrt(c/groups · kernel²).
///
/// **Cost.** One opening of `x`: 1 round, 64 bits per element of the input.
/// Then each party does one convolution in the ring and sends nothing. Offline 64 correction bits per element of the output.
///
/// **Errors.** Other than one input; a rank other than 3; `out` missing or no multiple of `groups`; `groups`, `kernel`, `stride` or
/// `dilation` 0; `c` 0 or no multiple of `groups`; an input smaller than the kernel's reach.
///
/// ```
/// use undertone_layers::Conv2d;
/// use undertone_shape::Shape;
/// let layer = Conv2d { out: 6, kernel: 5, padding: 2, ..Conv2d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([1, 28, 28])]), Ok(Shape::new([6, 28, 28])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// The number of output channels; required.
    pub out: usize,
    /// The height and width of the kernel.
    pub kernel: usize,
    /// The step of the window on both axes.
    pub stride: usize,
    /// Zeros added at each of the four sides.
    pub padding: usize,
    /// The distance between the taps on both axes.
    pub dilation: usize,
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv2d {
    /// A pointwise convolution with bias; `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, kernel: 1, stride: 1, padding: 0, dilation: 1, groups: 1, bias: true };

    /// `[c, h, w]` gives `[out, h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Convolution {
        let Self { out, kernel, stride, padding, dilation, groups, bias } = *self;
        Convolution { spatial: 2, out, kernel, stride, padding, dilation, groups, bias }
    }
}

impl Layer for Conv2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "conv2d", x)
    }
}

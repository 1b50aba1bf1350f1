//! Transposed convolution over two axes.

use crate::support::{Transposed, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Transposed convolution over two axes: `[c, h, w]` to `[out, h', w']`. PyTorch: `nn.ConvTranspose2d`.
///
/// ```text
/// y[o, j, k] = bias[o] + sum of weight[l, o - g * out/groups, p, q] * x[l, i, m]
///              over l, i, m, p, q with i * stride - padding + p * dilation = j and m * stride - padding + q * dilation = k
/// h' = (h - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1, and w' likewise
/// ```
/// where `g` is the group of `o`, and `l` runs over the channels of the input that belong to it. What differs by axis stands in lists,
/// height first: `strides: &[1, 2]`.
///
/// **Parameters.** `weight: [c, out / groups, kernel, kernel]` and, unless `bias: false`, `bias: [out]`; both start uniform in
/// ±1/sqrt(out/groups · kernel²).
///
/// **Cost.** One opening of `x`, at its own resolution: 1 round, 64 bits per element of the input. Then each party does one
/// convolution in the ring and sends nothing: `stride² · out` channels, ceil(kernel / stride)² taps, about h · w positions, the phases
/// of the result. Where `stride` divides `kernel` that is about h · w · kernel² products a pair of channels, as the plain model has; a
/// convolution over inserted zeros would have stride² as many. Offline 64 correction bits per element of the phases, which is about one
/// per element of the output.
///
/// **Errors.** Other than one input; a rank other than 3; `out` missing or no multiple of `groups`; `groups`, `kernel`, `stride` or
/// `dilation` 0; `output_padding` neither below `stride` nor below `dilation`; a list with other than two entries; `c` 0 or no multiple
/// of `groups`; an input so small that `padding` leaves nothing.
///
/// ```
/// use undertone_layers::ConvTranspose2d;
/// use undertone_shape::Shape;
/// let layer = ConvTranspose2d { out: 8, kernel: 2, stride: 2, ..ConvTranspose2d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([16, 14, 14])]), Ok(Shape::new([8, 28, 28])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvTranspose2d {
    /// The number of output channels; required.
    pub out: usize,
    /// The height and width of the kernel.
    pub kernel: usize,
    /// How far apart in the output neighbours of the input are, on both axes.
    pub stride: usize,
    /// Positions that are taken off each of the four sides of the output.
    pub padding: usize,
    /// Positions that are added below, and on the right of, the output.
    pub output_padding: usize,
    /// The distance between the taps on both axes.
    pub dilation: usize,
    /// Height and width of the kernel, in the place of `kernel` where it is not empty.
    pub kernels: &'static [usize],
    /// The strides of both axes, in the place of `stride` where it is not empty.
    pub strides: &'static [usize],
    /// Positions that are taken off above and below, and on the left and on the right, in the place of `padding` where it is not empty.
    pub paddings: &'static [usize],
    /// Positions that are added below, and on the right, in the place of `output_padding` where it is not empty.
    pub output_paddings: &'static [usize],
    /// The distances between the taps on both axes, in the place of `dilation` where it is not empty.
    pub dilations: &'static [usize],
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl ConvTranspose2d {
    /// One tap, stride 1, with bias; `out` is missing.
    pub const DEFAULT: Self = Self {
        out: 0,
        kernel: 1,
        stride: 1,
        padding: 0,
        output_padding: 0,
        dilation: 1,
        kernels: &[],
        strides: &[],
        paddings: &[],
        output_paddings: &[],
        dilations: &[],
        groups: 1,
        bias: true,
    };

    /// `[c, h, w]` gives `[out, h', w']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Transposed {
        Transposed {
            spatial: 2,
            out: self.out,
            kernel: axes_of!(self, kernel, kernels),
            stride: axes_of!(self, stride, strides),
            padding: axes_of!(self, padding, paddings),
            output_padding: axes_of!(self, output_padding, output_paddings),
            dilation: axes_of!(self, dilation, dilations),
            groups: self.groups,
            bias: self.bias,
        }
    }
}

impl Layer for ConvTranspose2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "conv_transpose2d", x)
    }
}

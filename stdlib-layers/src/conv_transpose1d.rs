//! Transposed convolution over one axis.

use crate::support::{Transposed, axes_of};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// Transposed convolution over one axis: `[c, t]` to `[out, t']`. PyTorch: `nn.ConvTranspose1d`.
///
/// ```text
/// y[o, j] = bias[o] + sum over l, i, p with i * stride - padding + p * dilation = j of weight[l, o - g * out/groups, p] * x[l, i]
/// t' = (t - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1
/// ```
/// where `g` is the group of `o`, and `l` runs over the channels of the input that belong to it.
///
/// **Parameters.** `weight: [c, out / groups, kernel]` and, unless `bias: false`, `bias: [out]`; both start uniform in
/// ±1/sqrt(out/groups · kernel).
///
/// **Cost.** One opening of `x`, at its own resolution: 1 round, 64 bits per element of the input. Then each party does one
/// convolution in the ring and sends nothing: `stride · out` channels, ceil(kernel / stride) taps, about t positions, the phases of the
/// result. Where `stride` divides `kernel` that is about t · kernel products a pair of channels, as the plain model has; a convolution over
/// inserted zeros would have t · stride · kernel. Offline 64 correction bits per element of the phases, which is about one per element of the output.
///
/// **Errors.** Other than one input; a rank other than 2; `out` missing or no multiple of `groups`; `groups`, `kernel`, `stride` or
/// `dilation` 0; `output_padding` neither below `stride` nor below `dilation`; `c` 0 or no multiple of `groups`; an input so short that
/// `padding` leaves nothing.
///
/// ```
/// use undertone_layers::ConvTranspose1d;
/// use undertone_shape::Shape;
/// let layer = ConvTranspose1d { out: 4, kernel: 4, stride: 2, padding: 1, ..ConvTranspose1d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([8, 50])]), Ok(Shape::new([4, 100])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvTranspose1d {
    /// The number of output channels; required.
    pub out: usize,
    /// The number of taps.
    pub kernel: usize,
    /// How far apart in the output neighbours of the input are.
    pub stride: usize,
    /// Positions that are taken off both ends of the output.
    pub padding: usize,
    /// Positions that are added at the far end of the output.
    pub output_padding: usize,
    /// The distance between the taps.
    pub dilation: usize,
    /// The number of groups into which input and output channels are split.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl ConvTranspose1d {
    /// One tap, stride 1, with bias; `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, kernel: 1, stride: 1, padding: 0, output_padding: 0, dilation: 1, groups: 1, bias: true };

    /// `[c, t]` gives `[out, t']`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Transposed {
        Transposed {
            spatial: 1,
            out: self.out,
            kernel: axes_of!(self, kernel),
            stride: axes_of!(self, stride),
            padding: axes_of!(self, padding),
            output_padding: axes_of!(self, output_padding),
            dilation: axes_of!(self, dilation),
            groups: self.groups,
            bias: self.bias,
        }
    }
}

impl Layer for ConvTranspose1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "conv_transpose1d", x)
    }
}

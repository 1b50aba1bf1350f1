//! The largest value of windows that follow from the size of the result.

use crate::support::{Adaptive, axes_of, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The largest value of each of `out` windows over two axes, which cover it evenly and may differ by one position: `[c, h, w]` to `[c, out, out]`. PyTorch: `nn.AdaptiveMaxPool2d`.
///
/// ```text
/// window j of an axis of n positions: floor(j n / out) up to but not including ceil((j + 1) n / out)
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** That of [`MaxPool2d`](crate::MaxPool2d): 4 rounds a level and 54 bits a comparison, ceil(log2) levels of the longest window of each axis.
///
/// **Errors.** Other than one input; a rank other than 3; `out` missing, or 2^24 or more; a spatial axis of size 0; a list with another number of entries than there are axes.
///
/// ```
/// use undertone_layers::AdaptiveMaxPool2d;
/// use undertone_shape::Shape;
/// let layer = AdaptiveMaxPool2d { out: 7, ..AdaptiveMaxPool2d::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([64, 10, 12])]), Ok(Shape::new([64, 7, 7])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveMaxPool2d {
    /// The size of each axis of the result; required.
    pub out: usize,
    /// The sizes of all axes of the result, in the place of `out` where it is not empty.
    pub outs: &'static [usize],
}

impl AdaptiveMaxPool2d {
    /// `out` is missing.
    pub const DEFAULT: Self = Self { out: 0, outs: &[] };

    /// `[c, h, w]` gives `[c, out, out]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Adaptive {
        Adaptive { spatial: 2, out: axes_of!(self, out, outs) }
    }
}

impl Layer for AdaptiveMaxPool2d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "adaptive_max_pool2d", &self.general(), x)
    }
}

/// The largest value of each of `out` windows over one axis, which cover it evenly and may differ by one position: `[c, t]` to `[c, out]`. PyTorch: `nn.AdaptiveMaxPool1d`.
///
/// ```text
/// window j of an axis of n positions: floor(j n / out) up to but not including ceil((j + 1) n / out)
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** That of [`MaxPool2d`](crate::MaxPool2d): 4 rounds a level and 54 bits a comparison, ceil(log2) levels of the longest window of each axis.
///
/// **Errors.** Other than one input; a rank other than 2; `out` missing, or 2^24 or more; a spatial axis of size 0.
///
/// ```
/// use undertone_layers::AdaptiveMaxPool1d;
/// use undertone_shape::Shape;
/// let layer = AdaptiveMaxPool1d { out: 7 };
/// assert_eq!(layer.infer(&[Shape::new([64, 10])]), Ok(Shape::new([64, 7])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveMaxPool1d {
    /// The size of the axis of the result; required.
    pub out: usize,
}

impl AdaptiveMaxPool1d {
    /// `out` is missing.
    pub const DEFAULT: Self = Self { out: 0 };

    /// `[c, t]` gives `[c, out]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as the same method of the layers with more fields")]
    const fn general(&self) -> Adaptive {
        Adaptive { spatial: 1, out: axes_of!(self, out) }
    }
}

impl Layer for AdaptiveMaxPool1d {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        build(g, "adaptive_max_pool1d", &self.general(), x)
    }
}

fn build<'g>(g: &mut Scope<'g>, layer: &str, adaptive: &Adaptive, x: &[Value<'g>]) -> Value<'g> {
    if let Err(e) = adaptive.infer(&shapes(x)) {
        return refused(g, layer, e, x);
    }
    let shape = x[0].shape();
    if let Some(kernel) = adaptive.even(shape) {
        return g.max_pool(x[0], op::MaxPool { kernel, stride: kernel, padding: [0; 3] });
    }
    (0..adaptive.spatial).fold(x[0], |y, axis| g.max_over(y, op::MaxOver { axis: axis + 1, windows: adaptive.windows(shape, axis) }))
}

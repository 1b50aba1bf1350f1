//! What several layers share: convolution over one to three axes, transposed or not, fields that differ by
//! axis, normalisation, windows of pools, smooth functions, differences, tables of public numbers, networks that read a sequence, and what `build` does with inputs that `infer`
//! refuses.

mod adaptive;
mod axes;
mod convolution;
pub(crate) mod curve;
pub(crate) mod difference;
pub(crate) mod live;
mod normalisation;
mod pooling;
mod recurrent;
mod reduction;
pub(crate) mod tables;
mod transposed;

pub(crate) use adaptive::Adaptive;
pub(crate) use axes::{Axes, axes_of};
pub(crate) use convolution::{Channels, Convolution};
pub(crate) use normalisation::Normalisation;
pub(crate) use pooling::{Pooling, UNDILATED};
pub(crate) use recurrent::{Recurrent, State};
pub(crate) use reduction::Reduction;
pub(crate) use transposed::Transposed;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// What the size of an axis stays below.
pub(crate) const LARGEST_AXIS: usize = 1 << 24;

/// The shapes of values, as `infer` takes them.
pub(crate) fn shapes(x: &[Value<'_>]) -> Vec<Shape> {
    x.iter().map(Value::shape).collect()
}

/// What `build` returns for inputs that `infer` refuses: the error becomes that of the trace, and nothing panics.
pub(crate) fn refused<'g>(g: &mut Scope<'g>, layer: &str, error: ShapeError, x: &[Value<'g>]) -> Value<'g> {
    g.stage(layer, Err(error), |g| x.first().copied().unwrap_or_else(|| g.buffer("missing_input", [], Init::Constant(0.0))))
}

/// The shape of the only input.
pub(crate) const fn one(x: &[Shape]) -> Infer {
    match *x {
        [x] => Ok(x),
        _ => Err(ShapeError::arity(1, x.len())),
    }
}

/// The shape that two or more inputs broadcast to.
pub(crate) const fn together(x: &[Shape]) -> Infer {
    if x.len() < 2 {
        return Err(ShapeError::arity(2, x.len()));
    }
    let mut out = x[0];
    let mut i = 1;
    while i < x.len() {
        match out.broadcast(&x[i]) {
            Ok(both) => out = both,
            Err(e) => return Err(e),
        }
        i += 1;
    }
    Ok(out)
}

/// The number of windows along `axis`: `floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1`.
///
/// # Errors
/// When kernel, stride or dilation is 0, or when not even one window fits.
pub(crate) const fn windows(
    x: Shape,
    axis: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
) -> Result<usize, ShapeError> {
    if kernel == 0 {
        return Err(ShapeError::field("kernel", 0, "at least 1"));
    }
    if stride == 0 {
        return Err(ShapeError::field("stride", 0, "at least 1"));
    }
    if dilation == 0 {
        return Err(ShapeError::field("dilation", 0, "at least 1"));
    }
    let reach = dilation.saturating_mul(kernel - 1).saturating_add(1);
    let both = padding.saturating_mul(2);
    let padded = x.dim(axis).saturating_add(both);
    if x.dim(axis) == 0 || padded < reach {
        let missing = reach.saturating_sub(both);
        return Err(ShapeError::too_small(axis, if missing == 0 { 1 } else { missing }, x));
    }
    Ok((padded - reach) / stride + 1)
}

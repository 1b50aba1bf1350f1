//! The mean over axes.

use crate::support::Reduction;
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// The mean over some axes: they are removed, or stay with size 1 where `keep` is set. PyTorch: `torch.mean(x, dim, keepdim)`, whose `dim` counts the batch too.
///
/// ```text
/// y[i, j] = sum over k of x[i, k, j] / size        for axes: &[1]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally, and the division is carried in the scale of the result, exactly. Where all means that a value went through divide by
/// more than 4096 in all, the rest of the division becomes public coefficients of as many fraction bits as weights have, which are truncated as a product is.
///
/// **Errors.** Other than one input; an axis that the input does not have, or twice; an axis of size 0.
///
/// ```
/// use undertone_layers::Mean;
/// use undertone_shape::Shape;
/// assert_eq!(Mean { axes: &[1, 2], keep: true }.infer(&[Shape::new([64, 8, 8])]), Ok(Shape::new([64, 1, 1])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    /// The axes; all of them where none is named.
    pub axes: &'static [usize],
    /// Whether the axes stay, with size 1.
    pub keep: bool,
}

impl Mean {
    /// Over all axes, which are removed.
    pub const DEFAULT: Self = Self { axes: &[], keep: false };

    /// The input's shape without the axes, or with 1 in their places.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Reduction {
        Reduction { axes: self.axes, keep: self.keep, mean: true }
    }
}

impl Layer for Mean {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "mean", x)
    }
}

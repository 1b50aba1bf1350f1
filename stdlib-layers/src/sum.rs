//! The sum over axes.

use crate::support::Reduction;
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// The sum over some axes: they are removed, or stay with size 1 where `keep` is set. PyTorch: `torch.sum(x, dim, keepdim)`, whose `dim` counts the batch too.
///
/// ```text
/// y[i, j] = sum over k of x[i, k, j]        for axes: &[1]
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are summed locally. A sum has to stay in the range of values as any value has.
///
/// **Errors.** Other than one input; an axis that the input does not have, or twice; an axis of size 0.
///
/// ```
/// use undertone_layers::Sum;
/// use undertone_shape::Shape;
/// assert_eq!(Sum { axes: &[0], ..Sum::DEFAULT }.infer(&[Shape::new([64, 8])]), Ok(Shape::new([8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    /// The axes; all of them where none is named.
    pub axes: &'static [usize],
    /// Whether the axes stay, with size 1.
    pub keep: bool,
}

impl Sum {
    /// Over all axes, which are removed.
    pub const DEFAULT: Self = Self { axes: &[], keep: false };

    /// The input's shape without the axes, or with 1 in their places.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.general().infer(x)
    }

    const fn general(&self) -> Reduction {
        Reduction { axes: self.axes, keep: self.keep, mean: false }
    }
}

impl Layer for Sum {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        self.general().build(g, "sum", x)
    }
}

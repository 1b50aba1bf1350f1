//! The index of the largest value along an axis.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The index of the largest value along `axis`, the lowest one on a tie; the axis is removed: `[29, t]` to `[t]`, `[10]` to a scalar.
/// PyTorch: `torch.argmax(x, dim=axis + 1)`, whose axes count the batch too.
///
/// ```text
/// y[.., ..] = the lowest j for which x[.., j, ..] is the largest
/// ```
/// The result is an integer, not a fraction: it can be rearranged or released, but not computed with. Who gets it learns nothing
/// else of the values, not even which one is second.
///
/// **Parameters.** None.
///
/// **Cost.** What is fastest for one sample: a tree over groups of 2 to 4 neighbours, ceil(log_g k) levels of 4 rounds for k values, so 8 for k = 10 in groups of 4; or, where there
/// are few rows, ranking of larger groups, 5 rounds for k = 10, or of what a tree leaves, 13 for k = 128. A group of g in a tree sends 35 (g - 1) bits for its differences, as many times the bits of an
/// index from the second level on, and 19 bits for each of its g (g - 1) / 2 pairs; values after a ReLU 1 bit a difference less. A product
/// before it is truncated first: 1 round and 1 bit an element more.
///
/// **Errors.** Other than one input; a scalar; `axis` not below the rank; an axis of size 0.
///
/// ```
/// use undertone_layers::ArgMax;
/// use undertone_shape::Shape;
/// assert_eq!(ArgMax::DEFAULT.infer(&[Shape::new([29, 100])]), Ok(Shape::new([100])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArgMax {
    /// The axis that is searched.
    pub axis: usize,
}

impl ArgMax {
    /// Along the first axis: channels, classes or letters.
    pub const DEFAULT: Self = Self { axis: 0 };

    /// The result is an index, not a fraction.
    pub const INTEGER: bool = true;

    /// The input's dimensions without `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::ArgMax { axis: self.axis }.infer(x)
    }
}

impl Layer for ArgMax {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "arg_max", e, x);
        }
        g.argmax(x[0], self.axis)
    }
}

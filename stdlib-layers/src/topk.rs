//! The largest values along an axis, and their indices.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// The indices of the `k` largest values along `axis`, the largest first, the lowest index first of equal ones; `axis` keeps its place and has the size `k`: `[1000]` to
/// `[5]`. PyTorch: `torch.topk(x, k, dim=axis + 1).indices`, which leaves open what becomes of equal values.
///
/// The result are integers, not fractions: they can be rearranged or released, but not computed with. Who gets them learns nothing else of the values. [`TopKValues`] gives
/// the values.
///
/// **Parameters.** None.
///
/// **Cost.** Short axes are one group, in which all pairs are compared: 5 rounds. Long ones are cut into groups that keep their k largest, of the size that is fastest for
/// one sample, level by level until one is left: 5 rounds a level. A group of g sends 35 (g - 1) bits for its differences, 19 bits for each of its pairs, which are
/// g (g - 1) / 2 less those that the level before has put in order, and ceil(log2 g) bits a member for its rank under a mask. A product before it is truncated first: 1 round and 1 bit an
/// element more.
///
/// **Errors.** Other than one input; a scalar; `axis` not below the rank; a `k` of 0, above the size of the axis, or above 32 on an axis of more than 64.
///
/// ```
/// use undertone_layers::TopK;
/// use undertone_shape::Shape;
/// assert_eq!(TopK { k: 5, axis: 0 }.infer(&[Shape::new([1000])]), Ok(Shape::new([5])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopK {
    /// How many are found.
    pub k: usize,
    /// The axis that is searched.
    pub axis: usize,
}

impl TopK {
    /// The largest along the first axis.
    pub const DEFAULT: Self = Self { k: 1, axis: 0 };

    /// The results are indices, not fractions.
    pub const INTEGER: bool = true;

    /// The input's dimensions with `k` in the place of `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::TopK { axis: self.axis, k: self.k, values: false }.infer(x)
    }
}

impl Layer for TopK {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "top_k", e, x);
        }
        g.topk(x[0], op::TopK { axis: self.axis, k: self.k, values: false })
    }
}

/// The `k` largest values along `axis`, the largest first; `axis` keeps its place and has the size `k`: `[1000]` to `[5]`. PyTorch: `torch.topk(x, k, dim=axis + 1).values`.
///
/// [`TopK`] gives their indices. A description that wants both has both layers, each of which compares for itself.
///
/// **Parameters.** None.
///
/// **Cost.** As [`TopK`], but differences are opened on all 64 bits, so that the values come out of the same opening.
///
/// **Errors.** As [`TopK`].
///
/// ```
/// use undertone_layers::TopKValues;
/// use undertone_shape::Shape;
/// assert_eq!(TopKValues { k: 3, axis: 1 }.infer(&[Shape::new([4, 10])]), Ok(Shape::new([4, 3])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TopKValues {
    /// How many are found.
    pub k: usize,
    /// The axis that is searched.
    pub axis: usize,
}

impl TopKValues {
    /// The largest along the first axis.
    pub const DEFAULT: Self = Self { k: 1, axis: 0 };

    /// The input's dimensions with `k` in the place of `axis`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::TopK { axis: self.axis, k: self.k, values: true }.infer(x)
    }
}

impl Layer for TopKValues {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "top_k_values", e, x);
        }
        g.topk(x[0], op::TopK { axis: self.axis, k: self.k, values: true })
    }
}

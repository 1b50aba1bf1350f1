//! Multiplication by public numbers, and addition of such.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x factor + offset` with public numbers, the same for all elements or one for each size of axis 0, the channels: any shape. PyTorch: `x * factor + offset`.
///
/// Numbers stand in the description, so everybody knows them. What has been learned and is to stay with its owner is a weight: use a layer that has one.
///
/// **Parameters.** None.
///
/// **Cost.** Numbers that are whole, and offsets, are local and exact. Other factors leave more fraction bits, which the next ReLU or the next truncation takes away
/// with those that it takes anyway; where neither comes before the next convolution or linear layer, a truncation does: one round, one bit an element. Denominators
/// of up to 16 need none after a ReLU. A party that has the value by itself, such as the owner of an input, needs none.
///
/// **Numbers.** A factor is exact if it is a whole number divided by a small number or by a power of two that the ring has room for. Others are rounded to f bits behind the
/// point (16), a small one to as many as make f significant bits, at most 8 more; to as few as f - 4 where that saves a truncation. Offsets are rounded to at least f bits.
///
/// **Errors.** Other than one input; a number that is not finite; `factors` or `offsets` of another length than axis 0. A plan refuses numbers beyond its limit, 2^16.
///
/// ```
/// use undertone_layers::Scale;
/// use undertone_shape::Shape;
/// // pixels from 0 to 255, as a network was trained on them
/// let colours = Scale { factors: &[0.0171, 0.0175, 0.0174], offsets: &[-2.12, -2.04, -1.80], ..Scale::DEFAULT };
/// assert_eq!(colours.infer(&[Shape::new([3, 224, 224])]), Ok(Shape::new([3, 224, 224])));
/// assert!(colours.infer(&[Shape::new([4, 224, 224])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// What every element is multiplied with.
    pub factor: f64,
    /// What is added to every element after that.
    pub offset: f64,
    /// A factor for each size of axis 0 instead of `factor`, where it is not empty.
    pub factors: &'static [f64],
    /// An offset for each size of axis 0 instead of `offset`, where it is not empty.
    pub offsets: &'static [f64],
}

impl Scale {
    /// Nothing is changed.
    pub const DEFAULT: Self = Self { factor: 1.0, offset: 0.0, factors: &[], offsets: &[] };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if !(self.factor.is_finite() && all_finite(self.factors)) {
            return Err(ShapeError::required("factor: finite numbers"));
        }
        if !(self.offset.is_finite() && all_finite(self.offsets)) {
            return Err(ShapeError::required("offset: finite numbers"));
        }
        if !self.factors.is_empty() && (x.rank() == 0 || self.factors.len() != x.dim(0)) {
            return Err(ShapeError::field("factors", self.factors.len(), "one number for each size of axis 0"));
        }
        if !self.offsets.is_empty() && (x.rank() == 0 || self.offsets.len() != x.dim(0)) {
            return Err(ShapeError::field("offsets", self.offsets.len(), "one number for each size of axis 0"));
        }
        Ok(x)
    }
}

impl Layer for Scale {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "scale", e, x);
        }
        let factors = if self.factors.is_empty() { &[self.factor] } else { self.factors };
        let offsets = if self.offsets.is_empty() { &[self.offset] } else { self.offsets };
        g.affine(x[0], factors, offsets)
    }
}

const fn all_finite(numbers: &[f64]) -> bool {
    let mut i = 0;
    while i < numbers.len() {
        if !numbers[i].is_finite() {
            return false;
        }
        i += 1;
    }
    true
}

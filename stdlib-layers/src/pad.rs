//! Positions put around a value.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// What a [`Pad`] puts around its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// A constant.
    Constant,
    /// The input mirrored at its first and last position, which are not repeated.
    Reflect,
    /// The first and the last position, again and again.
    Replicate,
}

/// Positions before and after the input on each axis: `[a, ..]` to `[before + a + after, ..]`. PyTorch: `F.pad` and `nn.ConstantPad2d`, `nn.ZeroPad2d`,
/// `nn.ReflectionPad2d`, `nn.ReplicationPad2d`, whose sizes start at the last axis and come in pairs.
///
/// ```text
/// Constant    0 0 | 1 2 3 | 0 0
/// Reflect     3 2 | 1 2 3 | 2 1
/// Replicate   1 1 | 1 2 3 | 3 3
/// ```
///
/// **Parameters.** None.
///
/// **Cost.** None: shares are moved locally, and one party adds the constant. A constant other than 0 is rounded to the value's fraction bits.
///
/// **Errors.** Other than one input; neither `before` nor `after`; one of them with another length than the input's rank; a size of 2^24 or more; a `value` that is
/// not finite, or is not 0 for another mode than `Constant`; for `Reflect` as many positions as the axis has or more, for `Replicate` an axis of size 0.
///
/// ```
/// use undertone_layers::Pad;
/// use undertone_shape::Shape;
/// let wider = Pad { before: &[4, 0, 0], after: &[4, 0, 0], ..Pad::DEFAULT };
/// assert_eq!(wider.infer(&[Shape::new([8, 16, 16])]), Ok(Shape::new([16, 16, 16])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad {
    /// Positions before the input, one number an axis; all 0 where there are none.
    pub before: &'static [usize],
    /// Positions after the input, one number an axis; all 0 where there are none.
    pub after: &'static [usize],
    /// What stands there.
    pub mode: Padding,
    /// The constant of [`Padding::Constant`].
    pub value: f64,
}

impl Pad {
    /// Zeros; `before` and `after` are missing.
    pub const DEFAULT: Self = Self { before: &[], after: &[], mode: Padding::Constant, value: 0.0 };

    /// Each axis grows by what stands before and after it.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.before.is_empty() && self.after.is_empty() && x.rank() > 0 {
            return Err(ShapeError::required("before` or `after"));
        }
        if !self.before.is_empty() && self.before.len() != x.rank() {
            return Err(ShapeError::rank(self.before.len(), x));
        }
        if !self.after.is_empty() && self.after.len() != x.rank() {
            return Err(ShapeError::rank(self.after.len(), x));
        }
        if !self.value.is_finite() {
            return Err(ShapeError::required("value: a finite number"));
        }
        if self.value != 0.0 && !matches!(self.mode, Padding::Constant) {
            return Err(ShapeError::required("value: 0, where the mode is not `Constant`"));
        }
        let mut out = x;
        let mut axis = 0;
        while axis < x.rank() {
            let [before, after] = [at(self.before, axis), at(self.after, axis)];
            if before >= LARGEST_AXIS {
                return Err(ShapeError::field("before", before, "less than 2^24"));
            }
            if after >= LARGEST_AXIS {
                return Err(ShapeError::field("after", after, "less than 2^24"));
            }
            let more = if before > after { before } else { after };
            let needed = match self.mode {
                Padding::Reflect if more > 0 => more + 1,
                Padding::Replicate if more > 0 => 1,
                _ => 0,
            };
            if x.dim(axis) < needed {
                return Err(ShapeError::too_small(axis, needed, x));
            }
            out = out.with_dim(axis, x.dim(axis).saturating_add(before + after));
            axis += 1;
        }
        Ok(out)
    }
}

impl Layer for Pad {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "pad", e, x);
        }
        let shape = x[0].shape();
        if self.mode == Padding::Constant {
            let all = |sizes| (0..shape.rank()).map(|axis| at(sizes, axis)).collect::<Vec<usize>>();
            return g.pad(x[0], &all(self.before), &all(self.after), self.value);
        }
        let mut y = x[0];
        for axis in 0..shape.rank() {
            let ([before, after], size) = ([at(self.before, axis), at(self.after, axis)], shape.dim(axis));
            if before + after > 0 {
                let beside = |distance: usize| if self.mode == Padding::Reflect { distance } else { 0 };
                let before = (1..=before).rev().map(beside);
                let after = (1..=after).map(|distance| size - 1 - beside(distance));
                y = g.gather(y, axis, before.chain(0..size).chain(after));
            }
        }
        y
    }
}

/// The number for an axis; 0 where there are none.
const fn at(sizes: &[usize], axis: usize) -> usize {
    if axis < sizes.len() { sizes[axis] } else { 0 }
}

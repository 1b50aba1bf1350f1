//! Rotary positions.

use crate::positional_embedding::positions;
use crate::support::{refused, shapes, tables};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// Pairs of elements turned by an angle that grows with their position: `[.., t, d]` to `[.., t, d]`. Su and others, `RoFormer` (2021). PyTorch: `x cos + rotate_half(x) sin`
/// as LLaMA has it, or with `interleaved: true` as GPT-J has it.
///
/// ```text
/// (a, b) at position p, pair i  to  (a cos w - b sin w, a sin w + b cos w),   w = p / base^(2 i / d)
/// ```
/// A pair are elements `i` and `i + d / 2`, or neighbours.
///
/// **Parameters.** None. The angles are public.
///
/// **Cost.** Local, and a truncation where none comes anyway: one round, one bit an element.
///
/// **Errors.** Other than one input; a rank below 2; an axis of size 0; an odd last axis; a `base` that is not positive and finite.
///
/// ```
/// use undertone_layers::RotaryEmbedding;
/// use undertone_shape::Shape;
/// assert_eq!(RotaryEmbedding::DEFAULT.infer(&[Shape::new([4, 12, 8])]), Ok(Shape::new([4, 12, 8])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RotaryEmbedding {
    /// The ratio of the fastest and about the slowest turn.
    pub base: f64,
    /// Whether pairs are neighbours.
    pub interleaved: bool,
}

impl RotaryEmbedding {
    /// As LLaMA has it.
    pub const DEFAULT: Self = Self { base: 10_000.0, interleaved: false };

    /// `[.., t, d]` gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match positions(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if !(self.base > 0.0 && self.base.is_finite()) {
            return Err(ShapeError::required("base: a positive number"));
        }
        if !x.dim(x.rank() - 1).is_multiple_of(2) {
            return Err(ShapeError::divisible(x.rank() - 1, 2, x));
        }
        Ok(x)
    }
}

impl Layer for RotaryEmbedding {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "rotary_embedding", e, x),
        };
        let (axis, t, d) = (shape.rank() - 1, shape.dim(shape.rank() - 2), shape.dim(shape.rank() - 1));
        let half = d / 2;
        // the pair of an element, and whether it is its first
        let pair = |c: usize| if self.interleaved { (c / 2, c.is_multiple_of(2)) } else { (c % half, c < half) };
        let other = |c: usize| match (self.interleaved, pair(c).1) {
            (true, true) => c + 1,
            (true, false) => c - 1,
            (false, true) => c + half,
            (false, false) => c - half,
        };
        let angles = tables::angles(t, half, self.base);
        let of = |number: &dyn Fn(f64, bool) -> f64| -> Vec<f64> {
            (0..t * d).map(|k| number(angles[k / d][pair(k % d).0], pair(k % d).1)).collect()
        };
        let turned = g.gather(x[0], axis, (0..d).map(other));
        let kept = tables::last_axes(g, x[0], t * d, &of(&|w, _| w.cos()), &[0.0]);
        let turned = tables::last_axes(g, turned, t * d, &of(&|w, first| if first { -w.sin() } else { w.sin() }), &[0.0]);
        g.add(kept, turned)
    }
}

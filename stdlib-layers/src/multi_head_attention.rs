//! Attention of several heads.

use crate::support::{refused, shapes, tables};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value, op};
use undertone_shape::{Infer, Shape, ShapeError};

/// Attention of several heads: of a sequence to itself, `[t, e]` to `[t, e]`, or of one to another, `[t, e]` and `[s, e]` to `[t, e]`. PyTorch:
/// `nn.MultiheadAttention(e, heads, bias)` on `(x, x, x)`, or on `(x, other, other)`, without dropout.
///
/// ```text
/// softmax(q k^T / sqrt(e / heads) + mask) v,   a head at a time;   then out_proj
/// ```
/// With `mask: true` the last input is a mask, `[t, s]`, which is added to the scores of all heads: as secret as any other, 0 where a position may be seen and a large
/// negative number such as -1000 where not. With `causal: true` a position sees none behind it, which everybody knows: the score of what is not seen is -1024, so scores of
/// what is seen may not go as low.
///
/// **Parameters.** `in_proj_weight: [3 e, e]` and `out_proj.weight: [e, e]`, which start as those of linear layers; unless `bias: false`, `in_proj_bias: [3 e]` and
/// `out_proj.bias: [e]`, which start at 0.
///
/// **Cost.** Two linear layers (three, with another sequence), two products of matrices, whose operands are opened, and a [`Softmax`](crate::Softmax) of `heads t` rows of
/// `s`. With `within`, for scores that are no larger, and of at most 9, the softmax seeks no largest one.
///
/// **Errors.** Other than one or two inputs and a mask; a rank other than 2; an axis of size 0; `heads` missing, or no divisor of `e`; sizes that do not match; a `within`
/// that is no positive number, or beside a mask, whose numbers are larger.
///
/// ```
/// use undertone_layers::MultiHeadAttention;
/// use undertone_shape::Shape;
/// let layer = MultiHeadAttention { heads: 4, causal: true, ..MultiHeadAttention::DEFAULT };
/// assert_eq!(layer.infer(&[Shape::new([12, 32])]), Ok(Shape::new([12, 32])));
/// assert_eq!(layer.infer(&[Shape::new([12, 32]), Shape::new([7, 32])]), Ok(Shape::new([12, 32])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MultiHeadAttention {
    /// The number of heads; required.
    pub heads: usize,
    /// Whether a position sees only itself and those before it.
    pub causal: bool,
    /// Whether the last input is a mask.
    pub mask: bool,
    /// Whether projections have a bias.
    pub bias: bool,
    /// The largest magnitude of a score, where it is known; a larger one gives any number.
    pub within: Option<f64>,
}

/// The score of what is not seen.
const UNSEEN: f64 = -1024.0;

impl MultiHeadAttention {
    /// With biases and without a mask; `heads` is missing.
    pub const DEFAULT: Self = Self { heads: 0, causal: false, mask: false, bias: true, within: None };

    /// `[t, e]`, and where there are, `[s, e]` and a mask `[t, s]`, give `[t, e]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let masks = if self.mask { 1 } else { 0 };
        if x.len() < 1 + masks || x.len() > 2 + masks {
            return Err(ShapeError::arity(1 + masks, x.len()));
        }
        let mut i = 0;
        while i < x.len() {
            if x[i].rank() != 2 {
                return Err(ShapeError::rank(2, x[i]));
            }
            if x[i].dim(0) == 0 || x[i].dim(1) == 0 {
                return Err(ShapeError::too_small(if x[i].dim(0) == 0 { 0 } else { 1 }, 1, x[i]));
            }
            i += 1;
        }
        let (own, other) = (x[0], x[x.len() - 1 - masks]);
        if self.heads == 0 {
            return Err(ShapeError::required("heads"));
        }
        if !own.dim(1).is_multiple_of(self.heads) {
            return Err(ShapeError::divisible(1, self.heads, own));
        }
        if other.dim(1) != own.dim(1) {
            return Err(ShapeError::dim(1, own.dim(1), other));
        }
        if self.mask {
            let mask = x[x.len() - 1];
            if mask.dim(0) != own.dim(0) {
                return Err(ShapeError::dim(0, own.dim(0), mask));
            }
            if mask.dim(1) != other.dim(0) {
                return Err(ShapeError::dim(1, other.dim(0), mask));
            }
        }
        if let Some(most) = self.within {
            if self.causal || self.mask {
                return Err(ShapeError::required("within: nothing beside a mask"));
            }
            if !(most > 0.0 && most.is_finite()) {
                return Err(ShapeError::required("within: a positive number"));
            }
        }
        Ok(own)
    }

    /// Part 0, 1 or 2 of a projection, queries, keys or values, with these axes of positions, heads and elements.
    fn part<'g>(self, g: &mut Scope<'g>, projected: Value<'g>, k: usize, axes: [usize; 3]) -> Value<'g> {
        let [t, all] = projected.dims();
        let e = all / 3;
        g.gather(projected, 1, k * e..(k + 1) * e).reshape([t, self.heads, e / self.heads]).permute(axes)
    }
}

impl Layer for MultiHeadAttention {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "multi_head_attention", e, x);
        }
        let (mask, x) = if self.mask { (x.last(), &x[..x.len() - 1]) } else { (None, x) };
        let [t, e] = x[0].dims();
        let start = Init::Uniform { fan_in: e };
        let bias = |g: &mut Scope<'g>, name: &str, size: usize| self.bias.then(|| g.parameter(name, [size], Init::Constant(0.0)));
        let weight = g.parameter("in_proj_weight", [3 * e, e], start);
        let weight_bias = bias(g, "in_proj_bias", 3 * e);
        let out = g.parameter("out_proj.weight", [e, e], start);
        let out_bias = bias(g, "out_proj.bias", e);
        let own = g.linear(x[0], weight, weight_bias);
        let other = if x.len() > 1 { g.linear(x[1], weight, weight_bias) } else { own };
        let queries = self.part(g, own, 0, [1, 0, 2]);
        let queries = g.scale(queries, ((e / self.heads) as f64).sqrt().recip(), 0.0);
        let keys = self.part(g, other, 1, [1, 2, 0]);
        let values = self.part(g, other, 2, [1, 0, 2]);
        let mut scores = g.matmul(queries, keys);
        if let Some(mask) = mask {
            let mask = g.expand(*mask, scores.shape());
            scores = g.add(scores, mask);
        }
        if self.causal {
            let s = scores.shape().dim(2);
            let numbers = |seen: f64, unseen: f64| (0..t * s).map(|k| if k % s <= k / s { seen } else { unseen }).collect::<Vec<f64>>();
            scores = tables::last_axes(g, scores, t * s, &numbers(1.0, 0.0), &numbers(0.0, UNSEEN));
        }
        let shares = g.softmax(scores, op::Softmax { axis: 2, logarithm: false, within: self.within });
        let seen = g.matmul(shares, values).permute([1, 0, 2]).reshape([t, e]);
        g.linear(seen, out, out_bias)
    }
}

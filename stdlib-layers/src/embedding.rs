//! Rows of a table.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The row of a table for each of several words, which nobody learns: `[t, vocabulary]` to `[t, dim]`. With `indices`, which everybody knows, the rows of those: any shape to
/// `[indices, dim]`. PyTorch: `nn.Embedding(vocabulary, dim)`, of words as `nn.functional.one_hot` writes them, or of `torch.tensor(indices)`.
///
/// ```text
/// y[p, c] = sum over v of x[p, v] * weight[v, c]        or, with indices,        y[p, c] = weight[indices[p], c]
/// ```
/// A word is a vector that is 1 at its index and 0 elsewhere, which its owner makes in the clear; any other vector gives the sum of rows that it weighs.
///
/// Indices that stand in the description, such as the kind of each token or its position, are public. The input only says beside what the rows come: its values are not read.
/// `let kind = words -> Embedding { vocabulary: 2, dim: 32, indices: &[0, 0, 1] };` and `(words, kind) -> Add` or `Concat` put them together.
///
/// **Parameters.** `weight: [vocabulary, dim]` starts uniform from -1 to 1.
///
/// **Cost.** The opening of the words: 1 round, 64 bits for each word of the vocabulary and position. With `indices` none but the opening of one number, which waits for no value
/// and shares the first round, and 64 correction bits for each element of the table.
///
/// **Errors.** Other than one input; a scalar, or a last axis of size 0; `dim` missing, or of 2^24 and more; a `vocabulary` other than the last axis. With `indices`: an input without
/// elements; `vocabulary` missing, or of 2^24 and more; an index that is not below it.
///
/// ```
/// use undertone_layers::Embedding;
/// use undertone_shape::Shape;
/// assert_eq!(Embedding { dim: 32, ..Embedding::DEFAULT }.infer(&[Shape::new([12, 1000])]), Ok(Shape::new([12, 32])));
/// let kinds = Embedding { dim: 32, vocabulary: 2, indices: &[0, 0, 0, 1, 1, 1] };
/// assert_eq!(kinds.infer(&[Shape::new([6, 32])]), Ok(Shape::new([6, 32])));
/// assert!(Embedding { indices: &[0, 2], ..kinds }.infer(&[Shape::new([6, 32])]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedding {
    /// The length of a row; required.
    pub dim: usize,
    /// The number of rows; required with `indices`, and otherwise that of the input's last axis where it is 0.
    pub vocabulary: usize,
    /// The rows that are taken, where everybody knows them.
    pub indices: &'static [usize],
}

impl Embedding {
    /// Of secret words; `dim` is missing.
    pub const DEFAULT: Self = Self { dim: 0, vocabulary: 0, indices: &[] };

    /// `[.., vocabulary]` gives `[.., dim]`; with indices any shape gives `[indices, dim]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let x = match one(x) {
            Ok(x) => x,
            Err(e) => return Err(e),
        };
        if self.dim == 0 {
            return Err(ShapeError::required("dim"));
        }
        if self.dim >= LARGEST_AXIS {
            return Err(ShapeError::field("dim", self.dim, "below 2^24"));
        }
        if !self.indices.is_empty() {
            return self.known(x);
        }
        if x.rank() == 0 {
            return Err(ShapeError::rank(2, x));
        }
        let last = x.dim(x.rank() - 1);
        if last == 0 {
            return Err(ShapeError::too_small(x.rank() - 1, 1, x));
        }
        if self.vocabulary != 0 && self.vocabulary != last {
            return Err(ShapeError::field("vocabulary", self.vocabulary, "the size of the last axis, or left out"));
        }
        Ok(x.with_dim(x.rank() - 1, self.dim))
    }

    /// The shape of the rows that everybody knows, beside `x`.
    const fn known(&self, x: Shape) -> Infer {
        if self.vocabulary == 0 {
            return Err(ShapeError::required("vocabulary"));
        }
        if self.vocabulary >= LARGEST_AXIS {
            return Err(ShapeError::field("vocabulary", self.vocabulary, "below 2^24"));
        }
        let mut i = 0;
        while i < self.indices.len() {
            if self.indices[i] >= self.vocabulary {
                return Err(ShapeError::field("indices", self.indices[i], "below `vocabulary`"));
            }
            i += 1;
        }
        let mut axis = 0;
        while axis < x.rank() {
            if x.dim(axis) == 0 {
                return Err(ShapeError::too_small(axis, 1, x));
            }
            axis += 1;
        }
        Ok(Shape::new([self.indices.len(), self.dim]))
    }

    /// The whole table as a value, which depends on nothing that has to be computed; then its rows.
    fn rows<'g>(&self, g: &mut Scope<'g>, weight: Value<'g>, x: Value<'g>) -> Value<'g> {
        let all = g.reshape(x, [x.shape().numel()]);
        let one = g.gather(all, 0, [0]).reshape([1, 1]);
        let zero = g.scale(one, 0.0, 0.0);
        let zeros = g.expand(zero, [self.vocabulary, self.dim]);
        let table = g.biased(zeros, 0, weight);
        g.gather(table, 0, self.indices.iter().copied())
    }
}

impl Layer for Embedding {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "embedding", e, x),
        };
        let is_known = !self.indices.is_empty();
        let vocabulary = if is_known { self.vocabulary } else { x[0].shape().dim(shape.rank() - 1) };
        let weight = g.parameter("weight", [vocabulary, self.dim], Init::Uniform { fan_in: 1 });
        if is_known {
            return self.rows(g, weight, x[0]);
        }
        let words = g.reshape(x[0], [x[0].shape().numel() / vocabulary, vocabulary]);
        g.matmul(words, weight).reshape(shape)
    }
}

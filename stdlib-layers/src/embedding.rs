//! Rows of a table.

use crate::support::{LARGEST_AXIS, one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Init, Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// The row of a table for each of several words, which nobody learns: `[t, vocabulary]` to `[t, dim]`. PyTorch: `nn.Embedding(vocabulary, dim)`, of words as
/// `nn.functional.one_hot` writes them.
///
/// A word is a vector that is 1 at its index and 0 elsewhere, which its owner makes in the clear; any other vector gives the sum of rows that it weighs.
///
/// **Parameters.** `weight: [vocabulary, dim]` starts uniform from -1 to 1.
///
/// **Cost.** The opening of the words: 1 round, 64 bits for each word of the vocabulary and position.
///
/// **Errors.** Other than one input; a scalar, or a last axis of size 0; `dim` missing, or of 2^24 and more.
///
/// ```
/// use undertone_layers::Embedding;
/// use undertone_shape::Shape;
/// assert_eq!(Embedding { dim: 32 }.infer(&[Shape::new([12, 1000])]), Ok(Shape::new([12, 32])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Embedding {
    /// The length of a row; required.
    pub dim: usize,
}

impl Embedding {
    /// `dim` is missing.
    pub const DEFAULT: Self = Self { dim: 0 };

    /// `[.., vocabulary]` gives `[.., dim]`.
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
        if x.rank() == 0 {
            return Err(ShapeError::rank(2, x));
        }
        if x.dim(x.rank() - 1) == 0 {
            return Err(ShapeError::too_small(x.rank() - 1, 1, x));
        }
        Ok(x.with_dim(x.rank() - 1, self.dim))
    }
}

impl Layer for Embedding {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = match self.infer(&shapes(x)) {
            Ok(shape) => shape,
            Err(e) => return refused(g, "embedding", e, x),
        };
        let vocabulary = x[0].shape().dim(shape.rank() - 1);
        let weight = g.parameter("weight", [vocabulary, self.dim], Init::Uniform { fan_in: 1 });
        let words = g.reshape(x[0], [x[0].shape().numel() / vocabulary, vocabulary]);
        g.matmul(words, weight).reshape(shape)
    }
}

//! Product of matrices.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, MAX_RANK, Shape, ShapeError};

/// The product of two values that are matrices, or as many of them as the other axes say: `(a, b) -> MatMul`. Those axes broadcast. PyTorch: `a @ b`, without its case of vectors.
///
/// ```text
/// [.., i, j], [.., j, k] to [.., i, k]
/// ```
///
/// **Parameters.** None. A product with a weight is [`Linear`](crate::Linear).
///
/// **Cost.** Each operand is opened: 1 round and 64 bits an element, once for all layers that read it. The product is local, two for each party, with 64 correction bits an element of the
/// result offline. What one party has both of is neither opened nor dealt. As after any product, the next ReLU or a truncation divides.
///
/// **Errors.** Other than two inputs; a rank below 2; rows and columns that do not meet; other axes that differ where neither is 1.
///
/// ```
/// use undertone_layers::MatMul;
/// use undertone_shape::Shape;
/// let (queries, keys) = (Shape::new([4, 10, 16]), Shape::new([4, 16, 12]));
/// assert_eq!(MatMul.infer(&[queries, keys]), Ok(Shape::new([4, 10, 12])));
/// assert!(MatMul.infer(&[keys, queries]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatMul;

impl MatMul {
    /// The only one.
    pub const DEFAULT: Self = Self;

    /// `[.., i, j]` and `[.., j, k]` give `[.., i, k]`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        let [a, b] = *x else { return Err(ShapeError::arity(2, x.len())) };
        if a.rank() < 2 {
            return Err(ShapeError::rank(2, a));
        }
        if b.rank() < 2 {
            return Err(ShapeError::rank(2, b));
        }
        if a.dim(a.rank() - 1) != b.dim(b.rank() - 2) {
            return Err(ShapeError::dim(b.rank() - 2, a.dim(a.rank() - 1), b));
        }
        let Ok(outer) = outer(a).broadcast(&outer(b)) else { return Err(ShapeError::stretch(a, b)) };
        let mut dims = [0; MAX_RANK];
        let mut i = 0;
        while i < outer.rank() {
            dims[i] = outer.dim(i);
            i += 1;
        }
        dims[i] = a.dim(a.rank() - 2);
        dims[i + 1] = b.dim(b.rank() - 1);
        Ok(Shape::from_slice(dims.split_at(i + 2).0))
    }
}

/// All axes but the last two.
const fn outer(shape: Shape) -> Shape {
    Shape::from_slice(shape.dims().split_at(shape.rank() - 2).0)
}

impl Layer for MatMul {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "mat_mul", e, x);
        }
        g.matmul(x[0], x[1])
    }
}

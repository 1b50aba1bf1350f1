//! The length of vectors.

use crate::support::{Reduction, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Break, Piecewise, Polynomial, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `sqrt(sum of x^2)` over some axes, or `sum of |x|`. PyTorch: `torch.linalg.vector_norm(x, ord, dim, keepdim)` with `ord` 2 or 1.
///
/// **Parameters.** None.
///
/// **Cost.** Of order 2 the opening of x, 64 bits an element, and a [`Sqrt`](crate::Sqrt) of each sum. Of order 1 an [`Abs`](crate::Abs) of each element.
///
/// **Errors.** Other than one input; an `order` other than 1 and 2; an axis beyond the rank, given twice, or of size 0; an `approx` within what is no positive number.
///
/// ```
/// use undertone_layers::Norm;
/// use undertone_shape::Shape;
/// assert_eq!(Norm { axes: &[1], ..Norm::DEFAULT }.infer(&[Shape::new([4, 10])]), Ok(Shape::new([4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// 1 or 2.
    pub order: usize,
    /// The axes; none stands for all.
    pub axes: &'static [usize],
    /// Whether they stay, with size 1.
    pub keep: bool,
    /// Where and how a private run computes the root.
    pub approx: Approx,
}

impl Norm {
    /// The Euclidean length of all elements.
    pub const DEFAULT: Self = Self { order: 2, axes: &[], keep: false, approx: Approx::Everywhere };

    /// The input's dimensions without `axes`.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if self.order != 1 && self.order != 2 {
            return Err(ShapeError::field("order", self.order, "1 or 2"));
        }
        if let Err(e) = crate::support::curve::infer(Smooth::Sqrt, self.approx, x) {
            return Err(e);
        }
        self.sum().infer(x)
    }

    const fn sum(&self) -> Reduction {
        Reduction { axes: self.axes, keep: self.keep, mean: false }
    }
}

impl Layer for Norm {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "norm", e, x);
        }
        if self.order == 1 {
            let pieces = vec![Polynomial::line(-1.0, 0.0), Polynomial::line(1.0, 0.0)];
            let y = g.piecewise(x[0], Piecewise { breaks: vec![Break::From(0.0)], pieces });
            return self.sum().build(g, "norm", &[y]);
        }
        let squares = g.polynomial(x[0], &[0.0, 0.0, 1.0]);
        let sums = self.sum().build(g, "norm", &[squares]);
        g.curve(sums, Smooth::Sqrt, self.approx)
    }
}

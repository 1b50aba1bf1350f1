//! The softmax, and its logarithm.

use crate::support::{refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::{Scope, Value, op};
use undertone_shape::{Infer, Shape};

/// `e^x / sum of e^x` along `axis`; any shape but a scalar. PyTorch: `nn.Softmax(dim=axis + 1)`, since there is no batch axis here.
///
/// **Parameters.** None.
///
/// **Cost.** On 64 rows of 128, with all row work, per element: 19 rounds and 325 bits, 3878 bits of corrections; finding the largest value and subtracting it takes 11 of the rounds.
/// With `within`, which says that no value is larger, none is sought: 8 rounds and 147 bits, 1808 bits of corrections at `within: Some(8.0)`; a promise of more
/// than 9 is not made use of. At the default numbers a result is off by up to 2^-12 on rows of up to 128 values, whatever they are, and by up to 2^-11 on rows
/// of 500 or with a promise of 8.
///
/// **Errors.** Other than one input; a scalar; an `axis` beyond the rank, or of size 0; a `within` that is no positive number.
///
/// ```
/// use undertone_layers::Softmax;
/// use undertone_shape::Shape;
/// assert_eq!(Softmax { axis: 1, ..Softmax::DEFAULT }.infer(&[Shape::new([4, 10])]), Ok(Shape::new([4, 10])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Softmax {
    /// The axis whose elements sum up to 1.
    pub axis: usize,
    /// The largest magnitude of a value, where it is known; a larger one gives any number.
    pub within: Option<f64>,
}

impl Softmax {
    /// Along the first axis, of any values.
    pub const DEFAULT: Self = Self { axis: 0, within: None };

    /// Any shape but a scalar gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.op().infer(x)
    }

    const fn op(&self) -> op::Softmax {
        op::Softmax { axis: self.axis, logarithm: false, within: self.within }
    }
}

impl Layer for Softmax {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(_) => g.softmax(x[0], self.op()),
            Err(e) => refused(g, "softmax", e, x),
        }
    }
}

/// `x - ln(sum of e^x)` along `axis`; any shape but a scalar. PyTorch: `nn.LogSoftmax(dim=axis + 1)`, since there is no batch axis here.
///
/// **Parameters.** None.
///
/// **Cost.** As [`Softmax`], with a logarithm of each row's sum in the place of its reciprocal, and no product behind it: on 64 rows of 128, per element, 17
/// rounds and 259 bits, 3804 bits of corrections.
///
/// **Errors.** As [`Softmax`].
///
/// ```
/// use undertone_layers::LogSoftmax;
/// use undertone_shape::Shape;
/// assert_eq!(LogSoftmax::DEFAULT.infer(&[Shape::new([10])]), Ok(Shape::new([10])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSoftmax {
    /// The axis along which the sum is taken.
    pub axis: usize,
    /// The largest magnitude of a value, where it is known; a larger one gives any number.
    pub within: Option<f64>,
}

impl LogSoftmax {
    /// Along the first axis, of any values.
    pub const DEFAULT: Self = Self { axis: 0, within: None };

    /// Any shape but a scalar gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        self.op().infer(x)
    }

    const fn op(&self) -> op::Softmax {
        op::Softmax { axis: self.axis, logarithm: true, within: self.within }
    }
}

impl Layer for LogSoftmax {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        match self.infer(&shapes(x)) {
            Ok(_) => g.softmax(x[0], self.op()),
            Err(e) => refused(g, "log_softmax", e, x),
        }
    }
}

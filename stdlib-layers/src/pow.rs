//! A public power.

use crate::support::{curve, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{Approx, Coefficients, Smooth};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// `x^exponent` with a public exponent, element by element; any shape. PyTorch: `torch.pow(x, exponent)`.
///
/// Whole exponents from 0 to 8 are products, of values of either sign. 1/2, -1/2 and -1 are [`Sqrt`](crate::Sqrt), [`InverseSqrt`](crate::InverseSqrt) and
/// [`Reciprocal`](crate::Reciprocal). All others are `e^(exponent ln x)`, of positive values: what is below 2^-8 acts as 2^-8, in the twin as well.
///
/// **Parameters.** None.
///
/// **Cost.** That of [`Polynomial`](crate::Polynomial), or of those layers; otherwise of [`Log`](crate::Log) and [`Exp`](crate::Exp) together, of which
/// the first is what `Compact` makes cheaper for the dealer.
///
/// **Errors.** Other than one input; an exponent that is not finite; an `approx` within what is no positive number, or within anything where a logarithm is taken, whose
/// result is not that of the input.
///
/// ```
/// use undertone_layers::Pow;
/// use undertone_shape::Shape;
/// assert_eq!(Pow { exponent: 3.0, ..Pow::DEFAULT }.infer(&[Shape::new([4])]), Ok(Shape::new([4])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pow {
    /// The power.
    pub exponent: f64,
    /// Where and how a private run computes what is no product.
    pub approx: Approx,
}

/// What a power is computed as.
enum Form {
    /// As a product of so many factors.
    Product(usize),
    /// As a function of its own.
    Curve(Smooth),
    /// By the logarithm.
    Logarithm,
}

impl Pow {
    /// The square.
    pub const DEFAULT: Self = Self { exponent: 2.0, approx: Approx::Everywhere };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !self.exponent.is_finite() {
            return Err(ShapeError::required("exponent: a finite number"));
        }
        if matches!((self.form(), self.approx), (Form::Logarithm, Approx::Within(_))) {
            return Err(ShapeError::required("approx: nothing within, which this exponent does not allow"));
        }
        curve::infer(Smooth::Log, self.approx, x)
    }

    #[allow(clippy::float_cmp, reason = "exponents that are exact in binary")]
    const fn form(&self) -> Form {
        let mut whole = 0;
        while whole <= Coefficients::DEGREE {
            if self.exponent == whole as f64 {
                return Form::Product(whole);
            }
            whole += 1;
        }
        if self.exponent == 0.5 {
            Form::Curve(Smooth::Sqrt)
        } else if self.exponent == -0.5 {
            Form::Curve(Smooth::InverseSqrt)
        } else if self.exponent == -1.0 {
            Form::Curve(Smooth::Reciprocal)
        } else {
            Form::Logarithm
        }
    }
}

impl Layer for Pow {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "pow", e, x);
        }
        match self.form() {
            Form::Product(whole) => {
                let mut coefficients = vec![0.0; whole + 1];
                coefficients[whole] = 1.0;
                g.polynomial(x[0], &coefficients)
            }
            Form::Curve(function) => g.curve(x[0], function, self.approx),
            Form::Logarithm => {
                let logarithm = g.curve(x[0], Smooth::Log, self.approx);
                let scaled = g.scale(logarithm, self.exponent, 0.0);
                // the words of an exponential are few as it is
                let approx = if self.approx == Approx::Compact { Approx::Everywhere } else { self.approx };
                g.curve(scaled, Smooth::Exp, approx)
            }
        }
    }
}

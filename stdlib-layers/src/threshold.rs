//! Values above a number, or whether they are.

use crate::support::{one, refused, shapes};
use undertone_runtime::Layer;
use undertone_runtime::graph::op::{self, Break, Piecewise, Polynomial};
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape, ShapeError};

/// x where it is greater than `at`, otherwise `value`, element by element; any shape. PyTorch: `nn.Threshold(threshold, value)`.
///
/// A value that equals `at` is not greater. The result are fractions: where only *whether* a value is above should be learnt, as of a mask, that is [`Above`].
///
/// **Parameters.** None.
///
/// **Cost.** Per element one threshold: 4 rounds and 53 bits (34 for the opening, 18 to look up and join its digits, 1 for the bit under its mask), 381 bits of
/// corrections; 1 bit less at `at: 0`. Exact, but for `value`, which is rounded to the fraction bits.
///
/// **Errors.** Other than one input; a field that is not finite.
///
/// ```
/// use undertone_layers::Threshold;
/// use undertone_shape::Shape;
/// assert_eq!(Threshold { at: 0.5, value: 0.0 }.infer(&[Shape::new([9])]), Ok(Shape::new([9])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// What a value must be greater than.
    pub at: f64,
    /// What stands for all others.
    pub value: f64,
}

impl Threshold {
    /// Positive values.
    pub const DEFAULT: Self = Self { at: 0.0, value: 0.0 };

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if !self.at.is_finite() || !self.value.is_finite() {
            return Err(ShapeError::required("at: a finite number, and so `value`"));
        }
        one(x)
    }
}

impl Layer for Threshold {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "threshold", e, x);
        }
        let pieces = vec![Polynomial::constant(self.value), Polynomial::line(1.0, 0.0)];
        g.piecewise(x[0], Piecewise { breaks: vec![Break::After(self.at)], pieces })
    }
}

/// 1 where x is greater than `at`, otherwise 0, element by element; any shape. PyTorch: `x > at`.
///
/// The result is an integer of one bit, not a fraction: it can be rearranged or released, but not computed with. Who gets it learns that bit and nothing else of the
/// value: `release mask: [512, 512] = output -> Above { at: 0.5 } to hospital`. A value that equals `at` is not above.
///
/// **Parameters.** None.
///
/// **Cost.** Per element 3 rounds and 52 bits (34 for the opening of the truncated value, 18 to look up and join its digits), 163 bits of corrections: the bit is its own
/// result, without a choice behind it. 2 bits less at `at: 0`.
///
/// **Errors.** Other than one input; a number that is not finite.
///
/// ```
/// use undertone_layers::Above;
/// use undertone_shape::Shape;
/// assert_eq!(Above { at: 0.5 }.infer(&[Shape::new([1, 512, 512])]), Ok(Shape::new([1, 512, 512])));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Above {
    /// What a value must be greater than.
    pub at: f64,
}

impl Above {
    /// Positive values.
    pub const DEFAULT: Self = Self { at: 0.0 };

    /// The result is a bit, not a fraction.
    pub const INTEGER: bool = true;

    /// Any shape gives the same.
    pub const fn infer(&self, x: &[Shape]) -> Infer {
        op::Above { at: self.at }.infer(x)
    }
}

impl Layer for Above {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        if let Err(e) = self.infer(&shapes(x)) {
            return refused(g, "above", e, x);
        }
        g.above(x[0], self.at)
    }
}

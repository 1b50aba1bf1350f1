//! Comparisons of two values, as fractions.

use crate::support::difference;
use undertone_runtime::Layer;
use undertone_runtime::graph::op::Break;
use undertone_runtime::graph::{Scope, Value};
use undertone_shape::{Infer, Shape};

/// A comparison of two values by their difference: its documentation, its name, where the difference is cut, and the result on each side.
macro_rules! comparison {
    ($(#[$doc:meta])* $name:ident, $layer:literal, [$($cut:expr),+], $values:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name;

        impl $name {
            /// The only one.
            pub const DEFAULT: Self = Self;

            /// The shape that both inputs broadcast to.
            pub const fn infer(&self, x: &[Shape]) -> Infer {
                difference::infer(x)
            }
        }

        impl Layer for $name {
            fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
                difference::steps(g, $layer, x, &[$($cut),+], &$values)
            }
        }
    };
}

comparison! {
    /// 1 where the first value is greater than the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.gt`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element one threshold of the difference: 4 rounds and 53 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::Greater;
    /// use undertone_shape::Shape;
    /// assert_eq!(Greater.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    Greater, "greater", [Break::After(0.0)], [0.0, 1.0]
}

comparison! {
    /// 1 where the first value is at least the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.ge`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element one threshold of the difference: 4 rounds and 53 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::GreaterEqual;
    /// use undertone_shape::Shape;
    /// assert_eq!(GreaterEqual.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    GreaterEqual, "greater_equal", [Break::From(0.0)], [0.0, 1.0]
}

comparison! {
    /// 1 where the first value is less than the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.lt`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element one threshold of the difference: 4 rounds and 53 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::Less;
    /// use undertone_shape::Shape;
    /// assert_eq!(Less.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    Less, "less", [Break::From(0.0)], [1.0, 0.0]
}

comparison! {
    /// 1 where the first value is at most the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.le`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element one threshold of the difference: 4 rounds and 53 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::LessEqual;
    /// use undertone_shape::Shape;
    /// assert_eq!(LessEqual.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    LessEqual, "less_equal", [Break::After(0.0)], [1.0, 0.0]
}

comparison! {
    /// 1 where the first value is equal to the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.eq`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element two thresholds of the difference: 4 rounds and 72 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::Equal;
    /// use undertone_shape::Shape;
    /// assert_eq!(Equal.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    Equal, "equal", [Break::From(0.0), Break::After(0.0)], [0.0, 1.0, 0.0]
}

comparison! {
    /// 1 where the first value is different from the second one, otherwise 0, element by element; shapes broadcast. PyTorch: `torch.ne`, as numbers.
    ///
    /// The result is a fraction, which may be computed with, as in [`Where`](crate::Where). Values are compared as they are at the scale of the plan: what
    /// rounds to one number is equal. A bit that is only released is cheaper by [`Above`](crate::Above).
    ///
    /// **Parameters.** None.
    ///
    /// **Cost.** Per element two thresholds of the difference: 4 rounds and 72 bits.
    ///
    /// **Errors.** Other than two inputs; sizes of an axis that differ where neither is 1.
    ///
    /// ```
    /// use undertone_layers::NotEqual;
    /// use undertone_shape::Shape;
    /// assert_eq!(NotEqual.infer(&[Shape::new([3, 4]), Shape::new([4])]), Ok(Shape::new([3, 4])));
    /// ```
    NotEqual, "not_equal", [Break::From(0.0), Break::After(0.0)], [1.0, 0.0, 1.0]
}

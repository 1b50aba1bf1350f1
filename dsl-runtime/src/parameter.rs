//! Parameters of submodels without a default, and inputs of submodels with declared shapes: what generated code asks about them.
//!
//! `Block { width: 8 }` is printed as `Block { width: 8, ..Block::DEFAULT }`, so `DEFAULT` has to hold something for a required
//! field. It holds [`Placeholder::PLACEHOLDER`], which no description can reach: [`complete`] compares the fields that a stage
//! gives with the layer's `REQUIRED`.

use crate::tensor::{Clear, Scalar};
use undertone_shape::{Infer, POISONED, Shape, ShapeError, within};

/// A type that a parameter without a default may have.
#[diagnostic::on_unimplemented(
    message = "a parameter of type `{Self}` needs a default",
    label = "write `= ..` after this type",
    note = "numbers, `bool`, `&'static str`, `&'static [T]`, and arrays and pairs of these may do without"
)]
pub trait Placeholder {
    /// Some value, never used.
    const PLACEHOLDER: Self;
}

macro_rules! placeholder {
    ($($t:ty = $v:expr),+ $(,)?) => { $(impl Placeholder for $t { const PLACEHOLDER: Self = $v; })+ };
}
placeholder!(usize = 1, u8 = 1, u16 = 1, u32 = 1, u64 = 1, isize = 1, i8 = 1, i16 = 1, i32 = 1, i64 = 1, f32 = 1.0, f64 = 1.0);
placeholder!(bool = false, char = ' ', &'static str = "");

impl<T> Placeholder for &'static [T] {
    const PLACEHOLDER: Self = &[];
}
impl<T: Placeholder + Copy, const N: usize> Placeholder for [T; N] {
    const PLACEHOLDER: Self = [T::PLACEHOLDER; N];
}
impl<A: Placeholder, B: Placeholder> Placeholder for (A, B) {
    const PLACEHOLDER: Self = (A::PLACEHOLDER, B::PLACEHOLDER);
}

/// The fields that a layer requires: none, unless its type has an inherent constant of the same name, which then wins.
pub trait Required {
    /// The names of the fields without a default.
    const REQUIRED: &'static [&'static str] = &[];
}
impl<T: ?Sized> Required for T {}

/// Whether a layer's result is an index: not, unless its type has an inherent constant of the same name, which then wins.
pub trait Element {
    /// True for an argmax.
    const INTEGER: bool = false;
}
impl<T: ?Sized> Element for T {}

/// Whether a layer is a loss: not, unless its type has an inherent constant of the same name, which then wins.
pub trait Purpose {
    /// True for a cross-entropy.
    const LOSS: bool = false;
}
impl<T: ?Sized> Purpose for T {}

/// An error for a loss that stands outside of the loss of a model; otherwise whatever is known already.
pub const fn placed(loss: bool, in_loss: bool, complete: Infer) -> Infer {
    if loss && !in_loss { Err(ShapeError::loss()) } else { complete }
}

/// Fractions or indices as a type, to choose among them by a constant.
#[derive(Debug)]
pub struct Integer<const YES: bool>;
/// See [`Integer`].
pub trait ScalarOf {
    /// The type of one value.
    type Of: Scalar;
}
impl ScalarOf for Integer<false> {
    type Of = f32;
}
impl ScalarOf for Integer<true> {
    type Of = u32;
}
/// The values of a release: of shape `S`, and indices where `INTEGER`.
pub type Released<const INTEGER: bool, S> = Clear<S, <Integer<INTEGER> as ScalarOf>::Of>;

/// The type of one release of a model, by its place among them: fields of generated structs name it.
pub trait Opens<const PLACE: usize> {
    /// `Clear` of the release's shape.
    type Value;
}

/// An error for the first field of `required` that is not among the `given` ones.
pub const fn complete(required: &[&'static str], given: &[&str]) -> Infer {
    let mut i = 0;
    while i < required.len() {
        let (mut j, mut found) = (0, false);
        while j < given.len() {
            found |= same(required[i], given[j]);
            j += 1;
        }
        if !found {
            return Err(ShapeError::required(required[i]));
        }
        i += 1;
    }
    Ok(Shape::new([]))
}

/// The shape of a submodel's stage, or its error with the name of the stage; silent when fields are missing, which the
/// submodel's own check says.
pub const fn inferred(stage: &'static str, complete: Infer, result: Infer) -> Infer {
    match complete {
        Ok(_) => within(stage, result),
        Err(_) => POISONED,
    }
}

/// An error unless an input has the shape that a submodel declares for it.
pub const fn accept(declared: Shape, found: Shape) -> Infer {
    if declared.rank() != found.rank() {
        return Err(ShapeError::rank(declared.rank(), found));
    }
    let mut axis = 0;
    while axis < declared.rank() {
        if declared.dim(axis) != found.dim(axis) {
            return Err(ShapeError::dim(axis, declared.dim(axis), found));
        }
        axis += 1;
    }
    Ok(found)
}

/// `==` of texts, for const evaluation.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_missing_field_is_named() {
        assert_eq!(complete(&["width", "depth"], &["depth"]), Err(ShapeError::required("width")));
        assert_eq!(complete(&["width", "depth"], &["width", "depths"]), Err(ShapeError::required("depth")));
        assert!(complete(&["width"], &["stride", "width"]).is_ok());
        assert!(complete(&[], &[]).is_ok());
    }

    #[test]
    fn a_loss_stands_in_a_loss() {
        struct Far;
        impl Far {
            const LOSS: bool = true;
        }
        struct Near;
        let known = Ok(Shape::new([]));
        assert_eq!(placed(Far::LOSS, false, known), Err(ShapeError::loss()));
        assert_eq!([placed(Far::LOSS, true, known), placed(Near::LOSS, false, known), placed(Near::LOSS, true, known)], [known; 3]);
        assert_eq!(placed(Near::LOSS, false, POISONED), POISONED);
    }

    #[test]
    fn inherent_required_fields_win_over_none() {
        struct Strict;
        impl Strict {
            const REQUIRED: &'static [&'static str] = &["out"];
        }
        struct Lax;
        assert_eq!((Strict::REQUIRED, Lax::REQUIRED), (&["out"][..], &[][..]));
    }

    #[test]
    fn declared_inputs_are_compared_axis_by_axis() {
        let declared = Shape::new([3, 32]);
        assert_eq!(accept(declared, declared), Ok(declared));
        assert_eq!(accept(declared, Shape::new([3])), Err(ShapeError::rank(2, Shape::new([3]))));
        assert_eq!(accept(declared, Shape::new([3, 31])), Err(ShapeError::dim(1, 32, Shape::new([3, 31]))));
    }
}

//! Why a layer refuses its inputs, and how that becomes one compile error at the stage that caused it.

use crate::{Infer, Message, Shape};

/// Why a layer refuses its inputs. Layers build one; [`check`] renders it, with the name of the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeError {
    kind: Kind,
    within: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Arity {
        expected: usize,
        found: usize,
    },
    Rank {
        expected: usize,
        found: Shape,
    },
    Dim {
        axis: usize,
        expected: usize,
        found: Shape,
    },
    Divisible {
        axis: usize,
        by: usize,
        found: Shape,
    },
    TooSmall {
        axis: usize,
        at_least: usize,
        found: Shape,
    },
    Same {
        first: Shape,
        second: Shape,
    },
    Stretch {
        first: Shape,
        second: Shape,
    },
    Elements {
        wanted: Shape,
        found: Shape,
    },
    Required {
        field: &'static str,
    },
    Field {
        field: &'static str,
        value: usize,
        needs: &'static str,
    },
    Loss,
    Returns {
        declared: Shape,
        found: Shape,
    },
    /// An earlier stage already failed; stay silent, so that one mistake gives one error.
    Poisoned,
}

impl ShapeError {
    /// The layer takes `expected` inputs and was given `found`.
    pub const fn arity(expected: usize, found: usize) -> Self {
        Self::of(Kind::Arity { expected, found })
    }
    /// The input must have `expected` dimensions.
    pub const fn rank(expected: usize, found: Shape) -> Self {
        Self::of(Kind::Rank { expected, found })
    }
    /// The input must have size `expected` on `axis`.
    pub const fn dim(axis: usize, expected: usize, found: Shape) -> Self {
        Self::of(Kind::Dim { axis, expected, found })
    }
    /// The input's size on `axis` must be a multiple of `by`.
    pub const fn divisible(axis: usize, by: usize, found: Shape) -> Self {
        Self::of(Kind::Divisible { axis, by, found })
    }
    /// The input's size on `axis` must be `at_least` so much.
    pub const fn too_small(axis: usize, at_least: usize, found: Shape) -> Self {
        Self::of(Kind::TooSmall { axis, at_least, found })
    }
    /// Both inputs must have the same shape.
    pub const fn same(first: Shape, second: Shape) -> Self {
        Self::of(Kind::Same { first, second })
    }
    /// The inputs do not broadcast: the sizes of an axis differ, and neither is 1.
    pub const fn stretch(first: Shape, second: Shape) -> Self {
        Self::of(Kind::Stretch { first, second })
    }
    /// The input cannot be seen as `wanted`: the numbers of elements differ.
    pub const fn elements(wanted: Shape, found: Shape) -> Self {
        Self::of(Kind::Elements { wanted, found })
    }
    /// The layer has no sensible default for `field`.
    pub const fn required(field: &'static str) -> Self {
        Self::of(Kind::Required { field })
    }
    /// The value of `field` is not allowed; `needs` completes "must be …".
    pub const fn field(field: &'static str, value: usize, needs: &'static str) -> Self {
        Self::of(Kind::Field { field, value, needs })
    }

    /// The layer is a loss, where a stage of a model is needed.
    pub const fn loss() -> Self {
        Self::of(Kind::Loss)
    }

    /// Whether the error only repeats that an earlier stage failed.
    pub const fn is_poisoned(&self) -> bool {
        matches!(self.kind, Kind::Poisoned)
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, within: "" }
    }
}

/// The result of a stage whose input already failed: it stays silent.
pub const POISONED: Infer = Err(ShapeError::of(Kind::Poisoned));

/// Tags an error with the stage of the submodel that it comes from; the innermost stage wins.
pub const fn within(stage: &'static str, result: Infer) -> Infer {
    match result {
        Err(ShapeError { kind, within: w }) if w.is_empty() && !matches!(kind, Kind::Poisoned) => Err(ShapeError { kind, within: stage }),
        other => other,
    }
}

/// Compares the shape that a model declares with the one that its last stage gives.
pub const fn returns(declared: Shape, result: &Infer) -> Infer {
    match result {
        Ok(found) if found.same(&declared) => Ok(*found),
        Ok(found) => Err(ShapeError::of(Kind::Returns { declared, found: *found })),
        Err(_) => POISONED,
    }
}

/// The shape used for types; on failure the empty shape, so that no type error follows the real one.
pub const fn or_empty(result: &Infer) -> Shape {
    match result {
        Ok(shape) => *shape,
        Err(_) => Shape::new([]),
    }
}

/// Panics, which in const evaluation is a compile error at the caller, unless inference succeeded or the error was
/// already reported by an earlier stage.
///
/// # Panics
/// On a shape error.
#[track_caller]
pub const fn check(at: &str, result: &Infer) {
    match result {
        Ok(_) | Err(ShapeError { kind: Kind::Poisoned, .. }) => {}
        Err(e) => panic!("{}", render(at, e).as_str()),
    }
}

/// The text of an error at the stage `at`, such as `LeNet.fc1`.
pub const fn render(at: &str, error: &ShapeError) -> Message {
    let mut m = Message::new().text("`").text(at);
    if !error.within.is_empty() {
        m = m.text(" > ").text(error.within);
    }
    m = m.text("` ");
    match &error.kind {
        Kind::Arity { expected, found } => m
            .text("takes ")
            .number(*expected)
            .text(if *expected == 1 { " input" } else { " inputs" })
            .text(", but is given ")
            .number(*found),
        Kind::Rank { expected, found } => m.text("expects rank ").number(*expected).text(", but its input is ").shape(found),
        Kind::Dim { axis, expected, found } => {
            m.text("expects ").number(*expected).text(" on axis ").number(*axis).text(", but its input is ").shape(found)
        }
        Kind::Divisible { axis, by, found } => {
            m.text("needs axis ").number(*axis).text(" divisible by ").number(*by).text(", but its input is ").shape(found)
        }
        Kind::TooSmall { axis, at_least, found } => {
            m.text("needs at least ").number(*at_least).text(" on axis ").number(*axis).text(", but its input is ").shape(found)
        }
        Kind::Same { first, second } => m.text("needs inputs of one shape, but they are ").shape(first).text(" and ").shape(second),
        Kind::Stretch { first, second } => {
            m.text("needs inputs whose sizes are equal or 1 on each axis, but they are ").shape(first).text(" and ").shape(second)
        }
        Kind::Elements { wanted, found } => m
            .text("cannot see ")
            .shape(found)
            .text(" as ")
            .shape(wanted)
            .text(": ")
            .number(found.numel())
            .text(" elements against ")
            .number(wanted.numel()),
        Kind::Required { field } => m.text("needs the field `").text(field).text("`"),
        Kind::Field { field, value, needs } => m.text("has `").text(field).text(": ").number(*value).text("`, but it must be ").text(needs),
        Kind::Loss => m.text("is a loss, which the plain twin alone computes: use it in a `loss` clause behind the model"),
        Kind::Returns { declared, found } => {
            m.text("is declared to return ").shape(declared).text(", but its last stage gives ").shape(found)
        }
        Kind::Poisoned => m.text("follows a stage that failed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(e: ShapeError) -> &'static str {
        extern crate std;
        std::boxed::Box::leak(std::string::String::from(render("M.s", &e).as_str()).into_boxed_str())
    }

    #[test]
    fn every_kind_says_what_is_needed_and_what_was_found() {
        let s = Shape::new([6, 16, 15]);
        assert_eq!(text(ShapeError::arity(2, 1)), "`M.s` takes 2 inputs, but is given 1");
        assert_eq!(text(ShapeError::arity(1, 3)), "`M.s` takes 1 input, but is given 3");
        assert_eq!(text(ShapeError::rank(1, s)), "`M.s` expects rank 1, but its input is [6, 16, 15]");
        assert_eq!(text(ShapeError::dim(1, 14, s)), "`M.s` expects 14 on axis 1, but its input is [6, 16, 15]");
        assert_eq!(text(ShapeError::divisible(0, 4, s)), "`M.s` needs axis 0 divisible by 4, but its input is [6, 16, 15]");
        assert_eq!(text(ShapeError::too_small(2, 31, s)), "`M.s` needs at least 31 on axis 2, but its input is [6, 16, 15]");
        assert_eq!(text(ShapeError::same(s, Shape::new([6]))), "`M.s` needs inputs of one shape, but they are [6, 16, 15] and [6]");
        assert_eq!(
            text(ShapeError::stretch(s, Shape::new([6]))),
            "`M.s` needs inputs whose sizes are equal or 1 on each axis, but they are [6, 16, 15] and [6]"
        );
        assert_eq!(text(ShapeError::required("out")), "`M.s` needs the field `out`");
        assert_eq!(text(ShapeError::field("axis", 4, "below the rank")), "`M.s` has `axis: 4`, but it must be below the rank");
        assert_eq!(
            text(ShapeError::loss()),
            "`M.s` is a loss, which the plain twin alone computes: use it in a `loss` clause behind the model"
        );
        assert_eq!(text(ShapeError::elements(Shape::new([4, 2]), Shape::new([9]))), "`M.s` cannot see [9] as [4, 2]: 9 elements against 8");
    }

    #[test]
    fn the_innermost_submodel_names_the_stage() {
        let e = within("Outer.a", within("Block.join", Err(ShapeError::rank(1, Shape::new([2, 2])))));
        assert_eq!(text(e.unwrap_err()), "`M.s > Block.join` expects rank 1, but its input is [2, 2]");
        assert_eq!(within("Block.x", POISONED), POISONED);
    }

    #[test]
    fn a_failed_stage_stays_silent_afterwards() {
        check("M.s", &POISONED);
        assert!(returns(Shape::new([1]), &POISONED).unwrap_err().is_poisoned());
        assert_eq!(or_empty(&POISONED), Shape::new([]));
    }

    #[test]
    #[should_panic(expected = "`M` is declared to return [10], but its last stage gives [11]")]
    fn a_wrong_result_is_reported() {
        check("M", &returns(Shape::new([10]), &Ok(Shape::new([11]))));
    }
}

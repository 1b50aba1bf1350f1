//! What `LayerTest` says about layers that are wrong, each in one place; and that it is silent about one that is right.
#![allow(missing_docs, reason = "the layers here are no examples")]

use undertone_runtime::graph::{Init, Scope, Value};
use undertone_runtime::{Layer, Settings};
use undertone_shape::{Infer, Shape, ShapeError};
use undertone_twin::{LayerTest, layer_test};

/// A matrix product over the last axis and a ReLU, with its mistakes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    pub out: usize,
    pub mistake: Mistake,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mistake {
    None,
    InferSaysTheInput,
    InferAcceptsScalars,
    InferIndexesWithoutLooking,
    FanInOfTheOutput,
    NotFinite,
    UnusedParameter,
    WeightAsValue,
    OutOfRange,
    OutOfRangeLater,
    NoRelu,
}

impl Dense {
    pub const DEFAULT: Self = Self { out: 3, mistake: Mistake::None };

    pub const fn infer(&self, x: &[Shape]) -> Infer {
        if matches!(self.mistake, Mistake::InferIndexesWithoutLooking) {
            return Ok(x[0].with_dim(x[0].rank() - 1, self.out));
        }
        let [x] = *x else { return Err(ShapeError::arity(1, x.len())) };
        if matches!(self.mistake, Mistake::InferSaysTheInput) {
            return Ok(x);
        }
        if x.rank() == 0 && matches!(self.mistake, Mistake::InferAcceptsScalars) {
            return Ok(Shape::new([self.out]));
        }
        if x.rank() == 0 {
            return Err(ShapeError::rank(1, x));
        }
        if x.numel() == 0 {
            return Err(ShapeError::too_small(0, 1, x));
        }
        Ok(x.with_dim(x.rank() - 1, self.out))
    }
}

impl Layer for Dense {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let shape = x[0].shape();
        let inputs = shape.dim(shape.rank().saturating_sub(1));
        let fan_in = if self.mistake == Mistake::FanInOfTheOutput { self.out } else { inputs };
        let start = if self.mistake == Mistake::NotFinite { Init::Constant(f32::NAN) } else { Init::Uniform { fan_in } };
        let bias = match self.mistake {
            Mistake::OutOfRange => Init::Constant(1e6),
            Mistake::OutOfRangeLater => Init::Constant(1.0),
            _ => start,
        };
        let weight = g.parameter("weight", [self.out, inputs], start);
        let bias = g.parameter("bias", [self.out], bias);
        match self.mistake {
            Mistake::UnusedParameter => g.linear(x[0], weight, None).relu(),
            Mistake::NoRelu => g.linear(x[0], weight, Some(bias)),
            Mistake::OutOfRangeLater => {
                let y = g.linear(x[0], weight, Some(bias)).relu();
                (0..17).fold(y, |y, _| g.add(y, y))
            }
            Mistake::WeightAsValue => {
                let y = g.linear(x[0], weight, Some(bias));
                let by = g.parameter("by", y.shape(), Init::Constant(0.0));
                g.add(y, by).relu()
            }
            _ => g.linear(x[0], weight, Some(bias)).relu(),
        }
    }
}

fn test(mistake: Mistake) -> LayerTest<Dense> {
    layer_test!(Dense { out: 3, mistake }, [4])
}

/// The findings as one text.
fn said(test: &LayerTest<Dense>) -> String {
    test.findings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What a mistake is called.
#[track_caller]
fn says(mistake: Mistake, expected: &str) {
    let said = said(&test(mistake));
    assert!(said.contains(expected), "{mistake:?} should be called `{expected}`, but\n{said}");
}

/// The output of a dense layer, from its definition.
fn dense(weight: &[f32], bias: &[f32], x: &[f32], relu: bool) -> Vec<f64> {
    let sum = |row: &[f32]| row.iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum::<f64>();
    let sums = weight.chunks(x.len()).zip(bias).map(|(row, b)| sum(row) + f64::from(*b));
    sums.map(|y| if relu { y.max(0.0) } else { y }).collect()
}

fn with_reference(test: LayerTest<Dense>) -> LayerTest<Dense> {
    test.computes(|w, x| dense(w.get("weight").unwrap().1, w.get("bias").unwrap().1, x[0], true))
}

#[test]
fn a_layer_without_mistakes_passes() {
    let init = Init::Uniform { fan_in: 4 };
    let declared = [("weight", Shape::new([3, 4]), init, true), ("bias", Shape::new([3]), init, true)];
    with_reference(test(Mistake::None)).gives([3]).declares(declared).check();
    layer_test!(Dense { out: 2 }, [3, 5]).seed(7).check();
}

#[test]
fn other_widths_are_checked_as_well() {
    let widths = [(8, 20), (12, 40), (20, 40)].map(|(fraction, opened)| Settings { fraction, opened, ..Settings::default() });
    with_reference(test(Mistake::None)).settings(widths).check();
    let impossible = Settings { fraction: 30, ..Settings::default() };
    let said = said(&test(Mistake::None).settings([impossible]));
    assert!(said.contains("private run: 2 parties, ring of 64 bits, 30 fraction bits, 34 opened bits: no plan for `"), "{said}");
}

#[test]
fn infer_is_compared_with_build() {
    says(
        Mistake::InferSaysTheInput,
        "shapes: model `Dense { out: 3, mistake }`, stage `layer`: `infer` says [4], but `build` makes [3]: correct the layer",
    );
    says(Mistake::InferAcceptsScalars, "shapes: `infer` accepts ([]) and says [3], but `build` does not follow: model");
    says(Mistake::InferIndexesWithoutLooking, "shapes: `infer` panics on (): return a `ShapeError` that says what is needed");
    let other = test(Mistake::None).gives([4]);
    assert_eq!(said(&other), "shapes: `infer` says [3], but [4] is expected");
}

#[test]
fn parameters_are_compared_with_their_use() {
    says(Mistake::FanInOfTheOutput, "parameters: `weight` starts for a `fan_in` of 3, but an output of its `linear` sums 4 inputs");
    says(Mistake::FanInOfTheOutput, "parameters: `bias` starts for a `fan_in` of 3");
    says(Mistake::NotFinite, "parameters: `weight` starts with NaN, outside of NaN to NaN of its Constant(NaN)");
    says(Mistake::UnusedParameter, "parameters: `bias` is declared, but nothing reads it");
    let other = test(Mistake::None).declares([("weight", Shape::new([3, 4]), Init::Uniform { fan_in: 4 }, false)]);
    let expected = "parameters: declared are `weight` [3, 4] Uniform { fan_in: 4 }; `bias` [3] Uniform { fan_in: 4 }; \
                    expected are `weight` [3, 4] Uniform { fan_in: 4 }, a buffer";
    assert_eq!(said(&other), expected);
}

#[test]
fn what_cannot_be_run_privately_is_a_finding() {
    says(Mistake::WeightAsValue, "private run: no plan for");
    says(Mistake::WeightAsValue, "a weight stands where a value is needed");
    says(Mistake::OutOfRange, "stage `layer`: bias 0 after folding must be finite and below 65536");
    says(Mistake::OutOfRangeLater, "however small the inputs, values reach 1");
}

#[test]
fn a_layer_that_computes_something_else_is_told_by_its_reference_alone() {
    assert_eq!(test(Mistake::NoRelu).findings(), [], "its forms agree with each other");
    let said = said(&with_reference(test(Mistake::NoRelu)));
    assert!(said.contains("what it computes: the twin and `computes` differ in "), "{said}");
    let short = test(Mistake::None).computes(|_, _| vec![]);
    assert!(self::said(&short).contains("`computes` 0; 12 are expected"), "{}", self::said(&short));
}

#[test]
#[should_panic(
    expected = "`Dense { out: 3, mistake: Mistake::FanInOfTheOutput }` on [4] does not hold what a layer promises (seed 1):\n  parameters: `weight` starts"
)]
fn a_failure_names_the_layer_the_shapes_and_the_seed() {
    layer_test!(Dense { out: 3, mistake: Mistake::FanInOfTheOutput }, [4]).check();
}

#[test]
fn a_mistake_that_shows_everywhere_is_told_three_times() {
    let panic = std::panic::catch_unwind(|| with_reference(test(Mistake::NoRelu)).check()).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    assert_eq!(text.matches("  what it computes: the twin").count(), 3, "{text}");
    assert!(text.contains("\n  what it computes: ") && text.ends_with(" more"), "{text}");
}

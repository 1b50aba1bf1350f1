//! Layers that are composed of thresholds, products and public maps, by `LayerTest`. What each computes is compared with PyTorch's figures in `figures.rs` and `private.rs`.

mod checked;

use checked::{Declared, both, settings};
use undertone_layers::{
    Abs, Clamp, CumSum, Embedding, Equal, Greater, GreaterEqual, Less, LessEqual, Maximum, Minimum, NotEqual, PositionalEmbedding, Pow,
    Project, Rnn, RotaryEmbedding, Sign, Sort, SqueezeExcite, Where,
};
use undertone_runtime::graph::Init;
use undertone_shape::Shape;
use undertone_twin::layer_test;

/// Without parameters.
const NONE: [Declared; 0] = [];

fn parameter<const R: usize>(name: &'static str, shape: [usize; R], init: Init) -> Declared {
    (name, Shape::new(shape), init, true)
}

#[test]
fn thresholds_of_one_value() {
    layer_test!(Abs, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Sign, [12]).gives([12]).declares(NONE).settings(settings()).check();
    layer_test!(Clamp { min: -0.52, max: 1.25 }, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Clamp { max: 0.21 }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Pow { exponent: 3.0 }, [9]).gives([9]).declares(NONE).settings(settings()).check();
}

#[test]
fn comparisons_of_two_values() {
    layer_test!(Maximum, [3, 4], [3, 1]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Minimum, [4, 4], [4]).gives([4, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Greater, [7], [7]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(GreaterEqual, [7], [7]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(Less, [2, 3], [3]).gives([2, 3]).declares(NONE).settings(settings()).check();
    layer_test!(LessEqual, [7], [7]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(Equal, [7], [7]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(NotEqual, [7], [1]).gives([7]).declares(NONE).settings(settings()).check();
    layer_test!(Where, [3, 1], [3, 4], [4]).gives([3, 4]).declares(NONE).settings(settings()).check();
}

#[test]
fn sums_and_orders() {
    layer_test!(CumSum { axis: 1 }, [3, 6]).gives([3, 6]).declares(NONE).settings(settings()).check();
    layer_test!(Sort { axis: 1 }, [2, 5]).gives([2, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Sort { descending: true }, [6, 2]).gives([6, 2]).declares(NONE).settings(settings()).check();
}

#[test]
fn tables() {
    let table = |shape| [parameter("weight", shape, Init::Uniform { fan_in: 1 })];
    layer_test!(Embedding { dim: 3 }, [2, 5]).gives([2, 3]).declares(table([5, 3])).settings(settings()).check();
    layer_test!(Embedding { dim: 3 }, [5]).gives([3]).declares(table([5, 3])).settings(settings()).check();
    let known = layer_test!(Embedding { dim: 3, vocabulary: 4, indices: &[3, 0, 0, 1, 3] }, [2, 5]);
    let rows = |weights: &undertone_runtime::Weights, _: &[&[f32]]| {
        let (_, table) = weights.get("weight").unwrap();
        [3, 0, 0, 1, 3].iter().flat_map(|row| table[3 * row..3 * row + 3].iter().map(|v| f64::from(*v)).collect::<Vec<_>>()).collect()
    };
    known.gives([5, 3]).declares(table([4, 3])).computes(rows).settings(settings()).check();
    let scalar: [usize; 0] = [];
    layer_test!(Embedding { dim: 3, vocabulary: 1, indices: &[0] }, scalar)
        .gives([1, 3])
        .declares(table([1, 3]))
        .settings(settings())
        .check();
    let weight = parameter("weight", [5, 3], Init::Uniform { fan_in: 5 });
    layer_test!(Project { out: 3 }, [2, 2, 5]).gives([2, 2, 3]).declares([weight]).settings(settings()).check();
    let bias = parameter("bias", [3], Init::Constant(0.0));
    layer_test!(Project { out: 3, bias: true }, [4, 5]).gives([4, 3]).declares([weight, bias]).settings(settings()).check();
}

#[test]
fn positions() {
    let table = [parameter("weight", [3, 4], Init::Uniform { fan_in: 1 })];
    layer_test!(PositionalEmbedding, [3, 4]).gives([3, 4]).declares(table).settings(settings()).check();
    layer_test!(PositionalEmbedding, [2, 3, 4]).gives([2, 3, 4]).declares(table).settings(settings()).check();
    layer_test!(PositionalEmbedding { learned: false }, [2, 3, 4]).gives([2, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(RotaryEmbedding, [2, 3, 4]).gives([2, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(RotaryEmbedding { interleaved: true, base: 100.0 }, [3, 6]).gives([3, 6]).declares(NONE).settings(settings()).check();
}

#[test]
fn gates_and_sequences_without_smooth_functions() {
    let [weight1, bias1] = both([2, 4, 1, 1], 4);
    let [weight2, bias2] = both([4, 2, 1, 1], 2);
    let declared = [("fc1.weight", weight1), ("fc1.bias", bias1), ("fc2.weight", weight2), ("fc2.bias", bias2)];
    let declared = declared.map(|(name, (_, shape, init, trainable))| (name, shape, init, trainable));
    layer_test!(SqueezeExcite { squeeze: 2, hard: true }, [4, 2, 3]).gives([4, 2, 3]).declares(declared).settings(settings()).check();
    let [of_input, of_state] = [3, 2].map(|fan_in| Init::Uniform { fan_in });
    let declared = [
        parameter("weight_ih_l0", [2, 3], of_input),
        parameter("weight_hh_l0", [2, 2], of_state),
        parameter("bias_ih_l0", [2], of_input),
        parameter("bias_hh_l0", [2], of_state),
    ];
    layer_test!(Rnn { hidden: 2, relu: true }, [3, 3]).gives([3, 2]).declares(declared).settings(settings()).check();
}

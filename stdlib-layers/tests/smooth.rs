//! Smooth functions, functions of whole rows, and what is made of them, by `LayerTest`. What each computes is compared with PyTorch's figures in `figures.rs` and
//! `private.rs`.

mod checked;

use checked::{Declared, both, settings};
use undertone_layers::{
    Approx, Cos, Div, Elu, Erf, Exp, Gelu, GroupNorm, Gru, InstanceNorm, InverseSqrt, LayerNorm, Log, LogSigmoid, LogSoftmax, Lstm, Mish,
    MultiHeadAttention, Norm, Pow, Reciprocal, RmsNorm, Rnn, Selu, Sigmoid, Silu, Sin, Softmax, Softplus, Sqrt, SqueezeExcite, Tanh,
};
use undertone_runtime::graph::op::{Curve, Smooth};
use undertone_runtime::graph::{Init, Scope, Value, trace};
use undertone_runtime::{Layer, Plan, Settings};
use undertone_shape::{Infer, Shape};
use undertone_twin::{LayerTest, layer_test};

/// Without parameters.
const NONE: [Declared; 0] = [];

#[test]
fn activations() {
    layer_test!(Silu, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Mish, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Sigmoid, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(LogSigmoid, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Tanh, [2, 3, 4]).gives([2, 3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Softplus, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Elu { alpha: 0.5 }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Selu, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Gelu, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(Gelu { tanh: true }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Erf, [9]).gives([9]).declares(NONE).settings(settings()).check();
}

#[test]
fn functions_of_a_number() {
    layer_test!(Exp, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Log, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Reciprocal, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Sqrt, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(InverseSqrt, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Sin, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Cos, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Pow { exponent: 0.75 }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Norm { axes: &[1] }, [3, 4]).gives([3]).declares(NONE).settings(settings()).check();
}

#[test]
fn compact_functions_of_a_number() {
    let approx = Approx::Compact;
    layer_test!(Log { approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Reciprocal { approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Sqrt { approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(InverseSqrt { approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Pow { exponent: 0.75, approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Pow { exponent: -0.5, approx }, [9]).gives([9]).declares(NONE).settings(settings()).check();
    layer_test!(Norm { axes: &[1], approx }, [3, 4]).gives([3]).declares(NONE).settings(settings()).check();
}

#[test]
fn gates_and_sequences() {
    layer_test!(SqueezeExcite { squeeze: 2 }, [4, 2, 3]).gives([4, 2, 3]).settings(settings()).check();
    layer_test!(Rnn { hidden: 2 }, [3, 3]).gives([3, 2]).settings(settings()).check();
    layer_test!(Lstm { hidden: 2, bidirectional: true }, [2, 3]).gives([2, 4]).settings(settings()).check();
    layer_test!(Gru { hidden: 2, layers: 2, last: true }, [2, 3]).gives([2]).settings(settings()).check();
}

/// A function of half of a value: quickly computed, it is right for values up to half of the largest.
#[derive(Clone, Copy, Debug)]
struct OfHalf(Smooth);

impl OfHalf {
    const fn infer(&self, x: &[Shape]) -> Infer {
        Curve { function: self.0, approx: Approx::Quick }.infer(x)
    }
}

impl Layer for OfHalf {
    fn build<'g>(&self, g: &mut Scope<'g>, x: &[Value<'g>]) -> Value<'g> {
        let half = g.scale(x[0], 0.5, 0.0);
        g.curve(half, self.0, Approx::Quick)
    }
}

#[test]
fn quickly() {
    for function in [Smooth::Gelu, Smooth::GeluTanh, Smooth::Silu, Smooth::Sigmoid, Smooth::Tanh] {
        let test = LayerTest::new(OfHalf(function), OfHalf::infer, [Shape::new([9])]).named(format!("quick {function:?}"));
        test.gives([9]).declares(NONE).settings(settings()).check();
    }
}

/// What one more position of a sequence adds to the rounds of a recurrent network, and what the first takes less.
#[test]
fn rounds_of_a_position() {
    fn rounds<L: Layer>(layer: L) -> [u64; 2] {
        let of = |t: usize| {
            let graph = trace("M", &[("x", Shape::new([t, 3]))], |g, x| g.stage("layer", Ok(Shape::new([t, 2])), |g| layer.build(g, x)));
            let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
            plan.cost(1).rows.iter().find(|row| row.stage == "layer").unwrap().cost.rounds
        };
        let each = of(4) - of(3);
        [each, 3 * each - of(3)]
    }
    let all = [Approx::Everywhere, Approx::Quick, Approx::Within(4.0)];
    assert_eq!(all.map(|approx| rounds(Rnn { hidden: 2, approx, ..Rnn::DEFAULT })), [[5, 0], [4, 0], [3, 0]]);
    assert_eq!(all.map(|approx| rounds(Lstm { hidden: 2, approx, ..Lstm::DEFAULT })), [[12, 1], [10, 1], [8, 1]]);
    assert_eq!(all.map(|approx| rounds(Gru { hidden: 2, approx, ..Gru::DEFAULT })), [[13, 2], [11, 2], [9, 2]]);
}

#[test]
fn rows() {
    layer_test!(Div, [3, 4], [3, 1]).gives([3, 4]).declares(NONE).settings(settings()).check();
    layer_test!(Softmax { axis: 1 }, [3, 5]).gives([3, 5]).declares(NONE).settings(settings()).check();
    layer_test!(LogSoftmax, [6]).gives([6]).declares(NONE).settings(settings()).check();
}

#[test]
fn attention() {
    let attention = layer_test!(MultiHeadAttention { heads: 2, causal: true }, [3, 4]);
    let uniform = Init::Uniform { fan_in: 4 };
    let declared = [
        ("in_proj_weight", both([12, 4], 4)[0].1, uniform, true),
        ("in_proj_bias", Shape::new([12]), Init::Constant(0.0), true),
        ("out_proj.weight", Shape::new([4, 4]), uniform, true),
        ("out_proj.bias", Shape::new([4]), Init::Constant(0.0), true),
    ];
    attention.gives([3, 4]).declares(declared).settings(settings()).check();
    layer_test!(MultiHeadAttention { heads: 2, bias: false }, [3, 4], [5, 4]).gives([3, 4]).settings(settings()).check();
    layer_test!(MultiHeadAttention { heads: 1, mask: true }, [3, 4], [3, 3]).gives([3, 4]).settings(settings()).check();
}

/// A weight of ones and a bias of zeros.
fn affine<const N: usize>(shape: [usize; N]) -> [(&'static str, Shape, Init, bool); 2] {
    let shape = Shape::new(shape);
    [("weight", shape, Init::Constant(1.0), true), ("bias", shape, Init::Constant(0.0), true)]
}

/// The settings whose ring holds the sum of the squares of a row, however large its values are.
fn whole() -> Vec<Settings> {
    let all = settings().into_iter().filter(|s| s.ring == 64 && s.fraction == 12);
    all.flat_map(|s| [2, 3].map(|parties| Settings { parties, ..s.clone() })).collect()
}

#[test]
fn normalised_rows() {
    layer_test!(LayerNorm, [3, 8]).gives([3, 8]).declares(affine([8])).settings(whole()).check();
    layer_test!(LayerNorm { axes: 2, affine: false }, [2, 3, 4]).gives([2, 3, 4]).declares(NONE).settings(whole()).check();
    layer_test!(RmsNorm, [3, 8]).gives([3, 8]).declares([affine([8])[0]]).settings(whole()).check();
    layer_test!(GroupNorm { groups: 2, live: true }, [4, 3, 2]).gives([4, 3, 2]).declares(affine([4])).settings(whole()).check();
    layer_test!(InstanceNorm { live: true }, [3, 7]).gives([3, 7]).declares(NONE).settings(whole()).check();
}

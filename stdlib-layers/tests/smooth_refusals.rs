//! What smooth functions, and layers that are composed of functions and products, refuse.

mod refusal;

use refusal::refuses;
use undertone_layers::{
    Approx, Clamp, CumSum, Div, Elu, Embedding, Exp, Gelu, Greater, GroupNorm, Gru, InstanceNorm, LayerNorm, LogSoftmax, Lstm, Maximum,
    MultiHeadAttention, Norm, PositionalEmbedding, Pow, Project, RmsNorm, Rnn, RotaryEmbedding, Silu, Softmax, Sort, SqueezeExcite, Where,
};
use undertone_shape::Shape;

fn shape<const R: usize>(dims: [usize; R]) -> Shape {
    Shape::new(dims)
}

#[test]
fn numbers_that_are_none() {
    let x = [shape([4])];
    for most in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let approx = Approx::Within(most);
        refuses(Silu { approx }, Silu::infer, &x, "needs the field `approx: Within a positive number`");
        refuses(Softmax { within: Some(most), ..Softmax::DEFAULT }, Softmax::infer, &x, "needs the field `within: a positive number`");
    }
    refuses(Elu { alpha: f64::NAN, ..Elu::DEFAULT }, Elu::infer, &x, "needs the field `alpha: a finite number`");
    refuses(Pow { exponent: f64::INFINITY, ..Pow::DEFAULT }, Pow::infer, &x, "needs the field `exponent: a finite number`");
    let root = Pow { exponent: 0.3, approx: Approx::Within(2.0) };
    refuses(root, Pow::infer, &x, "needs the field `approx: nothing within, which this exponent does not allow`");
    refuses(Clamp::DEFAULT, Clamp::infer, &x, "needs the field `min: a finite number, or `max``");
    for (min, max) in [(1.0, 1.0), (f64::NAN, 1.0), (0.0, f64::NAN), (f64::INFINITY, 1.0), (0.0, f64::NEG_INFINITY)] {
        refuses(Clamp { min, max }, Clamp::infer, &x, "needs the field `min: a number below `max``");
    }
    for epsilon in [0.0, -1.0, f64::NAN] {
        refuses(LayerNorm { epsilon, ..LayerNorm::DEFAULT }, LayerNorm::infer, &x, "needs the field `eps: a positive number`");
        refuses(RmsNorm { epsilon, ..RmsNorm::DEFAULT }, RmsNorm::infer, &x, "needs the field `eps: a positive number`");
    }
    let still = "needs the field `epsilon: a positive number, and elements`";
    let groups = GroupNorm { groups: 2, live: true, epsilon: 0.0, ..GroupNorm::DEFAULT };
    refuses(groups, GroupNorm::infer, &x, still);
    refuses(GroupNorm { epsilon: 1e-5, ..groups }, GroupNorm::infer, &[shape([4, 0])], still);
    refuses(InstanceNorm { live: true, epsilon: 0.0, ..InstanceNorm::DEFAULT }, InstanceNorm::infer, &[shape([4, 2])], still);
    let base = RotaryEmbedding { base: 0.0, ..RotaryEmbedding::DEFAULT };
    refuses(base, RotaryEmbedding::infer, &[shape([3, 4])], "needs the field `base: a positive number`");
}

#[test]
fn functions_that_do_not_repeat_are_not_compact() {
    let x = [shape([4])];
    let approx = Approx::Compact;
    let only = "needs the field `approx: Compact for reciprocals, square roots, their inverses and logarithms only`";
    refuses(Silu { approx }, Silu::infer, &x, only);
    refuses(Elu { approx, ..Elu::DEFAULT }, Elu::infer, &x, only);
    refuses(Gelu { approx, ..Gelu::DEFAULT }, Gelu::infer, &x, only);
    refuses(Exp { approx }, Exp::infer, &x, only);
    refuses(SqueezeExcite { squeeze: 2, approx, ..SqueezeExcite::DEFAULT }, SqueezeExcite::infer, &[shape([3, 4, 4])], only);
    let sequence = [shape([3, 4])];
    refuses(Rnn { hidden: 2, approx, ..Rnn::DEFAULT }, Rnn::infer, &sequence, only);
    refuses(Lstm { hidden: 2, approx, ..Lstm::DEFAULT }, Lstm::infer, &sequence, only);
    refuses(Gru { hidden: 2, approx, ..Gru::DEFAULT }, Gru::infer, &sequence, only);
}

#[test]
fn wrong_numbers_of_inputs() {
    let x = shape([4]);
    refuses(Exp::DEFAULT, Exp::infer, &[x; 2], "takes 1 input, but is given 2");
    refuses(Gelu::DEFAULT, Gelu::infer, &[], "takes 1 input, but is given 0");
    for inputs in [&[x][..], &[x; 3]] {
        let given = format!("takes 2 inputs, but is given {}", inputs.len());
        refuses(Maximum, Maximum::infer, inputs, &given);
        refuses(Greater, Greater::infer, inputs, &given);
        refuses(Div, Div::infer, inputs, &given);
    }
    refuses(Where, Where::infer, &[x; 2], "takes 3 inputs, but is given 2");
    let apart = "needs inputs whose sizes are equal or 1 on each axis, but they are [4] and [3]";
    refuses(Greater, Greater::infer, &[x, shape([3])], apart);
    refuses(Div, Div::infer, &[x, shape([3])], apart);
    let heads = MultiHeadAttention { heads: 2, ..MultiHeadAttention::DEFAULT };
    refuses(heads, MultiHeadAttention::infer, &[shape([3, 4]); 3], "takes 1 input, but is given 3");
    let masked = MultiHeadAttention { mask: true, ..heads };
    refuses(masked, MultiHeadAttention::infer, &[shape([3, 4])], "takes 2 inputs, but is given 1");
}

#[test]
fn axes_that_there_are_not() {
    let x = [shape([3, 4])];
    let beyond = "has `axis: 2`, but it must be below the rank of the input";
    refuses(Softmax { axis: 2, ..Softmax::DEFAULT }, Softmax::infer, &x, beyond);
    refuses(LogSoftmax { axis: 2, ..LogSoftmax::DEFAULT }, LogSoftmax::infer, &x, beyond);
    refuses(CumSum { axis: 2 }, CumSum::infer, &x, beyond);
    refuses(Sort { axis: 2, ..Sort::DEFAULT }, Sort::infer, &x, beyond);
    refuses(Sort::DEFAULT, Sort::infer, &[shape([65])], "has `axis: 0`, but it must be an axis of at most 64");
    refuses(Softmax::DEFAULT, Softmax::infer, &[shape([0, 4])], "needs at least 1 on axis 0, but its input is [0, 4]");
    refuses(LayerNorm { axes: 3, ..LayerNorm::DEFAULT }, LayerNorm::infer, &x, "expects rank 3, but its input is [3, 4]");
    refuses(LayerNorm { axes: 0, ..LayerNorm::DEFAULT }, LayerNorm::infer, &x, "has `axes: 0`, but it must be at least 1");
    refuses(RmsNorm::DEFAULT, RmsNorm::infer, &[shape([3, 0])], "needs at least 1 on axis 1, but its input is [3, 0]");
    refuses(Norm { order: 3, ..Norm::DEFAULT }, Norm::infer, &x, "has `order: 3`, but it must be 1 or 2");
    refuses(Norm { axes: &[2], ..Norm::DEFAULT }, Norm::infer, &x, "has `axes: 2`, but it must be below the rank of the input");
    refuses(PositionalEmbedding::DEFAULT, PositionalEmbedding::infer, &[shape([4])], "expects rank 2, but its input is [4]");
    let odd = "needs axis 1 divisible by 2, but its input is [3, 5]";
    refuses(RotaryEmbedding::DEFAULT, RotaryEmbedding::infer, &[shape([3, 5])], odd);
}

#[test]
fn what_has_to_be_said() {
    let x = [shape([3, 4])];
    refuses(Embedding::DEFAULT, Embedding::infer, &x, "needs the field `dim`");
    let words = Embedding { dim: 2, vocabulary: 5, ..Embedding::DEFAULT };
    refuses(words, Embedding::infer, &x, "has `vocabulary: 5`, but it must be the size of the last axis, or left out");
    let known = Embedding { indices: &[0, 4, 1], ..words };
    refuses(Embedding { vocabulary: 0, ..known }, Embedding::infer, &x, "needs the field `vocabulary`");
    refuses(Embedding { vocabulary: 1 << 24, ..known }, Embedding::infer, &x, "has `vocabulary: 16777216`, but it must be below 2^24");
    refuses(Embedding { vocabulary: 4, ..known }, Embedding::infer, &x, "has `indices: 4`, but it must be below `vocabulary`");
    refuses(known, Embedding::infer, &[shape([3, 0])], "needs at least 1 on axis 1, but its input is [3, 0]");
    refuses(Project::DEFAULT, Project::infer, &x, "needs the field `out`");
    refuses(Project { out: 1 << 24, ..Project::DEFAULT }, Project::infer, &x, "has `out: 16777216`, but it must be below 2^24");
    refuses(SqueezeExcite::DEFAULT, SqueezeExcite::infer, &[shape([3, 4, 4])], "needs the field `squeeze`");
    let squeezed = SqueezeExcite { squeeze: 2, ..SqueezeExcite::DEFAULT };
    refuses(squeezed, SqueezeExcite::infer, &x, "expects rank 3, but its input is [3, 4]");
    refuses(Rnn::DEFAULT, Rnn::infer, &x, "needs the field `hidden`");
    refuses(Lstm { hidden: 2, layers: 0, ..Lstm::DEFAULT }, Lstm::infer, &x, "has `layers: 0`, but it must be at least 1");
    refuses(Gru { hidden: 2, ..Gru::DEFAULT }, Gru::infer, &[shape([4])], "expects rank 2, but its input is [4]");
    refuses(MultiHeadAttention::DEFAULT, MultiHeadAttention::infer, &x, "needs the field `heads`");
    let heads = MultiHeadAttention { heads: 3, ..MultiHeadAttention::DEFAULT };
    refuses(heads, MultiHeadAttention::infer, &x, "needs axis 1 divisible by 3, but its input is [3, 4]");
    let two = MultiHeadAttention { heads: 2, ..heads };
    refuses(two, MultiHeadAttention::infer, &[x[0], shape([3, 6])], "expects 4 on axis 1, but its input is [3, 6]");
    let masked = MultiHeadAttention { mask: true, ..two };
    refuses(masked, MultiHeadAttention::infer, &[x[0], shape([2, 3])], "expects 3 on axis 0, but its input is [2, 3]");
    refuses(masked, MultiHeadAttention::infer, &[x[0], shape([3, 2])], "expects 3 on axis 1, but its input is [3, 2]");
    let causal = MultiHeadAttention { causal: true, within: Some(4.0), ..two };
    refuses(causal, MultiHeadAttention::infer, &x, "needs the field `within: nothing beside a mask`");
}

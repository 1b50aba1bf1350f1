//! What is composed of thresholds, products and public maps, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{
    Abs, Add, Clamp, CumSum, Embedding, Equal, Greater, GreaterEqual, Less, LessEqual, Maximum, Minimum, Norm, NotEqual,
    PositionalEmbedding, Pow, Project, Rnn, RotaryEmbedding, Sign, Sort, SqueezeExcite, Where,
};
use undertone_shape::Shape;

pub fn cases() -> Vec<Case> {
    vec![
        case!("abs", [3, 20], "y": Abs {}),
        case!("pow_cube", [3, 20], "y": Pow { exponent: 3.0 }),
        case!("sign", [40], "y": Sign {}),
        case!("clamp", [40], "y": Clamp { min: -0.5, max: 1.25 }),
        case!("clamp_below", [40], "y": Clamp { min: 0.25 }),
        case!("maximum", [[3, 4], [3, 1]], |g, x| stage(g, "y", Maximum, Maximum::infer, x)),
        case!("minimum", [[3, 4], [1, 4]], |g, x| stage(g, "y", Minimum, Minimum::infer, x)),
        case!("greater", [[30], [30]], |g, x| stage(g, "y", Greater, Greater::infer, x)),
        case!("greater_equal", [[30], [30]], |g, x| stage(g, "y", GreaterEqual, GreaterEqual::infer, x)),
        case!("less", [[30], [30]], |g, x| stage(g, "y", Less, Less::infer, x)),
        case!("less_equal", [[30], [30]], |g, x| stage(g, "y", LessEqual, LessEqual::infer, x)),
        case!("equal", [[30], [30]], |g, x| stage(g, "y", Equal, Equal::infer, x)),
        case!("not_equal", [[30], [30]], |g, x| stage(g, "y", NotEqual, NotEqual::infer, x)),
        case!("where", [[3, 1], [3, 4], [1, 4]], |g, x| stage(g, "y", Where, Where::infer, x)),
        case!("norm_of_all_by_magnitudes", [4, 6], "y": Norm { order: 1, keep: true }),
        case!("cum_sum", [3, 7], "y": CumSum { axis: 1 }),
        case!("sort", [3, 9], "y": Sort { axis: 1 }),
        case!("sort_descending", [12], "y": Sort { descending: true }),
        case!("embedding", [4, 9], "embedding": Embedding { dim: 5 }),
        case!("embedding_of_indices", [[4, 5]], |g, x| {
            let kind = Embedding { dim: 5, vocabulary: 7, indices: &[6, 0, 0, 3] };
            let kind = stage(g, "kind", kind, Embedding::infer, x);
            stage(g, "sum", Add, Add::infer, &[x[0], kind])
        }),
        case!("project", [4, 7], "project": Project { out: 5 }),
        case!("project_bias", [4, 7], "project": Project { out: 5, bias: true }),
        case!("positions_learned", [2, 4, 6], "position": PositionalEmbedding {}),
        case!("positions_of_waves", [5, 6], "position": PositionalEmbedding { learned: false }),
        case!("rotary", [2, 5, 8], "rotary": RotaryEmbedding {}),
        case!("rotary_interleaved", [5, 8], "rotary": RotaryEmbedding { interleaved: true }),
        case!("squeeze_excite_hard", [6, 3, 4], "gate": SqueezeExcite { squeeze: 3, hard: true }),
        case!("rnn_relu_last", [4, 6], "rnn": Rnn { hidden: 4, relu: true, bias: false, last: true }),
    ]
}

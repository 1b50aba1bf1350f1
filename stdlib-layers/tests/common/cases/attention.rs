//! Attention, gates, and networks that read a sequence, in the order of `figures/make.py`.

use super::super::{Case, stage};
use super::named;
use undertone_layers::{Gru, Lstm, MultiHeadAttention, Rnn, SqueezeExcite};
use undertone_shape::Shape;

pub fn cases() -> Vec<Case> {
    [attention(), sequences()].into_iter().flatten().collect()
}

fn attention() -> Vec<Case> {
    vec![
        case!("attention", [5, 8], "attention": MultiHeadAttention { heads: 2 }),
        case!("attention_without_bias", [3, 6], "attention": MultiHeadAttention { heads: 3, bias: false }),
        case!("attention_causal", [5, 8], "attention": MultiHeadAttention { heads: 4, causal: true }),
        case!("attention_to_another", [[4, 8], [6, 8]], |g, x| {
            let layer = MultiHeadAttention { heads: 2, ..MultiHeadAttention::DEFAULT };
            stage(g, "attention", layer, MultiHeadAttention::infer, x)
        }),
        case!("attention_masked", [[5, 8], [5, 5]], |g, x| {
            let layer = MultiHeadAttention { heads: 2, mask: true, ..MultiHeadAttention::DEFAULT };
            stage(g, "attention", layer, MultiHeadAttention::infer, x)
        }),
    ]
}

fn sequences() -> Vec<Case> {
    vec![
        case!("squeeze_excite_layer", [6, 3, 4], "gate": SqueezeExcite { squeeze: 3 }),
        case!("rnn", [4, 3], "rnn": Rnn { hidden: 5 }),
        case!("lstm", [4, 3], "lstm": Lstm { hidden: 5 }),
        case!("lstm_both_ways", [3, 4], "lstm": Lstm { hidden: 3, layers: 2, bidirectional: true }),
        case!("lstm_both_ways_last", [3, 4], "lstm": Lstm { hidden: 3, layers: 2, bidirectional: true, last: true }),
        case!("gru", [4, 3], "gru": Gru { hidden: 5 }),
        case!("gru_layers", [3, 5], "gru": Gru { hidden: 3, layers: 2, bias: false, last: true }),
    ]
}

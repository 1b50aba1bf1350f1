//! The recogniser of phonemes of the PyPI package `hama`, described again: from the spectrogram to scores of phonemes.

use undertone::prelude::*;

/// The frames of a recording, 10 ms each: three seconds.
pub const FRAMES: usize = 301;
/// The frames of the scores, 20 ms each.
pub const SCORES: usize = 151;
/// The phonemes, the end of a word and the blank.
pub const CLASSES: usize = 191;

secure_model! {
    /// Each channel by itself over time, then across channels, and a gate for each channel from its mean over time (Hu et al., 2018).
    pub model Block { dilation: usize } (x) {
        let mixed = x -> depthwise: DepthwiseConv1d { kernel: 9, padding: 4 * dilation, dilation } -> pointwise: Conv1d { out: 256 } -> Silu;
        let gate = mixed -> Mean { axes: &[1], keep: true } -> #[weights("se.fc1")] Conv1d { out: 32 } -> Silu -> #[weights("se.fc2")] Conv1d { out: 256 } -> Sigmoid;
        let gated = (mixed, gate) -> Mul;
        (gated, x) -> Add
    }
}

secure_model! {
    /// A layer of an encoder, normalised before attention and before what follows it.
    pub model Encoder(x) {
        let seen = x -> norm1: LayerNorm -> attn: MultiHeadAttention { heads: 4 };
        let sum = (x, seen) -> Add;
        let thought = sum -> norm2: LayerNorm -> #[weights("ff.0")] Linear { out: 512 } -> Gelu -> #[weights("ff.3")] Linear { out: 256 };
        (sum, thought) -> Add
    }
}

secure_model! {
    /// Scores of 191 classes every 20 ms from a log-mel spectrogram. 2.1 million weights.
    #[budget(rounds = 334, megabytes = 33.5)]
    pub model Phonemes(sound: [80, FRAMES]) -> [CLASSES, SCORES] {
        sound
            -> #[weights("stem.0")] Conv1d { out: 256, kernel: 3, stride: 2, padding: 1 } -> Gelu
            -> for (i, dilation) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 4), (5, 1), (6, 1), (7, 2), (8, 2), (9, 4), (10, 1)] {
                #[weights("backbone.{i}")] Block { dilation }
            }
            -> Transpose
            -> for i in 0..2 { #[weights("attn_layers.{i}")] Encoder }
            -> Transpose
            -> proj: Conv1d { out: CLASSES }
    }
}

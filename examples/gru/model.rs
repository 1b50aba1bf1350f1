//! A recurrent network that tells speakers apart, described once: trained in the clear and run privately by `gru`.

use undertone::prelude::*;

/// The points of a series; shorter ones have zeros before them.
pub const POINTS: usize = 29;
/// The numbers at each point.
pub const CHANNELS: usize = 12;

secure_model! {
    /// A gated recurrent unit over 29 points of twelve numbers each; its last state says which of nine speakers it was. 5 thousand weights.
    #[budget(rounds = 378, megabytes = 0.213)]
    pub model Speaker(voice: [POINTS, CHANNELS]) -> [9] {
        voice
            -> gru: Gru { hidden: 32, last: true } -> Dropout
            -> fc: Linear { out: 9 }
    }
    loss (speaker: [9]) { (output, speaker) -> CrossEntropy }
}

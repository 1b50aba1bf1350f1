//! The speech model, described once: trained in the clear by `train_wav2letter`, run privately by `wav2letter`.
//!
//! A stack of convolutions over a log-mel spectrogram (Collobert et al., "Wav2Letter", 2016, made small), trained by connectionist
//! temporal classification. No convolution has padding. So a score depends on [`GEOMETRY`]`.receptive` frames and on nothing else, and a
//! recording can be cut into windows that run apart: their scores, put together, are those of the whole recording. Silence before
//! and after takes the place of padding.

use undertone::prelude::*;
use undertone_data::alphabet::{self, LETTERS};
use undertone_data::features::{Features, MELS};
use undertone_data::window::{Geometry, Window};

/// The frames of 10 ms that go in at once: 2 s of speech, and what a score sees around it.
pub const WINDOW: usize = 293;
/// The scores that come out, one for each 20 ms.
pub const SCORES: usize = 100;
/// How windows are cut. The receptive field: 11 taps with stride 2, then seven times 7 taps, is 11 + 7 · 6 · 2 frames.
pub const GEOMETRY: Geometry = Geometry { window: WINDOW, receptive: 95, stride: 2 };

secure_model! {
    /// From a spectrogram of any length to a score for each letter and each second frame. 1.1 million weights.
    pub model Acoustic { channels: usize = 144, dropout: f64 = 0.15 } (audio) {
        audio
            -> Conv1d { out: channels, kernel: 11, stride: 2 } -> BatchNorm -> Relu -> Dropout { rate: dropout }
            -> for _ in 0..7 {
                Conv1d { out: channels, kernel: 7 } -> BatchNorm -> Relu -> Dropout { rate: dropout }
            }
            -> Conv1d { out: channels } -> BatchNorm -> Relu -> Dropout { rate: dropout }
            -> letters: Conv1d { out: LETTERS }
    }
}

secure_model! {
    /// What runs privately: one window of a recording. The scores themselves stay secret: the speaker learns the best letter of each frame, the provider nothing.
    #[budget(rounds = 68, megabytes = 2.4)]
    pub model Wav2Letter(audio: [MELS, WINDOW] from speaker) -> [LETTERS, SCORES] weights from provider {
        audio -> acoustic: Acoustic
    }
    release letters: [SCORES] = output -> ArgMax to speaker
}

/// A batch of windows as the model takes them.
pub type Audio = Clear<S2<MELS, WINDOW>>;

/// Cuts a recording into the windows that [`Wav2Letter`] takes.
///
/// # Errors
/// Never for features of this crate's `log_mel`: the number of values would have to be wrong.
pub fn cut(features: &Features) -> Result<(Vec<Window>, Audio)> {
    let windows = GEOMETRY.windows(features.frames);
    let values = windows.iter().flat_map(|w| GEOMETRY.cut(features, *w)).collect();
    Ok((windows, Clear::new(values)?))
}

/// What the letters of all windows of a recording say.
pub fn transcribe(windows: &[Window], letters: &[u32]) -> String {
    alphabet::decode(&GEOMETRY.stitch(windows, 1, letters))
}

/// The best letters of windows, from their scores in the clear.
pub fn letters(scores: &Clear<S2<LETTERS, SCORES>>) -> Vec<u32> {
    scores.samples().flat_map(alphabet::best).collect()
}

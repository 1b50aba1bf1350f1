//! Windows of a recording, and the way back: a model without padding sees a fixed number of frames and gives scores for those in
//! the middle. Neighbouring windows overlap by what the model sees around a score, so the scores of all windows, one after the other, are
//! exactly the scores of the whole recording between two stretches of silence.

use crate::features::{Features, MELS};

/// The frames that a model sees. All its convolutions and pools are without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The frames that go in at once.
    pub window: usize,
    /// The frames that one score depends on: the receptive field.
    pub receptive: usize,
    /// The frames from one score to the next: the product of all strides.
    pub stride: usize,
}

/// One window of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first frame, counted from the beginning of the recording; negative in the silence before.
    pub start: isize,
    /// How many of its scores belong to the recording: all but in the last window.
    pub keep: usize,
}

impl Geometry {
    /// The scores of one window.
    pub const fn scores(&self) -> usize {
        (self.window - self.receptive) / self.stride + 1
    }

    /// The scores of a recording: one for each `stride` frames that began.
    pub const fn scores_of(&self, frames: usize) -> usize {
        frames.div_ceil(self.stride)
    }

    /// The windows of a recording. A score lies in the middle of the frames that it depends on.
    pub fn windows(&self, frames: usize) -> Vec<Window> {
        let (each, all) = (self.scores(), self.scores_of(frames));
        let before = (self.receptive / 2) as isize;
        (0..all).step_by(each).map(|first| Window { start: (first * self.stride) as isize - before, keep: each.min(all - first) }).collect()
    }

    /// The frames of one window, `[MELS, window]`, with silence beyond the ends of the recording.
    pub fn cut(&self, features: &Features, window: Window) -> Vec<f32> {
        (0..MELS).flat_map(|band| (0..self.window).map(move |i| features.at(band, window.start + i as isize))).collect()
    }

    /// The scores of a recording, `[classes, scores_of(frames)]`, from those of its windows: a batch of `[classes, scores()]`. With one class, whatever else there
    /// is one of for each score.
    ///
    /// # Panics
    /// When the number of values is not that of the windows.
    pub fn stitch<T: Copy>(&self, windows: &[Window], classes: usize, scores: &[T]) -> Vec<T> {
        let each = self.scores();
        assert_eq!(scores.len(), windows.len() * classes * each, "the scores are not those of {} windows", windows.len());
        let of = |class: usize| {
            windows.iter().enumerate().flat_map(move |(i, window)| {
                let from = (i * classes + class) * each;
                scores[from..from + window.keep].iter().copied()
            })
        };
        (0..classes).flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::SILENCE;

    const SMALL: Geometry = Geometry { window: 20, receptive: 7, stride: 2 };

    /// A model with this geometry and two classes: the sum and the last of the frames that a score depends on.
    fn model(frames: &[f32]) -> Vec<f32> {
        let length = frames.len() / MELS;
        let scores = (length - SMALL.receptive) / SMALL.stride + 1;
        let seen = |i: usize| &frames[i * SMALL.stride..i * SMALL.stride + SMALL.receptive];
        (0..scores).map(|i| seen(i).iter().sum()).chain((0..scores).map(|i| seen(i)[SMALL.receptive - 1])).collect()
    }

    fn recording(frames: usize) -> Features {
        Features { frames, values: (0..MELS * frames).map(|i| (i * 37 % 101) as f32).collect() }
    }

    #[test]
    fn stitched_windows_are_the_whole_recording() {
        for frames in [1, 2, 3, 13, 14, 15, 27, 28, 29, 100] {
            let features = recording(frames);
            let windows = SMALL.windows(frames);
            let scores: Vec<f32> = windows.iter().flat_map(|w| model(&SMALL.cut(&features, *w))).collect();
            let stitched = SMALL.stitch(&windows, 2, &scores);

            let all = SMALL.scores_of(frames);
            let whole = Geometry { window: (all - 1) * SMALL.stride + SMALL.receptive, ..SMALL };
            let once = whole.windows(frames);
            assert_eq!(once, vec![Window { start: -3, keep: all }], "{frames} frames");
            assert_eq!(stitched, model(&whole.cut(&features, once[0])), "{frames} frames");
        }
    }

    #[test]
    fn all_scores_are_kept_but_those_after_the_end() {
        assert_eq!(SMALL.scores(), 7);
        assert_eq!(SMALL.windows(28), vec![Window { start: -3, keep: 7 }, Window { start: 11, keep: 7 }]);
        assert_eq!(SMALL.windows(29).last(), Some(&Window { start: 25, keep: 1 }));
        assert_eq!(SMALL.windows(0), vec![]);
    }

    #[test]
    fn beyond_the_ends_there_is_silence() {
        let cut = SMALL.cut(&recording(4), SMALL.windows(4)[0]);
        assert_eq!(&cut[..8], &[SILENCE, SILENCE, SILENCE, 0.0, 37.0, 74.0, 10.0, SILENCE]);
    }
}

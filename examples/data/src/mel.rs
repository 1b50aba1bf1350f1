//! Log-mel spectrograms of recordings at 16 kHz, as the phoneme recogniser of the PyPI package `hama` 1.3.13 computes them within its network, before the first convolution.
//!
//! A Hann window of 25 ms (400 samples, periodic) moves by 10 ms (160), centred on the samples 0, 160, 320, ..; beyond its ends the recording is mirrored. The power spectrum (400 points)
//! is summed over 80 triangular bands from 40 to 7600 Hz, equally wide on Slaney's mel scale, whose corners lie on whole points of the spectrum and at least one apart, and whose heights make their
//! areas equal; then the natural logarithm of the sum or of 1e-10, whichever is more.
//!
//! The network's inputs are these numbers as they are, `[80, frames]`; it halves the frames.

use realfft::RealFftPlanner;
use std::f64::consts::TAU;

/// The sampling rate that the recogniser needs, in hertz.
pub const RATE: u32 = 16_000;
/// The number of bands.
pub const BANDS: usize = 80;
/// The samples from one frame to the next: 10 ms.
pub const HOP: usize = 160;
/// The most frames of one recording, half a minute; the recogniser leaves out what follows.
pub const MOST_FRAMES: usize = 3000;
/// The value of every band in silence.
pub const SILENCE: f32 = -23.025_85;

const POINTS: usize = 400;
const LOWEST_HZ: f64 = 40.0;
const HIGHEST_HZ: f64 = 7600.0;
const FLOOR: f32 = 1e-10;

/// A recording that cannot be mirrored at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recording has {0} samples, but at least 201 are needed: 12.6 ms at 16 kHz")]
pub struct TooShort(pub usize);

/// A log-mel spectrogram, `[BANDS, frames]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    /// One for each 10 ms, and one more.
    pub frames: usize,
    /// Band by band, frame by frame.
    pub values: Vec<f32>,
}

impl Spectrogram {
    /// The same with exactly so many frames: later ones are left out, [`SILENCE`] is added.
    pub fn resized(&self, frames: usize) -> Self {
        let kept = frames.min(self.frames);
        let mut values = vec![SILENCE; BANDS * frames];
        for band in 0..BANDS {
            values[band * frames..][..kept].copy_from_slice(&self.values[band * self.frames..][..kept]);
        }
        Self { frames, values }
    }
}

/// The log-mel spectrogram of samples from -1 to 1 at 16 kHz, of at most [`MOST_FRAMES`] frames.
///
/// # Errors
/// When there are fewer than 201 samples.
pub fn log_mel(samples: &[f32]) -> Result<Spectrogram, TooShort> {
    if samples.len() <= POINTS / 2 {
        return Err(TooShort(samples.len()));
    }
    let frames = (samples.len() / HOP + 1).min(MOST_FRAMES);
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(POINTS);
    let window: Vec<f32> = (0..POINTS).map(|i| (0.5 - 0.5 * (TAU * i as f64 / POINTS as f64).cos()) as f32).collect();
    let bank = filter_bank();
    let (mut time, mut spectrum, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    let mut values = vec![0.0; BANDS * frames];
    for frame in 0..frames {
        for (i, (t, w)) in time.iter_mut().zip(&window).enumerate() {
            *t = w * samples[mirrored((frame * HOP + i) as isize - (POINTS / 2) as isize, samples.len())];
        }
        // It fails only when the buffers are not of the plan's lengths, and the plan has made them.
        let _ = fft.process_with_scratch(&mut time, &mut spectrum, &mut scratch);
        for (band, weights) in bank.iter().enumerate() {
            let power: f32 = weights.iter().map(|(bin, weight)| spectrum[*bin].norm_sqr() * weight).sum();
            values[band * frames + frame] = power.max(FLOOR).ln();
        }
    }
    Ok(Spectrogram { frames, values })
}

/// The sample at a place that may lie half a window beyond the ends; the first and the last one are not repeated.
fn mirrored(at: isize, samples: usize) -> usize {
    let at = at.unsigned_abs();
    if at < samples { at } else { 2 * (samples - 1) - at }
}

/// Slaney's mel scale: linear below 1000 Hz, logarithmic above.
fn mel(hz: f64) -> f64 {
    if hz < 1000.0 { hz * 3.0 / 200.0 } else { 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4f64.ln() }
}

fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * ((mel - 15.0) * 6.4f64.ln() / 27.0).exp() }
}

/// For each band the points of the spectrum that it takes power from, with their weights.
fn filter_bank() -> Vec<Vec<(usize, f32)>> {
    let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
    let corners: Vec<f64> = (0..BANDS + 2).map(|i| hertz(low + (high - low) * i as f64 / (BANDS + 1) as f64)).collect();
    let point = |hz: f64| ((POINTS + 1) as f64 * hz / f64::from(RATE)) as usize;
    (0..BANDS)
        .map(|band| {
            let left = point(corners[band]);
            let top = point(corners[band + 1]).max(left + 1);
            let right = point(corners[band + 2]).max(top + 1);
            let height = 2.0 / (corners[band + 2] - corners[band]);
            let share =
                |k: usize| if k <= top { (k - left) as f64 / (top - left) as f64 } else { (right - k) as f64 / (right - top) as f64 };
            (left + 1..right).map(|k| (k, (height * share(k)) as f32)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| (std::f32::consts::TAU * hz * i as f32 / 16_000.0).sin() * 0.1).collect()
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        for hz in [500.0, 1000.0, 2200.0, 5000.0, 7000.0] {
            let s = log_mel(&tone(hz, 8000)).unwrap();
            assert_eq!(s.frames, 51);
            let at = |band: usize| s.values[band * s.frames + 20];
            let loudest = (0..BANDS).max_by(|a, b| at(*a).total_cmp(&at(*b))).unwrap();
            let width = (mel(7600.0) - mel(40.0)) / 81.0;
            let expected = ((mel(f64::from(hz)) - mel(40.0)) / width - 1.0).round() as usize;
            assert!(loudest.abs_diff(expected) <= 1, "{hz} Hz is in band {loudest}, not {expected}");
        }
    }

    #[test]
    fn a_recording_is_as_long_as_it_is() {
        for (samples, frames) in [(201, 2), (319, 2), (320, 3), (160 * 2999 - 1, 2999), (160 * 2999, 3000), (160 * 4000, 3000)] {
            assert_eq!(log_mel(&vec![0.0; samples]).unwrap().frames, frames, "{samples} samples");
        }
        for samples in [0, 1, 200] {
            let error = log_mel(&vec![0.0; samples]).unwrap_err();
            assert_eq!(error, TooShort(samples));
            assert!(error.to_string().contains("at least 201"), "{error}");
        }
    }

    #[test]
    fn silence_is_the_constant_and_fills_up() {
        let s = log_mel(&[0.0; 640]).unwrap();
        assert!(s.values.iter().all(|v| (v - SILENCE).abs() < 1e-5));
        let s = log_mel(&tone(900.0, 640)).unwrap();
        let (longer, shorter) = (s.resized(7), s.resized(2));
        assert_eq!((s.frames, longer.values.len(), shorter.values.len()), (5, 7 * BANDS, 2 * BANDS));
        for band in 0..BANDS {
            assert_eq!(longer.values[band * 7..][..5], s.values[band * 5..][..5]);
            assert!(longer.values[band * 7 + 5..][..2].iter().all(|v| (v - SILENCE).abs() < 1e-9));
            assert_eq!(shorter.values[band * 2..][..2], s.values[band * 5..][..2]);
        }
    }
}

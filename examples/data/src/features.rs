//! Log-mel spectrograms: what a recording looks like to a speech model.
//!
//! A Hann window of 25 ms moves by 10 ms; the power spectrum (512 points) is averaged over 40 triangular bands that are equally wide on the
//! mel scale from 60 to 4000 Hz; then the logarithm. The result is brought to about zero mean and unit variance by *fixed* numbers:
//! a recording is cut into windows that are processed apart, so no frame may depend on what the rest of the recording is like.

use realfft::RealFftPlanner;
use std::f32::consts::TAU;

/// The number of mel bands.
pub const MELS: usize = 40;
/// The samples from one frame to the next: 10 ms.
pub const HOP: usize = 80;
/// The features of digital silence, in every band.
pub const SILENCE: f32 = (LN_FLOOR - MEAN) / SPREAD;

const FRAME: usize = 200;
const POINTS: usize = 512;
const LOWEST_HZ: f32 = 60.0;
const HIGHEST_HZ: f32 = 4000.0;
/// Added to the power of each band: about the noise of a telephone line.
const FLOOR: f32 = 1e-7;
const LN_FLOOR: f32 = -16.118_095;
/// Mean and spread of the logarithms over speech.
const MEAN: f32 = -9.0;
const SPREAD: f32 = 4.0;

/// A log-mel spectrogram: `[MELS, frames]`, band by band.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// The number of frames, one for each 10 ms that began.
    pub frames: usize,
    /// Band by band, frame by frame: `MELS * frames` values.
    pub values: Vec<f32>,
}

/// The log-mel spectrogram of samples at 8 kHz. Frame `i` is centred on sample `80 i + 40`; beyond its ends the recording is
/// taken to be silent.
pub fn log_mel(samples: &[f32]) -> Features {
    let frames = samples.len().div_ceil(HOP);
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(POINTS);
    let (window, bank) = (hann(), filter_bank());
    let scale = 1.0 / window.iter().map(|w| w * w).sum::<f32>();
    let (mut time, mut spectrum, mut scratch) = (fft.make_input_vec(), fft.make_output_vec(), fft.make_scratch_vec());
    let mut values = vec![0.0; MELS * frames];
    for frame in 0..frames {
        time.fill(0.0);
        for (i, w) in window.iter().enumerate() {
            let at = (frame * HOP + i + HOP / 2).checked_sub(FRAME / 2);
            time[i] = at.and_then(|at| samples.get(at)).map_or(0.0, |s| s * w);
        }
        // It fails only when the buffers are not of the plan's lengths, and the plan has made them.
        let _ = fft.process_with_scratch(&mut time, &mut spectrum, &mut scratch);
        for (band, weights) in bank.iter().enumerate() {
            let power: f32 = weights.iter().map(|(bin, weight)| spectrum[*bin].norm_sqr() * weight).sum();
            values[band * frames + frame] = from_power(power * scale);
        }
    }
    Features { frames, values }
}

impl Features {
    /// The value of a band in a frame; [`SILENCE`] outside of the recording.
    pub fn at(&self, band: usize, frame: isize) -> f32 {
        usize::try_from(frame).ok().filter(|f| *f < self.frames).map_or(SILENCE, |f| self.values[band * self.frames + f])
    }
}

/// The power of a band that a feature stands for, without the floor; `from_power` is the way back.
pub fn to_power(feature: f32) -> f32 {
    ((feature * SPREAD + MEAN).exp() - FLOOR).max(0.0)
}

/// The feature of a band with this power.
pub fn from_power(power: f32) -> f32 {
    ((power + FLOOR).ln() - MEAN) / SPREAD
}

fn hann() -> Vec<f32> {
    (0..FRAME).map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / FRAME as f32).cos()).collect()
}

/// For each band the bins that it takes power from, with weights that sum to 1.
fn filter_bank() -> Vec<Vec<(usize, f32)>> {
    let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
    let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
    let width = (high - low) / (MELS + 1) as f32;
    (0..MELS)
        .map(|band| {
            let centre = low + width * (band + 1) as f32;
            let weight = |bin: usize| 1.0 - (mel(bin as f32 * 8000.0 / POINTS as f32) - centre).abs() / width;
            let bins: Vec<(usize, f32)> = (0..=POINTS / 2).map(|bin| (bin, weight(bin))).filter(|(_, w)| *w > 0.0).collect();
            let sum: f32 = bins.iter().map(|(_, w)| w).sum();
            bins.into_iter().map(|(bin, w)| (bin, w / sum)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, samples: usize) -> Vec<f32> {
        (0..samples).map(|i| (TAU * hz * i as f32 / 8000.0).sin() * 0.1).collect()
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
        let width = (mel(4000.0) - mel(60.0)) / 41.0;
        for hz in [150.0, 440.0, 1000.0, 2200.0, 3500.0] {
            let f = log_mel(&tone(hz, 4000));
            let loudest = (0..MELS).max_by(|a, b| f.at(*a, 20).total_cmp(&f.at(*b, 20))).unwrap();
            let expected = ((mel(hz) - mel(60.0)) / width - 1.0).round() as usize;
            assert!(loudest.abs_diff(expected) <= 1, "{hz} Hz is in band {loudest}, not {expected}");
        }
    }

    #[test]
    fn every_band_has_bins_and_weights_that_sum_to_one() {
        for (band, bins) in filter_bank().iter().enumerate() {
            let sum: f32 = bins.iter().map(|(_, w)| w).sum();
            assert!(!bins.is_empty() && (sum - 1.0).abs() < 1e-5, "band {band}: {} bins, sum {sum}", bins.len());
        }
    }

    #[test]
    fn silence_is_the_constant() {
        let f = log_mel(&[0.0; 1000]);
        assert_eq!(f.frames, 13);
        assert!(f.values.iter().all(|v| (v - SILENCE).abs() < 1e-5), "{:?} is not {SILENCE}", &f.values[..3]);
        assert_eq!((f.at(3, -1), f.at(3, 13)), (SILENCE, SILENCE));
    }

    #[test]
    fn twice_the_amplitude_adds_the_logarithm_of_four() {
        let quiet = tone(700.0, 2000);
        let loud: Vec<f32> = quiet.iter().map(|v| v * 2.0).collect();
        let (a, b) = (log_mel(&quiet), log_mel(&loud));
        let band = (0..MELS).max_by(|x, y| a.at(*x, 10).total_cmp(&a.at(*y, 10))).unwrap();
        let step = (b.at(band, 10) - a.at(band, 10)) * SPREAD;
        assert!((step - 4f32.ln()).abs() < 1e-3, "the step is {step}");
    }

    #[test]
    fn a_frame_sees_its_25_milliseconds_only() {
        let mut samples = tone(900.0, 4000);
        let before = log_mel(&samples);
        samples[2000] += 0.5;
        let after = log_mel(&samples);
        let changed: Vec<usize> = (0..before.frames)
            .filter(|f| (0..MELS).any(|b| before.at(b, *f as isize).to_bits() != after.at(b, *f as isize).to_bits()))
            .collect();
        assert_eq!(changed, vec![24, 25], "frames centred within 100 samples of sample 2000");
    }
}

//! Recordings: 16-bit PCM in a WAV file, brought to one channel at 8 kHz, the rate of the telephone.

use crate::error::{Error, Result};
use hound::{SampleFormat, WavReader, WavSpec};
use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Async, FixedAsync, Resampler, SincInterpolationParameters};
use std::path::Path;

/// Samples a second of everything that [`read`] returns.
pub const RATE: u32 = 8000;

/// The sampling rates that [`read`] takes, in hertz.
pub const RATES: [u32; 7] = [8000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000];

/// Reads a WAV file of 16-bit PCM, mono or stereo (the mean of the two channels), at one of [`RATES`]: samples from -1 to 1, at
/// [`RATE`].
///
/// # Errors
/// When the file cannot be read, is no WAV file, is cut off, is empty, or has another format, number of channels or rate.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<f32>> {
    read_at(path, RATE)
}

/// The same, but brought to another rate of [`RATES`].
///
/// # Errors
/// As [`read`], and when the rate is another one.
pub fn read_at(path: impl AsRef<Path>, rate: u32) -> Result<Vec<f32>> {
    let path = path.as_ref();
    if !RATES.contains(&rate) {
        return Err(Error::new(path, format!("cannot be brought to {rate} Hz; choose one of {RATES:?}")));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
    decode(&bytes, rate).map_err(|message| Error::new(path, message))
}

/// Changes the rate of a recording by a band-limited interpolation: `ratio` output samples for each input sample. At the same
/// playing rate, a ratio below 1 is faster and higher speech.
///
/// # Panics
/// When `ratio` is not between 1/16 and 16.
pub fn resample(samples: &[f32], ratio: f64) -> Vec<f32> {
    assert!((0.0625..=16.0).contains(&ratio), "a ratio of {ratio} is not between 1/16 and 16");
    if samples.is_empty() || (ratio - 1.0).abs() < 1e-9 {
        return samples.to_vec();
    }
    let sinc = SincInterpolationParameters { sinc_len: 128, ..Default::default() };
    let length = samples.len();
    let input = InterleavedOwned::new_from(samples.to_vec(), 1, length).expect("one channel of as many samples as there are");
    let mut resampler = Async::<f32>::new_sinc(ratio, 1.0, &sinc, 1024, 1, FixedAsync::Input).expect("the ratio is in range");
    resampler.process_all(&input, length, None).expect("the buffers fit each other").take_data()
}

fn decode(bytes: &[u8], rate: u32) -> Result<Vec<f32>, String> {
    let reader = WavReader::new(bytes).map_err(|e| match e {
        hound::Error::IoError(_) => "is not a WAV file, or is cut off within its header".to_owned(),
        e => format!("is not a WAV file that can be read: {e}"),
    })?;
    let spec = reader.spec();
    check(spec)?;
    let declared = reader.len() as usize;
    let values: Vec<i16> = reader.into_samples().map_while(core::result::Result::ok).collect();
    if values.len() < declared {
        return Err(format!("is cut off: {declared} samples are announced, {} are there", values.len()));
    }
    if values.is_empty() {
        return Err("holds no samples".to_owned());
    }
    let channels = usize::from(spec.channels);
    let scale = 1.0 / (32768.0 * f32::from(spec.channels));
    let mono: Vec<f32> = values.chunks_exact(channels).map(|c| c.iter().map(|v| f32::from(*v)).sum::<f32>() * scale).collect();
    Ok(resample(&mono, f64::from(rate) / f64::from(spec.sample_rate)))
}

fn check(spec: WavSpec) -> Result<(), String> {
    if spec.sample_format != SampleFormat::Int || spec.bits_per_sample != 16 {
        let kind = if spec.sample_format == SampleFormat::Float { "floating-point" } else { "integer" };
        return Err(format!("has {}-bit {kind} samples; convert it to 16-bit PCM", spec.bits_per_sample));
    }
    if !(1..=2).contains(&spec.channels) {
        return Err(format!("has {} channels; convert it to mono or stereo", spec.channels));
    }
    if !RATES.contains(&spec.sample_rate) {
        return Err(format!("has a rate of {} Hz; convert it to one of {RATES:?}", spec.sample_rate));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;
    use std::io::Cursor;

    fn file(channels: u16, rate: u32, bits: u16, format: SampleFormat, samples: usize) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format: format };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for i in 0..samples {
            let tone = (TAU * 440.0 * i as f32 / rate as f32).sin() * 0.5;
            for c in 0..channels {
                match format {
                    SampleFormat::Float => writer.write_sample(tone).unwrap(),
                    // Stereo: the second channel is silent, so that the mean is half of the first.
                    SampleFormat::Int if c > 0 => writer.write_sample(0).unwrap(),
                    SampleFormat::Int => writer.write_sample((tone * f32::from(i16::MAX >> (16 - bits.min(16)))) as i32).unwrap(),
                }
            }
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    /// The amplitude of the 440 Hz tone in samples at 8 kHz, and the largest distance from that tone, away from the ends.
    fn tone(samples: &[f32]) -> (f32, f32) {
        // 7200 samples are 396 periods.
        let middle = &samples[200..7400];
        let phase = |i: usize| TAU * 440.0 * i as f32 / 8000.0;
        let part = |f: fn(f32) -> f32| middle.iter().enumerate().map(|(i, v)| v * f(phase(i))).sum::<f32>() * 2.0 / middle.len() as f32;
        let (s, c) = (part(f32::sin), part(f32::cos));
        let off = middle.iter().enumerate().map(|(i, v)| (v - s * phase(i).sin() - c * phase(i).cos()).abs()).fold(0.0, f32::max);
        (s.hypot(c), off)
    }

    #[test]
    fn every_rate_becomes_eight_kilohertz() {
        for rate in RATES {
            for (channels, amplitude) in [(1, 0.5), (2, 0.25)] {
                let samples = decode(&file(channels, rate, 16, SampleFormat::Int, rate as usize), RATE).unwrap();
                assert!(samples.len().abs_diff(8000) <= 2, "{rate} Hz, {channels} channels: {} samples", samples.len());
                let (found, off) = tone(&samples);
                assert!(
                    (found - amplitude).abs() < 0.005 && off < 0.005,
                    "{rate} Hz, {channels} channels: amplitude {found}, off by {off}"
                );
            }
        }
    }

    #[test]
    fn another_rate_may_be_asked_for() {
        let bytes = file(1, 16_000, 16, SampleFormat::Int, 3200);
        let samples = decode(&bytes, 16_000).unwrap();
        assert_eq!(samples.len(), 3200, "nothing is done to a recording that has the rate");
        assert!(samples.iter().enumerate().all(|(i, v)| (v - (TAU * 440.0 * i as f32 / 16_000.0).sin() * 0.5).abs() < 1e-4));
        assert_eq!(decode(&file(1, 8000, 16, SampleFormat::Int, 800), 16_000).unwrap().len(), 1600);
        let error = read_at("any.wav", 12_345).unwrap_err().to_string();
        assert!(error.contains("12345 Hz") && error.contains("16000"), "{error}");
    }

    #[test]
    fn what_eight_kilohertz_cannot_hold_is_removed() {
        let high: Vec<f32> = (0..48_000).map(|i| (TAU * 6000.0 * i as f32 / 48_000.0).sin()).collect();
        let loudest = resample(&high, 1.0 / 6.0)[200..7800].iter().fold(0.0f32, |m, v| m.max(v.abs()));
        assert!(loudest < 0.01, "6 kHz folds back with amplitude {loudest}");
    }

    #[test]
    fn other_formats_are_refused_with_a_reason() {
        let int = SampleFormat::Int;
        let cases = [
            (file(1, 8000, 8, int, 100), "8-bit integer samples; convert it to 16-bit PCM"),
            (file(1, 8000, 24, int, 100), "24-bit integer samples"),
            (file(1, 8000, 32, SampleFormat::Float, 100), "32-bit floating-point samples"),
            (file(3, 8000, 16, int, 100), "3 channels"),
            (file(1, 12_345, 16, int, 100), "12345 Hz"),
            (file(1, 8000, 16, int, 0), "no samples"),
            (b"not a recording".to_vec(), "not a WAV file"),
            (Vec::new(), "not a WAV file"),
        ];
        for (bytes, expected) in cases {
            let message = decode(&bytes, RATE).unwrap_err();
            assert!(message.contains(expected), "expected `{expected}`, got `{message}`");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused() {
        let whole = file(1, 8000, 16, SampleFormat::Int, 1000);
        for length in [10, 30, 44, 45, 1000, whole.len() - 1] {
            let message = decode(&whole[..length], RATE).unwrap_err();
            assert!(message.contains("cut off"), "{length} bytes: {message}");
        }
    }

    #[test]
    fn the_error_names_the_file() {
        let error = read("nowhere/none.wav").unwrap_err().to_string();
        assert!(error.starts_with("nowhere/none.wav: cannot be read"), "{error}");
    }
}

//! Disguises: a recording looks different each time it is learned from, so that the model learns what is said rather than the
//! recording. Hidden bands and moments are those of `SpecAugment` (Park et al., 2019).

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;
use undertone_data::features::{Features, MELS, from_power, to_power};

/// Bands and moments that are hidden become this, the mean of speech.
const HIDDEN: f32 = 0.0;
/// The widest hidden stretch of bands; there are two.
const BANDS: usize = 8;
/// The longest hidden moment, in frames; there is one in every 1.2 s.
const MOMENT: usize = 14;

/// The features of a recording, `[MELS, frames]`: up to 8 dB louder or quieter, brighter or duller, with noise up to the level of a bad
/// line, bands and moments hidden.
pub fn disguise(features: &Features, rng: &mut Xoshiro256PlusPlus) -> Vec<f32> {
    let frames = features.frames;
    let gain = 10f32.powf(rng.random_range(-0.8..0.8));
    let noise = 10f32.powf(rng.random_range(-9.0..-4.5));
    let tilt: f32 = rng.random_range(-0.03..0.03);
    let bands = hidden(MELS, BANDS, 2, rng);
    let moments = hidden(frames, MOMENT, frames.div_ceil(120), rng);
    let mut values = Vec::with_capacity(features.values.len());
    for (band, row) in features.values.chunks_exact(frames).enumerate() {
        let gain = gain * (tilt * (band as f32 - MELS as f32 / 2.0)).exp();
        for (value, moment) in row.iter().zip(&moments) {
            // The power of noise in a band varies around its mean.
            let here = noise * (0.5 - 0.5 * rng.random_range(1e-6f32..1.0).ln());
            values.push(if bands[band] || *moment { HIDDEN } else { from_power(to_power(*value) * gain + here) });
        }
    }
    values
}

/// Which of `length` places are hidden by `count` stretches shorter than `widest`; places too few to spare any are all kept.
fn hidden(length: usize, widest: usize, count: usize, rng: &mut Xoshiro256PlusPlus) -> Vec<bool> {
    let mut hidden = vec![false; length];
    for _ in 0..count {
        let width = rng.random_range(0..widest);
        if length > 3 * width {
            let from = rng.random_range(0..length - width);
            hidden[from..from + width].fill(true);
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn most_of_a_recording_stays_recognisable() {
        let frames = 240;
        let values: Vec<f32> = (0..MELS * frames).map(|i| (i as f32 * 0.1).sin()).collect();
        let features = Features { frames, values };
        for seed in 0..20 {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
            let other = disguise(&features, &mut rng);
            assert_eq!(other.len(), features.values.len());
            let kept: Vec<usize> = (0..other.len()).filter(|i| other[*i].to_bits() != HIDDEN.to_bits()).collect();
            assert!(kept.len() > other.len() / 2, "seed {seed}: {} of {} kept", kept.len(), other.len());
            assert!(other.iter().all(|v| v.is_finite()), "seed {seed}");
            let mean = kept.iter().map(|i| (other[*i] - features.values[*i]).abs()).sum::<f32>() / kept.len() as f32;
            assert!(mean > 0.0 && mean < 1.0, "seed {seed}: differs by {mean}");
        }
    }

    #[test]
    fn little_is_hidden_in_short_recordings() {
        for seed in 0..50 {
            let hidden = hidden(12, MOMENT, 1, &mut Xoshiro256PlusPlus::seed_from_u64(seed));
            assert!(hidden.iter().filter(|h| **h).count() <= 4, "seed {seed}");
        }
    }
}

//! The model and its weights: windows that run apart say what the whole recording says, and the committed weights understand speech.

use super::*;
use undertone_data::speech;
use undertone_data::window::Geometry;

/// The frames of a recording of 7.1 seconds.
const FRAMES: usize = 710;
const ALL: usize = FRAMES / 2;
const WHOLE: usize = (ALL - 1) * GEOMETRY.stride + GEOMETRY.receptive;

secure_model! {
    /// A recording at once.
    model Whole(audio: [MELS, WHOLE]) -> [LETTERS, ALL] {
        audio -> acoustic: model::Acoustic
    }
}

fn assets(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/assets").join(name)
}

#[test]
fn stitched_windows_are_the_whole_recording() {
    let seed = 11;
    let samples: Vec<f32> = (0..FRAMES * 80).map(|i| (i as f32 * 0.3).sin() * (i as f32 * 0.001).cos() * 0.2).collect();
    let features = log_mel(&samples);
    assert_eq!(features.frames, FRAMES);
    let whole = Whole::twin_seeded(&Device::flex(), seed).unwrap();
    let geometry = Geometry { window: WHOLE, ..GEOMETRY };
    let once = geometry.windows(FRAMES);
    let expected = whole.predict(&Clear::new(geometry.cut(&features, once[0])).unwrap()).unwrap();

    let (windows, audio) = cut(&features).unwrap();
    assert!(windows.len() > 3);
    let scores = Wav2Letter::twin_with(&Device::flex(), &whole.weights().unwrap()).unwrap().predict(&audio).unwrap();
    let stitched = GEOMETRY.stitch(&windows, LETTERS, scores.values());
    assert_eq!(stitched.len(), expected.values().len());
    let largest = stitched.iter().zip(expected.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < 1e-4, "seed {seed}: scores differ by {largest}");
    let spread = expected.values().iter().fold(0.0f32, |m, v| m.max(v.abs()));
    assert!(spread > 0.01, "seed {seed}: scores are at most {spread}, so nothing was compared");
}

#[test]
fn the_committed_weights_understand_recordings_that_they_never_learned() {
    let recordings = speech::read(assets("speech")).unwrap();
    let weights = Wav2Letter::load(assets("wav2letter.safetensors")).unwrap();
    let (cer, lines) = evaluate(&weights, &recordings).unwrap();
    assert!(cer.rate() < 0.25, "character error rate {:.3}: {lines:#?}", cer.rate());
}

#[test]
fn a_training_step_moves_the_weights_towards_the_texts() {
    let seed = 3;
    let recordings = speech::read(assets("speech")).unwrap();
    let mut twin = Utterance::twin_seeded(&Device::flex(), seed).unwrap();
    let network = twin.network_mut();
    let corpus = Corpus::new(&recordings[..3]);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut optimizer = network.adam_w(1e-2);
    let mut losses = Vec::new();
    for _ in 0..8 {
        let rows = corpus.rows(&mut rng);
        let input: Vec<f32> = rows[..1].iter().flat_map(|row| row.frames(ROW, &mut rng)).collect();
        let scores = network.forward_train(&[&input], 1, None).unwrap();
        let loss = network.loss(scores, &[&rows[0].target(ROW_SCORES)]).unwrap();
        losses.push(network.step(&mut optimizer, &loss, 2e-3).unwrap());
    }
    assert!(losses[7] < losses[0] * 0.8, "seed {seed}: {losses:?}");
}

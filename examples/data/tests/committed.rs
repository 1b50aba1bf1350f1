//! The recordings and pictures that are committed: readable, what they are said to be, and never learned from.

use std::path::PathBuf;
use undertone_data::{alphabet, asterisk, digits, features, speech};

fn assets() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets")
}

#[test]
fn the_recordings_are_held_out_sentences() {
    let recordings = speech::read(assets().join("speech")).unwrap();
    assert_eq!(recordings.len(), 8);
    for r in &recordings {
        assert!(asterisk::is_held_out(r), "{} may be learned from", r.name);
        assert_eq!(asterisk::spoken(&r.text).as_deref(), Some(r.text.as_str()), "{} is written as it is spoken", r.name);
        assert_eq!(alphabet::encode(&r.text).len(), r.text.len(), "{} has letters outside of the alphabet", r.name);
        let loudest = r.samples.iter().fold(0.0f32, |m, s| m.max(s.abs()));
        assert!((0.05..=1.0).contains(&loudest), "{} is at most {loudest} loud", r.name);
    }
}

#[test]
fn features_of_a_recording_are_where_speech_should_be() {
    for r in speech::read(assets().join("speech")).unwrap() {
        let f = features::log_mel(&r.samples);
        assert_eq!(f.frames, r.samples.len().div_ceil(80));
        let (n, mean) = (f.values.len() as f32, f.values.iter().sum::<f32>() / f.values.len() as f32);
        let spread = (f.values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
        assert!(mean.abs() < 0.8 && (0.7..1.5).contains(&spread), "{}: mean {mean}, spread {spread}", r.name);
    }
}

#[test]
fn the_pictures_are_a_hundred_of_each_digit() {
    let set = digits::read_idx(assets().join("digits/images.idx"), assets().join("digits/labels.idx")).unwrap();
    assert_eq!(set.labels.len(), 1000);
    assert!((0..10).all(|d| set.labels.iter().filter(|l| **l == d).count() == 100));
    assert!(set.pixels.chunks(digits::PIXELS).all(|p| (20.0..300.0).contains(&p.iter().sum::<f32>())), "every picture has some ink");
}

#[test]
fn a_list_with_a_bad_line_is_refused() {
    let dir = std::env::temp_dir().join(format!("undertone-speech-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(speech::TRANSCRIPTS), "no colon\n").unwrap();
    let error = speech::read(&dir).unwrap_err().to_string();
    assert!(error.contains("transcripts.txt") && error.contains("`no colon`"), "{error}");
    std::fs::write(dir.join(speech::TRANSCRIPTS), "gone: text\n").unwrap();
    assert!(speech::read(&dir).unwrap_err().to_string().contains("gone.wav"));
    std::fs::remove_dir_all(dir).unwrap();
}

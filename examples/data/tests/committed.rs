//! The recordings and pictures that are committed: readable, what they are said to be, and never learned from.

use std::path::PathBuf;
use undertone_data::{alphabet, asterisk, cifar, credit, digits, fashion, features, idx, nuclei, series, spam, speech};

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
fn the_clothes_are_the_first_ones_to_test_with() {
    let set = idx::read(assets().join("fashion/images.idx"), assets().join("fashion/labels.idx")).unwrap();
    assert_eq!(set.labels.len(), 300);
    assert_eq!(set.labels[..6], [9, 2, 1, 1, 6, 1], "as the set begins");
    assert!((0..fashion::CLASSES.len()).all(|c| set.labels.iter().filter(|l| **l == c).count() >= 20), "some of every kind");
}

#[test]
fn the_pictures_of_cifar_are_twenty_in_colour() {
    let set = cifar::read(assets().join("cifar10")).unwrap();
    assert_eq!((set.labels.len(), set.pixels.len()), (20, 20 * cifar::VALUES));
    assert!(set.labels.starts_with(&[3, 8, 8, 0]), "a cat, two ships and an airplane");
    let gray = set.pixels.chunks(cifar::VALUES).filter(|p| p[..1024] == p[1024..2048]).count();
    assert_eq!(gray, 0, "red and green differ in every picture");
}

#[test]
fn nuclei_are_bright_and_some_are_held_out() {
    let nuclei = nuclei::read(assets().join("nuclei")).unwrap();
    let mean = |on: f32| {
        let chosen: Vec<f32> = nuclei.picture.iter().zip(&nuclei.mask).filter(|(_, m)| (**m - on).abs() < 0.5).map(|(p, _)| *p).collect();
        (chosen.len(), chosen.iter().sum::<f32>() / chosen.len() as f32)
    };
    let ((on, bright), (off, dark)) = (mean(1.0), mean(0.0));
    assert!(bright > 2.0 * dark && on > off / 5, "{on} pixels of {bright}, {off} of {dark}");
    let held_out = nuclei.held_out();
    assert!(held_out.masks.iter().sum::<f32>() > 1000.0, "there are nuclei to test with");
}

#[test]
fn the_applicants_are_those_of_statlog() {
    let (train, test) = credit::read(assets().join("credit/german_credit.csv")).unwrap();
    assert_eq!((train.bad.len(), test.bad.len()), (800, 200));
    assert_eq!(train.bad.iter().chain(&test.bad).sum::<usize>(), 300, "three hundred of a thousand are bad risks");
    assert_eq!(train.features.len(), 800 * credit::FEATURES);
    assert!(train.features.iter().chain(&test.features).all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn the_series_are_ten_of_each_speaker() {
    let set = series::read(assets().join("vowels/sample.ts")).unwrap();
    assert_eq!((set.channels, set.classes.len(), set.labels.len()), (12, 9, 90));
    assert!((0..9).all(|c| set.labels.iter().filter(|l| **l == c).count() == 10));
    let lengths: Vec<usize> = set.values.iter().map(|values| values.len() / 12).collect();
    assert!(lengths.iter().all(|n| (7..=29).contains(n)) && set.longest() > 20, "{lengths:?}");
    assert!(set.values.iter().flatten().all(|v| v.abs() < 4.0));
}

#[test]
fn the_messages_are_spam_and_not_spam() {
    let messages = spam::read(assets().join("spam/sample.txt")).unwrap();
    assert_eq!((messages.len(), messages.iter().filter(|m| m.spam).count()), (202, 63));
    assert!(messages.iter().filter(|m| m.words.len() >= 10).count() > 195, "nearly all say something");
    let share = |spam: bool, word: &str| {
        let of: Vec<_> = messages.iter().filter(|m| m.spam == spam).collect();
        of.iter().filter(|m| m.words.iter().any(|w| w == word)).count() as f32 / of.len() as f32
    };
    assert!(share(true, "click") > 3.0 * share(false, "click") && share(false, "wrote") > 3.0 * share(true, "wrote"));
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

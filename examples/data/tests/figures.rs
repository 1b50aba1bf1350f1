//! Texts and sounds against figures that other programs have made; the scripts are beside them.

use std::path::PathBuf;
use undertone_data::mel;
use undertone_data::text::{Overlong, Tokenizer};

fn figures(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/figures").join(name)
}

fn json(name: &str) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(figures(name)).unwrap()).unwrap()
}

#[test]
fn texts_have_the_tokens_of_bert() {
    let tokenizer = Tokenizer::read(figures("bert_vocab.txt")).unwrap();
    let rows = json("bert.json");
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 25);
    for row in rows {
        let text = row["text"].as_str().unwrap();
        let expected: Vec<u32> = row["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
        let found = tokenizer.encode(text, expected.len().max(3), Overlong::Refuse).unwrap();
        let named = |ids: &[u32]| ids.iter().map(|id| tokenizer.vocabulary().token(*id).unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(named(&found.ids[..found.used]), named(&expected), "{text:?}");
        assert_eq!(found.ids[..found.used], expected, "{text:?}");
    }
}

#[test]
fn sounds_have_the_spectrogram_of_the_recogniser() {
    let json = json("hama.json");
    let numbers = |name: &str| json[name].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect::<Vec<f32>>();
    let samples: Vec<f32> = numbers("pcm").iter().map(|v| v / 32768.0).collect();
    let found = mel::log_mel(&samples).unwrap();
    assert_eq!(found.frames as u64, json["frames"].as_u64().unwrap());
    let expected = numbers("log_mel");
    assert_eq!(found.values.len(), expected.len());
    let worst = found.values.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    assert!(worst < 2e-3, "the largest difference of a logarithm is {worst}");
    assert!(expected.iter().any(|v| (v - mel::SILENCE).abs() < 1e-3) && expected.iter().any(|v| *v > 0.0), "loud and silent");
}

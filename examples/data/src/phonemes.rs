//! The phonemes that the recogniser of the PyPI package `hama` 1.3.13 writes, and how scores become text.

use crate::error::{Error, Result};
use serde_json::Value;
use std::path::Path;

/// What is added to the score of the blank before the best class of a frame is looked for, as the package does.
pub const BLANK_BIAS: f32 = -0.1;

/// The classes of the recogniser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phonemes {
    names: Vec<String>,
}

impl Phonemes {
    /// Reads `g2p_vocab.json` of the package: the list `decoder`, after which come the end of a word and the blank.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON, or has no such list of texts.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
        Self::parse(&text).map_err(|message| Error::new(path, message))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let json: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
        let list = json.get("decoder").and_then(Value::as_array).filter(|list| !list.is_empty());
        let list = list.ok_or("has no list `decoder` of phonemes")?;
        let names = list.iter().map(|name| name.as_str().map(str::to_owned));
        let mut names = names.collect::<Option<Vec<String>>>().ok_or("has something else than texts in the list `decoder`")?;
        names.extend(["<wb>".to_owned(), "<blank>".to_owned()]);
        Ok(Self { names })
    }

    /// The number of classes.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// The class that says "nothing new here".
    pub fn blank(&self) -> usize {
        self.names.len() - 1
    }

    /// The phonemes of scores `[classes, frames]`, class by class, before or after the logarithm of softmax: the best class of every frame, runs of one class as one, without blanks; phonemes
    /// are separated by spaces, words by ` | `.
    ///
    /// # Panics
    /// When the number of scores is not a multiple of the number of classes.
    pub fn text(&self, scores: &[f32]) -> String {
        let (classes, blank) = (self.count(), self.blank());
        assert!(scores.len().is_multiple_of(classes), "{} scores are not for {classes} classes", scores.len());
        let frames = scores.len() / classes;
        let score = |class: usize, frame: usize| scores[class * frames + frame] + if class == blank { BLANK_BIAS } else { 0.0 };
        let (mut words, mut previous) = (vec![Vec::new()], blank);
        for frame in 0..frames {
            let best = (1..classes).fold(0, |best, c| if score(c, frame) > score(best, frame) { c } else { best });
            if best != previous && best != blank {
                if best == blank - 1 {
                    words.push(Vec::new());
                } else if let Some(word) = words.last_mut() {
                    word.push(self.names[best].as_str());
                }
            }
            previous = best;
        }
        let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| word.join(" ")).collect();
        words.join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_classes_become_phonemes_and_words() {
        let phonemes = Phonemes::parse(r#"{"encoder": [], "decoder": ["a", "b"]}"#).unwrap();
        assert_eq!((phonemes.count(), phonemes.blank()), (4, 3));
        // classes: a b <wb> <blank>
        let best = [2, 0, 0, 3, 0, 1, 2, 2, 3, 2, 1, 1, 3, 2];
        let frames = best.len();
        let mut scores = vec![0.0; 4 * frames];
        for (frame, class) in best.iter().enumerate() {
            scores[class * frames + frame] = 1.0;
        }
        assert_eq!(phonemes.text(&scores), "a a b | b");
        assert_eq!(phonemes.text(&[]), "");
        // one frame: the blank leads by less than its bias
        assert_eq!(phonemes.text(&[0.5, 0.0, 0.0, 0.55]), "a");
        assert_eq!(phonemes.text(&[0.5, 0.0, 0.0, 0.65]), "");
    }

    #[test]
    fn a_file_without_phonemes_is_refused() {
        for (text, expected) in [
            ("", "is not JSON"),
            ("[]", "has no list `decoder`"),
            (r#"{"decoder": []}"#, "has no list `decoder`"),
            (r#"{"decoder": ["a", 1]}"#, "something else than texts"),
        ] {
            let message = Phonemes::parse(text).unwrap_err();
            assert!(message.contains(expected), "expected `{expected}`, got `{message}`");
        }
        assert!(Phonemes::read("nowhere.json").unwrap_err().to_string().starts_with("nowhere.json: cannot be read"));
    }
}

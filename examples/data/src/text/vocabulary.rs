//! The tokens of a model, by number.

use super::TextError;
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// The tokens without which nothing can be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Special {
    /// What fills a text up.
    pub pad: u32,
    /// A word without pieces.
    pub unk: u32,
    /// The begin of a text.
    pub cls: u32,
    /// The end of a text.
    pub sep: u32,
}

/// A list of tokens.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
    special: Special,
}

impl Vocabulary {
    /// Reads a file `vocab.txt`: one token a line, numbered from 0, of which one each is `[PAD]`, `[UNK]`, `[CLS]` and `[SEP]`. What continues a word starts with `##`.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8, is empty, has an empty line or a token twice, or lacks one of the four.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
        Self::parse(&bytes).map_err(|message| Error::new(path, message))
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = core::str::from_utf8(bytes).map_err(|e| {
            let line = bytes[..e.valid_up_to()].split(|b| *b == b'\n').count();
            format!("line {line} is not UTF-8; is this a vocabulary, one token a line?")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err("is empty; a vocabulary has one token a line".to_owned());
        }
        // not `lines`, which ends one at `\n` and takes `\r` away: some vocabularies have tokens of odd spaces
        let (mut tokens, mut ids): (Vec<String>, HashMap<String, u32>) = (Vec::new(), HashMap::new());
        for (i, line) in text.strip_suffix('\n').unwrap_or(text).split('\n').enumerate() {
            let token = line.strip_suffix('\r').unwrap_or(line);
            if token.is_empty() {
                return Err(format!("line {} is empty; every line is a token, numbered by where it stands", i + 1));
            }
            if let Some(first) = ids.insert(token.to_owned(), i as u32) {
                return Err(format!("line {} is `{token}` again, which is line {} already", i + 1, first + 1));
            }
            tokens.push(token.to_owned());
        }
        let names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
        let missing: Vec<&str> = names.into_iter().filter(|name| !ids.contains_key(*name)).collect();
        if !missing.is_empty() {
            return Err(format!("lacks the special tokens {}; is this a vocabulary of BERT?", missing.join(", ")));
        }
        let [pad, unk, cls, sep] = names.map(|name| ids[name]);
        Ok(Self { tokens, ids, special: Special { pad, unk, cls, sep } })
    }

    /// How many tokens there are.
    pub fn count(&self) -> usize {
        self.tokens.len()
    }

    /// The number of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token of a number.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn token(&self, id: u32) -> Result<&str, TextError> {
        self.tokens.get(id as usize).map(String::as_str).ok_or(TextError::NoToken { id, count: self.tokens.len() })
    }

    /// The special tokens.
    pub fn special(&self) -> Special {
        self.special
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_vocabulary_is_refused_with_a_reason() {
        let cases: [(&[u8], &str); 9] = [
            (b"", "is empty"),
            (b" \n\n", "is empty"),
            (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n\nb\n", "line 6 is empty"),
            (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n\n", "line 6 is empty"),
            (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\na\nthe\n", "line 7 is `the` again, which is line 5 already"),
            (b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n\xff\xfe\n", "line 5 is not UTF-8"),
            (b"[PAD]\nthe\n", "lacks the special tokens [UNK], [CLS], [SEP]"),
            (b"[pad]\n[UNK]\n[CLS]\n[SEP]\n", "lacks the special tokens [PAD]"),
            (b"{\"version\": 1}", "lacks the special tokens [PAD], [UNK], [CLS], [SEP]"),
        ];
        for (bytes, expected) in cases {
            let message = Vocabulary::parse(bytes).unwrap_err();
            assert!(message.contains(expected), "expected `{expected}`, got `{message}`");
        }
        let error = Vocabulary::read("nowhere/vocab.txt").unwrap_err().to_string();
        assert!(error.starts_with("nowhere/vocab.txt: cannot be read"), "{error}");
    }

    #[test]
    fn tokens_are_numbered_by_their_lines_whatever_ends_them() {
        for lines in ["[SEP]\n[UNK]\na\n[PAD]\n[CLS]\n", "[SEP]\r\n[UNK]\r\na\r\n[PAD]\r\n[CLS]", "\u{feff}[SEP]\n[UNK]\na\n[PAD]\n[CLS]"] {
            let v = Vocabulary::parse(lines.as_bytes()).unwrap();
            assert_eq!((v.count(), v.id("a"), v.id("b")), (5, Some(2), None));
            assert_eq!(v.special(), Special { pad: 3, unk: 1, cls: 4, sep: 0 });
            assert_eq!(v.token(2), Ok("a"));
            assert_eq!(v.token(5), Err(TextError::NoToken { id: 5, count: 5 }));
        }
    }
}

//! Texts as numbers for a model: tokens of BERT's uncased vocabulary, or hashed counts of words.
//!
//! [`Tokenizer`] does what `BertTokenizer` of Hugging Face's `transformers` and `BertWordPieceTokenizer` of its `tokenizers` do (Devlin et al., 2019; the algorithm is
//! WordPiece of Wu et al., 2016). One thing is left out on purpose: a special token that is written in a text, such as `[SEP]`, is text, so that whoever writes the
//! text cannot say where it ends.

pub mod hashed;
mod normal;
mod vocabulary;

pub use vocabulary::Vocabulary;

use std::path::Path;

/// A word of more letters is unknown.
const LONGEST_WORD: usize = 100;

/// What becomes of a text with more tokens than a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlong {
    /// It is an error.
    Refuse,
    /// The last tokens are left out, `[SEP]` not.
    Truncate,
}

/// A text that cannot become tokens of a fixed length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More tokens than there is room for, where that is to be refused.
    #[error("the text has {tokens} tokens with [CLS] and [SEP], but the model takes {room}; shorten it, or allow that its end is left out")]
    TooLong {
        /// The tokens of the text.
        tokens: usize,
        /// The tokens that the model takes.
        room: usize,
    },
    /// There is no room for any text.
    #[error("{room} tokens hold no text: [CLS] and [SEP] take two")]
    NoRoom {
        /// The tokens that the model takes.
        room: usize,
    },
    /// A token that the vocabulary does not have.
    #[error("there is no token {id}: the vocabulary has {count}, from 0")]
    NoToken {
        /// The token.
        id: u32,
        /// The tokens of the vocabulary.
        count: usize,
    },
}

/// The tokens of a text at a fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// `[CLS]`, the text, `[SEP]`, and `[PAD]` up to the length.
    pub ids: Vec<u32>,
    /// How many of them are not `[PAD]`.
    pub used: usize,
}

impl Tokens {
    /// 1 for every token and 0 for `[PAD]`: what keeps an attention from looking at the padding.
    pub fn mask(&self) -> Vec<f32> {
        (0..self.ids.len()).map(|i| f32::from(u8::from(i < self.used))).collect()
    }
}

/// Texts to tokens and back.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    vocabulary: Vocabulary,
}

impl Tokenizer {
    /// With the vocabulary of a file, one token a line.
    ///
    /// # Errors
    /// As [`Vocabulary::read`].
    pub fn read(path: impl AsRef<Path>) -> crate::Result<Self> {
        Ok(Self { vocabulary: Vocabulary::read(path)? })
    }

    /// The vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The tokens of a text, without `[CLS]` and `[SEP]`: lower case, accents taken off, split at spaces, punctuation and Chinese characters, then into the longest pieces of the
    /// vocabulary from the left. A word that has no such pieces, or more than a hundred characters, is `[UNK]`.
    pub fn tokens(&self, text: &str) -> Vec<u32> {
        normal::words(text).iter().flat_map(|word| self.pieces(word)).collect()
    }

    /// The tokens of a text for a model that takes `room` of them: `[CLS]`, the text, `[SEP]`, padding.
    ///
    /// # Errors
    /// When there is no room for any text, or less than the text needs and `overlong` refuses that.
    pub fn encode(&self, text: &str, room: usize, overlong: Overlong) -> Result<Tokens, TextError> {
        if room < 3 {
            return Err(TextError::NoRoom { room });
        }
        let mut inner = self.tokens(text);
        if inner.len() + 2 > room {
            if overlong == Overlong::Refuse {
                return Err(TextError::TooLong { tokens: inner.len() + 2, room });
            }
            inner.truncate(room - 2);
        }
        let special = self.vocabulary.special();
        let mut ids = vec![special.cls];
        ids.extend(inner);
        ids.push(special.sep);
        let used = ids.len();
        ids.resize(room, special.pad);
        Ok(Tokens { ids, used })
    }

    /// What tokens stand for, separated by spaces; pieces that continue a word joined to it, `[PAD]` left out.
    ///
    /// # Errors
    /// When a token is not in the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TextError> {
        let mut text = String::new();
        for id in ids.iter().filter(|id| **id != self.vocabulary.special().pad) {
            let token = self.vocabulary.token(*id)?;
            match token.strip_prefix("##") {
                Some(rest) if !text.is_empty() => text.push_str(rest),
                _ => {
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(token);
                }
            }
        }
        Ok(text)
    }

    /// The longest pieces of a word, from the left.
    fn pieces(&self, word: &str) -> Vec<u32> {
        let unknown = vec![self.vocabulary.special().unk];
        if word.chars().count() > LONGEST_WORD {
            return unknown;
        }
        let (mut pieces, mut rest) = (Vec::new(), word);
        while !rest.is_empty() {
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let inside = !pieces.is_empty();
            let found = ends.map(|end| &rest[..end]).find_map(|piece| {
                let id = if inside { self.vocabulary.id(&format!("##{piece}")) } else { self.vocabulary.id(piece) };
                id.map(|id| (id, piece.len()))
            });
            let Some((id, length)) = found else { return unknown };
            pieces.push(id);
            rest = &rest[length..];
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer() -> Tokenizer {
        let lines = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwant\n##want\n##ed\nwa\nun\nrunn\n##ing\n,\n低\ne\n##e\n[\nsep\n]\n";
        Tokenizer { vocabulary: Vocabulary::parse(lines.as_bytes()).unwrap() }
    }

    #[test]
    fn the_longest_piece_is_taken_first() {
        // the example of BERT's own tests
        let t = tokenizer();
        let named = |text: &str| t.tokens(text).iter().map(|id| t.vocabulary.token(*id).unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(named("UNwant\u{e9}d,running"), ["un", "##want", "##ed", ",", "runn", "##ing"]);
        assert_eq!(named("unwantedX running"), ["[UNK]", "runn", "##ing"], "a word is known whole or not at all");
        assert_eq!(named("低低"), ["低", "低"], "each Chinese character is a word");
        assert_eq!(named(&"e".repeat(100)).len(), 100);
        assert_eq!(named(&"e".repeat(101)), ["[UNK]"]);
        assert!(named(" \t\n\u{0}\u{fffd}").is_empty());
    }

    #[test]
    fn a_special_token_in_a_text_is_text() {
        let t = tokenizer();
        let ids = t.tokens("[SEP]");
        assert_eq!(t.decode(&ids).unwrap(), "[ sep ]");
        assert!(!ids.contains(&t.vocabulary.special().sep));
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_or_cut() {
        let t = tokenizer();
        let short = t.encode("wanted", 6, Overlong::Refuse).unwrap();
        assert_eq!((short.ids.as_slice(), short.used), (&[2, 5, 7, 3, 0, 0][..], 4));
        assert_eq!(short.mask(), [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(t.encode("wanted", 4, Overlong::Refuse).unwrap().ids, [2, 5, 7, 3], "it just fits");
        let error = t.encode("wanted", 3, Overlong::Refuse).unwrap_err();
        assert_eq!(error, TextError::TooLong { tokens: 4, room: 3 });
        assert!(error.to_string().contains("4 tokens") && error.to_string().contains("takes 3"), "{error}");
        assert_eq!(t.encode("wanted", 3, Overlong::Truncate).unwrap(), Tokens { ids: vec![2, 5, 3], used: 3 });
        assert_eq!(t.encode("", 3, Overlong::Refuse).unwrap(), Tokens { ids: vec![2, 3, 0], used: 2 });
        for room in 0..3 {
            assert_eq!(t.encode("", room, Overlong::Truncate), Err(TextError::NoRoom { room }));
        }
    }

    #[test]
    fn tokens_become_text_again() {
        let t = tokenizer();
        let ids = t.encode("UNwanted, running", 12, Overlong::Refuse).unwrap().ids;
        assert_eq!(t.decode(&ids).unwrap(), "[CLS] unwanted , running [SEP]");
        let error = t.decode(&[5, 19]).unwrap_err();
        assert_eq!(error, TextError::NoToken { id: 19, count: 19 });
        assert!(error.to_string().contains("no token 19") && error.to_string().contains("has 19"), "{error}");
    }
}

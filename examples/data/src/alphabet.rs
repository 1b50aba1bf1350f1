//! The letters that a speech model writes, and how scores become text.

/// The number of classes: blank, space, apostrophe and 26 letters.
pub const LETTERS: usize = 29;
/// The class that says "no new letter here" in connectionist temporal classification.
pub const BLANK: usize = 0;

const SYMBOLS: [char; LETTERS] = [
    '_', ' ', '\'', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x',
    'y', 'z',
];

/// The classes of a text; what is not in the alphabet is left out.
pub fn encode(text: &str) -> Vec<usize> {
    text.chars().filter_map(|c| SYMBOLS[1..].iter().position(|s| *s == c).map(|i| i + 1)).collect()
}

/// The best class of every frame; the lower one of equals. `scores` is `[LETTERS, frames]`, class by class, before or after softmax.
///
/// # Panics
/// When the number of scores is not a multiple of [`LETTERS`].
pub fn best(scores: &[f32]) -> Vec<u32> {
    assert!(scores.len().is_multiple_of(LETTERS), "{} scores are not for {LETTERS} classes", scores.len());
    let frames = scores.len() / LETTERS;
    let best = |frame: usize| {
        (1..LETTERS).fold(BLANK, |best, c| if scores[c * frames + frame] > scores[best * frames + frame] { c } else { best })
    };
    (0..frames).map(|frame| best(frame) as u32).collect()
}

/// The text of a class for every frame: runs of one class become one letter, blanks and what is no class vanish, spaces are trimmed and joined.
pub fn decode(classes: &[u32]) -> String {
    let mut previous = BLANK;
    let mut text = String::new();
    for class in classes.iter().map(|c| *c as usize) {
        if class != previous && class != BLANK {
            text.extend(SYMBOLS.get(class));
        }
        previous = class;
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(classes: &[usize]) -> Vec<f32> {
        let mut scores = vec![0.0; LETTERS * classes.len()];
        for (frame, class) in classes.iter().enumerate() {
            scores[class * classes.len() + frame] = 1.0;
        }
        scores
    }

    #[test]
    fn a_text_comes_back() {
        for text in ["hello world", "i'm sorry", "a", ""] {
            let classes: Vec<usize> = encode(text).into_iter().flat_map(|c| [BLANK, c, c]).collect();
            assert_eq!(decode(&best(&scores(&classes))), text);
        }
    }

    #[test]
    fn runs_are_one_letter_and_a_blank_separates_two() {
        let l = encode("l")[0];
        assert_eq!(decode(&best(&scores(&[l, l, BLANK, BLANK, l]))), "ll");
        assert_eq!(decode(&best(&scores(&[l, l, l]))), "l");
        assert_eq!((best(&[0.5; 2 * LETTERS]), decode(&[99, l as u32])), (vec![0, 0], "l".into()));
    }

    #[test]
    fn spaces_are_trimmed_and_joined() {
        let (space, a) = (encode(" ")[0], encode("a")[0]);
        assert_eq!(decode(&best(&scores(&[space, a, space, BLANK, space, a, space]))), "a a");
    }

    #[test]
    fn what_is_not_in_the_alphabet_is_left_out() {
        assert_eq!(encode("a1Bé b"), encode("a b"));
        assert!(encode("zebra's").iter().all(|c| (1..LETTERS).contains(c)));
    }
}

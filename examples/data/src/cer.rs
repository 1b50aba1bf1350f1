//! The character error rate: how far a transcript is from what was said.

/// Insertions, deletions and substitutions of characters over the number of characters that were said, all recordings together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cer {
    /// The edit distance, summed over recordings.
    pub errors: usize,
    /// The characters of the references.
    pub characters: usize,
}

impl Cer {
    /// Counts one more recording.
    pub fn add(&mut self, reference: &str, transcript: &str) {
        self.errors += distance(reference, transcript);
        self.characters += reference.chars().count();
    }

    /// The rate: 0 is perfect; it may exceed 1. Without any characters 0.
    pub fn rate(self) -> f64 {
        if self.characters == 0 { 0.0 } else { self.errors as f64 / self.characters as f64 }
    }
}

/// The smallest number of insertions, deletions and substitutions of characters that turn one text into the other.
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        for (a, b, d) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "same", 0), ("flaw", "lawn", 2), ("ab", "ba", 2)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (d, d), "{a} and {b}");
        }
    }

    #[test]
    fn the_rate_is_over_all_recordings() {
        let mut cer = Cer::default();
        assert!(cer.rate().abs() < 1e-12);
        cer.add("kitten", "sitting");
        cer.add("ab", "ab");
        assert_eq!(cer, Cer { errors: 3, characters: 8 });
        assert!((cer.rate() - 0.375).abs() < 1e-12);
    }
}

//! Counts of words in a fixed number of places, without a vocabulary: the place of a word is a hash of it (Weinberger et al., 2009, without signs).

/// The place of a word among so many: FNV-1a of its UTF-8, 32 bits, modulo the number of places.
///
/// # Panics
/// When there are no places.
pub fn place(word: &str, places: usize) -> usize {
    let hash = word.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    hash as usize % places
}

/// For each place 1 + ln(count) of the words there, 0 where there is none, all divided by their Euclidean norm; zeros for no words at all.
///
/// # Panics
/// When there are no places.
pub fn features<'a>(words: impl IntoIterator<Item = &'a str>, places: usize) -> Vec<f32> {
    let mut counts = vec![0.0f32; places];
    for word in words {
        counts[place(word, places)] += 1.0;
    }
    for count in counts.iter_mut().filter(|count| **count > 0.0) {
        *count = 1.0 + count.ln();
    }
    let norm = counts.iter().map(|v| v * v).sum::<f32>().sqrt();
    if norm > 0.0 {
        for v in &mut counts {
            *v /= norm;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // figures of the authors' page, http://www.isthe.com/chongo/tech/comp/fnv
        assert_eq!(place("", usize::MAX), 0x811c_9dc5);
        assert_eq!(place("a", usize::MAX), 0xe40c_292c);
        assert_eq!(place("foobar", usize::MAX), 0xbf9c_f968);
        assert_eq!(place("foobar", 512), 0x168);
    }

    #[test]
    fn features_count_words_wherever_they_stand() {
        let all = features(["spam", "offer", "spam"], 512);
        assert_eq!(all, features(["offer", "spam", "spam"], 512));
        let (spam, offer) = (all[place("spam", 512)], all[place("offer", 512)]);
        assert!((spam / offer - (1.0 + 2f32.ln())).abs() < 1e-6, "{spam} and {offer}");
        assert!((all.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(all.iter().filter(|v| **v > 0.0).count(), 2);
        assert!(features([], 8).iter().all(|v| v.abs() < 1e-9), "no words are zeros, not NaN");
    }
}

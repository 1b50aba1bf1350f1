//! Pictures of CIFAR-10 (Krizhevsky, 2009): 32 by 32, in colour, of ten classes. Twenty labelled ones come with the PyPI package `foolbox`.

use crate::error::{Error, Result};
use crate::picture;
use std::path::Path;

/// What the pictures show, by class.
pub const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The values of a picture.
pub const VALUES: usize = 3 * 32 * 32;

/// Pictures and their classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cifar {
    /// Picture by picture the planes of red, green and blue, row by row, 0 to 255.
    pub pixels: Vec<f32>,
    /// The class of each picture.
    pub labels: Vec<usize>,
}

/// Reads every picture `…_CLASS.ppm` of a directory, such as `cifar10_00_3.ppm`, in the order of their names.
///
/// # Errors
/// When the directory cannot be read or has no picture, a picture is no colour PPM file of 32 by 32 pixels, or its name does not end with a class.
pub fn read(directory: impl AsRef<Path>) -> Result<Cifar> {
    let directory = directory.as_ref();
    let entries = std::fs::read_dir(directory).map_err(|e| Error::new(directory, format!("cannot be read: {e}")))?;
    let mut paths: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.extension().is_some_and(|e| e == "ppm")).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Error::new(directory, "has no .ppm file"));
    }
    let mut all = Cifar::default();
    for path in paths {
        let class = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.rsplit_once('_')).and_then(|(_, class)| class.parse().ok());
        let Some(class) = class.filter(|c| *c < CLASSES.len()) else {
            return Err(Error::new(&path, "has a name that does not end with a class, _0 to _9"));
        };
        let picture = picture::read(&path)?;
        if (picture.width, picture.height, picture.channels) != (32, 32, 3) {
            return Err(Error::new(&path, format!("has {} by {} pixels; 32 by 32 in colour are needed", picture.width, picture.height)));
        }
        all.pixels.extend(picture.planes());
        all.labels.push(class);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_is_the_end_of_the_name() {
        let directory = std::env::temp_dir().join(format!("undertone-cifar-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let error = read(&directory).unwrap_err().to_string();
        assert!(error.contains("has no .ppm file"), "{error}");
        let write = |name: &str, size: usize, channels: usize, value: u8| {
            let mut bytes = format!(
                "{} {size} {size} 255
",
                if channels == 3 { "P6" } else { "P5" }
            )
            .into_bytes();
            bytes.resize(bytes.len() + size * size * channels, value);
            std::fs::write(directory.join(name), bytes).unwrap();
        };
        write("b_9.ppm", 32, 3, 9);
        write("a_3.ppm", 32, 3, 3);
        let all = read(&directory).unwrap();
        assert_eq!((all.labels, all.pixels[0] as u8, all.pixels[VALUES] as u8), (vec![3, 9], 3, 9));
        for (name, size, channels, expected) in [
            ("c_10.ppm", 32, 3, "does not end with a class"),
            ("c.ppm", 32, 3, "does not end"),
            ("c_1.ppm", 31, 3, "31 by 31"),
            ("c_2.ppm", 32, 1, "32 by 32 in colour"),
        ] {
            write(name, size, channels, 0);
            let error = read(&directory).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(expected), "{error}");
            std::fs::remove_file(directory.join(name)).unwrap();
        }
        std::fs::remove_dir_all(directory).unwrap();
    }
}

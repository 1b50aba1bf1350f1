//! Recordings with what is said in them.

use crate::error::{Error, Result};
use crate::wav::{self, RATE};
use std::path::Path;

/// The file with one line `name: text` for each recording of a directory.
pub const TRANSCRIPTS: &str = "transcripts.txt";

/// A recording and what is said in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The file's name without its ending, such as `digits/7`.
    pub name: String,
    /// What is said, in letters, apostrophes and spaces.
    pub text: String,
    /// Samples from -1 to 1, at 8 kHz.
    pub samples: Vec<f32>,
}

impl Recording {
    /// How long the recording is, in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(RATE)
    }
}

/// Reads the recordings that the file [`TRANSCRIPTS`] of a directory lists, `name.wav` each, in the order of that file.
///
/// # Errors
/// When a file is missing or cannot be read, or a line is not of the form `name: text`.
pub fn read(directory: impl AsRef<Path>) -> Result<Vec<Recording>> {
    let directory = directory.as_ref();
    let list = directory.join(TRANSCRIPTS);
    let lines = std::fs::read_to_string(&list).map_err(|e| Error::new(&list, format!("cannot be read: {e}")))?;
    let recording = |line: &str| {
        let (name, text) = line
            .split_once(": ")
            .ok_or_else(|| Error::new(&list, format!("has the line `{line}`, which is not of the form `name: text`")))?;
        Ok(Recording { name: name.to_owned(), text: text.trim().to_owned(), samples: wav::read(directory.join(format!("{name}.wav")))? })
    };
    lines.lines().filter(|line| !line.trim().is_empty()).map(recording).collect()
}

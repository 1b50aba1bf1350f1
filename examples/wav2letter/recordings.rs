//! The recordings to transcribe: the committed ones with what is said in them, or the user's own.

use super::model::{Audio, cut};
use std::error::Error;
use std::path::{Path, PathBuf};
use undertone_data::features::log_mel;
use undertone_data::{wav, window::Window};

/// A recording, cut into windows.
pub struct Recording {
    /// The file's name.
    pub name: String,
    /// What is said, where it is known.
    pub text: Option<String>,
    /// Samples at the model's rate.
    pub samples: usize,
    /// How it is cut.
    pub windows: Vec<Window>,
    /// The windows.
    pub audio: Audio,
}

/// The recordings of a folder, in the order of its `transcripts.txt`: `name: text` on each line, for `name.wav`.
pub fn committed(folder: &Path) -> Result<Vec<Recording>, Box<dyn Error>> {
    let list = folder.join("transcripts.txt");
    let text = std::fs::read_to_string(&list).map_err(|e| format!("{}: cannot be read: {e}", list.display()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (name, said) = line.split_once(": ").ok_or_else(|| format!("{}: `{line}` is no name and text", list.display()))?;
            read(&folder.join(format!("{name}.wav")), Some(said.trim().to_owned()))
        })
        .collect()
}

/// Recordings of the user's own.
pub fn own(files: &[PathBuf]) -> Result<Vec<Recording>, Box<dyn Error>> {
    files.iter().map(|file| read(file, None)).collect()
}

fn read(path: &Path, text: Option<String>) -> Result<Recording, Box<dyn Error>> {
    let samples = wav::read(path)?;
    let (windows, audio) = cut(&log_mel(&samples))?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    Ok(Recording { name, text, samples: samples.len(), windows, audio })
}

//! The recordings to transcribe: the committed ones with what is said in them, or the user's own.

use super::model::{Audio, cut};
use std::error::Error;
use std::path::{Path, PathBuf};
use undertone_data::features::log_mel;
use undertone_data::{speech, wav, window::Window};

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

/// The recordings of a folder, with their texts.
pub fn committed(folder: &Path) -> Result<Vec<Recording>, Box<dyn Error>> {
    speech::read(folder)?.into_iter().map(|r| recording(r.name, Some(r.text), &r.samples)).collect()
}

/// Recordings of the user's own.
pub fn own(files: &[PathBuf]) -> Result<Vec<Recording>, Box<dyn Error>> {
    let name = |file: &PathBuf| file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
    files.iter().map(|file| recording(name(file), None, &wav::read(file)?)).collect()
}

fn recording(name: String, text: Option<String>, samples: &[f32]) -> Result<Recording, Box<dyn Error>> {
    let (windows, audio) = cut(&log_mel(samples))?;
    Ok(Recording { name, text, samples: samples.len(), windows, audio })
}

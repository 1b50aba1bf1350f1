//! The one error type of this crate: which file, what is wrong with it, what to do.

use std::path::{Path, PathBuf};

/// A result of this crate.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Error {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it, and what to do.
    pub message: String,
}

impl Error {
    pub(crate) fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), message: message.into() }
    }
}

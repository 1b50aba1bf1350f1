//! What can go wrong.

use thiserror::Error;

/// What stops a measurement.
#[derive(Debug, Error)]
pub enum Failure {
    /// No workload has this name.
    #[error("no workload is called `{0}`: see --list")]
    Workload(String),
    /// A process ended before its time.
    #[error("{who} has failed, see above: {how}")]
    Process {
        /// Which one.
        who: String,
        /// With which status.
        how: String,
    },
    /// A process took too long.
    #[error("{who} has not ended after {seconds} s")]
    Late {
        /// Which one.
        who: String,
        /// How long was waited.
        seconds: u64,
    },
    /// A program of a peer did not measure.
    #[error("CrypTen on `{workload}`: {message}")]
    Peer {
        /// What it should have run.
        workload: String,
        /// What it said.
        message: String,
    },
    /// Options that do not go together.
    #[error("{0}")]
    Options(String),
    /// A plot cannot be drawn.
    #[error("{0}")]
    Plot(String),
    /// Undertone itself.
    #[error(transparent)]
    Undertone(#[from] undertone::Error),
    /// A file or a process.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// A file of figures.
    #[error("{0}: {1}")]
    Json(String, serde_json::Error),
}

/// A result that a measurement can stop at.
pub type Result<T> = std::result::Result<T, Failure>;

/// Says what was done with what, when it fails.
pub trait Doing<T> {
    /// What is in error messages.
    fn doing(self, what: &str) -> Result<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|e| Failure::Io(what.to_owned(), e))
    }
}

impl<T> Doing<T> for serde_json::Result<T> {
    fn doing(self, what: &str) -> Result<T> {
        self.map_err(|e| Failure::Json(what.to_owned(), e))
    }
}

//! The one error type of the runtime: what went wrong, where, and what to do.

use crate::net::NetError;
use std::path::PathBuf;

/// A result of the runtime.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// What went wrong, where, and what to do. No variant holds a secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A model's graph cannot be traced or is inconsistent.
    #[error("model `{model}`, stage `{stage}`: {message}")]
    Graph {
        /// The model.
        model: String,
        /// The stage, empty outside of any.
        stage: String,
        /// What is wrong.
        message: String,
    },
    /// A plan cannot be made from a graph.
    #[error("no plan for `{model}`, stage `{stage}`: {message}")]
    Plan {
        /// The model.
        model: String,
        /// The stage, empty outside of any.
        stage: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A configuration says what cannot be.
    #[error("{path}{}: {message}", at(.field))]
    Config {
        /// The file.
        path: PathBuf,
        /// The field, with its table; empty where the whole file is meant.
        field: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// The weights do not fit the model; every weight that is wrong is named.
    #[error("the weights do not fit `{model}`: {}", .problems.join("; "))]
    Weights {
        /// The model.
        model: String,
        /// One text for each weight that is missing, has another shape or holds a value that cannot be used.
        problems: Vec<String>,
    },
    /// An input cannot be used.
    #[error("input `{name}`: {message}")]
    Input {
        /// The input's name in the description.
        name: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// The parties do not agree on what to run.
    #[error("{party} does not agree with {peer}: {message}")]
    Disagreement {
        /// The endpoint that reports.
        party: String,
        /// The endpoint that it compared itself with.
        peer: String,
        /// What differs.
        message: String,
    },
    /// A peer or the dealer sent something else than expected, or this party cannot go on.
    #[error("{party}, {during}: {message}")]
    Peer {
        /// The endpoint that reports.
        party: String,
        /// The stage or the phase of the session.
        during: String,
        /// What happened.
        message: String,
    },
    /// A peer or the dealer is gone or silent; whoever failed by itself says why.
    #[error("{party}, {during}: {message}")]
    Gone {
        /// The endpoint that reports.
        party: String,
        /// The stage or the phase of the session.
        during: String,
        /// What happened.
        message: String,
    },
    /// The endpoints cannot be connected.
    #[error("{party}, connect: {cause}")]
    Connect {
        /// The endpoint that reports.
        party: String,
        /// With whom, where, what is wrong, and what to do.
        cause: NetError,
    },
    /// Another endpoint has left between two runs, as endpoints do that have finished: nothing was under way.
    #[error("{party}: {peer} has left between two runs")]
    Ended {
        /// The endpoint that reports.
        party: String,
        /// Who has left.
        peer: String,
    },
    /// The operating system has no randomness to give.
    #[error("no randomness from the operating system: {0}")]
    Randomness(String),
}

fn at(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!(", `{field}`") }
}

//! Why two endpoints do not get connected: with whom, where, what is wrong, and what to do.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why an endpoint cannot be reached, cannot listen, or is not who it should be. No variant holds a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// A file with certificates or a key cannot be read, written or used.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// An endpoint cannot have this name.
    #[error("`{name}` cannot be the name of an endpoint: {message}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong, and how names look.
        message: String,
    },
    /// The certificate of this endpoint cannot be used for its name.
    #[error("the certificate of `{name}`: {message}")]
    Certificate {
        /// Whose certificate it should be.
        name: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// Plain TCP was asked for to an address that other machines can reach.
    #[error(
        "{address} is no loopback address: without TLS, endpoints talk on 127.0.0.1 or [::1] alone; configure certificates for all of them"
    )]
    NotLoopback {
        /// The address.
        address: String,
    },
    /// This endpoint cannot listen.
    #[error("cannot listen on {address}: {message}")]
    Listen {
        /// The address.
        address: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A peer could not be reached in time.
    #[error("cannot reach `{name}` at {address} within {seconds} s: {message}")]
    Connect {
        /// The peer.
        name: String,
        /// Where it should be.
        address: String,
        /// How long was tried.
        seconds: u64,
        /// What happened at the last attempt, and what to do.
        message: String,
    },
    /// Who answered is not the peer, or does not take this endpoint for whom it is.
    #[error("who answers at {address} is not connected as `{name}`: {message}")]
    Untrusted {
        /// The peer that was called.
        name: String,
        /// Where.
        address: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A peer answered that it does not want this connection.
    #[error("`{name}` at {address} refuses the connection: {reason}")]
    Refused {
        /// The peer.
        name: String,
        /// Where.
        address: String,
        /// What it says.
        reason: String,
    },
    /// Peers did not call in time.
    #[error("{} did not connect to {address} within {seconds} s; are they running, with this address?{}", quoted(.names), and_refused(.turned_away))]
    Missing {
        /// Who did not call.
        names: Vec<String>,
        /// Where this endpoint listens.
        address: SocketAddr,
        /// How long was waited.
        seconds: u64,
        /// Who called in vain, and why; the latest few.
        turned_away: Vec<String>,
    },
    /// The operating system has no randomness to give.
    #[error("no randomness from the operating system")]
    Randomness,
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn and_refused(turned_away: &[String]) -> String {
    if turned_away.is_empty() { String::new() } else { format!(" Turned away: {}", turned_away.join("; ")) }
}

/// A text that came from elsewhere, fit to be shown: one line, no control characters, not too long.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect()
}

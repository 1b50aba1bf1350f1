//! Why the program ends, and with which exit code.

use std::process::ExitCode;
use undertone_runtime::Error;
use undertone_runtime::net::NetError;

/// Whether the user can do something about it here, or it is the others.
#[derive(Debug)]
pub enum Failure {
    /// A peer, the dealer or the network failed: exit code 1.
    Others(String),
    /// Another endpoint has left between two runs: exit code 1, unless that is what a server waits for.
    Ended(String),
    /// What the user gave is wrong: exit code 2.
    Input(String),
    /// As well, in several places: what is wrong, and each of them.
    Problems(String, Vec<String>),
}

impl Failure {
    /// One line on the standard error, and one more for each of several problems.
    pub fn tell(&self) {
        let (message, problems) = match self {
            Failure::Others(message) | Failure::Ended(message) | Failure::Input(message) => (message, &[][..]),
            Failure::Problems(message, problems) => (message, problems.as_slice()),
        };
        // a part of it may come from outside
        let plain = |text: &str| text.replace(char::is_control, " ");
        eprintln!("error: {}", plain(message));
        for problem in problems {
            eprintln!("  {}", plain(problem));
        }
    }

    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Others(_) | Failure::Ended(_) => 1,
            Failure::Input(_) | Failure::Problems(..) => 2,
        })
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        if matches!(e, Error::Ended { .. }) {
            return Failure::Ended(e.to_string());
        }
        let input = match &e {
            Error::Connect { cause, .. } => is_input(cause),
            Error::Disagreement { .. } | Error::Peer { .. } | Error::Gone { .. } | Error::Randomness(_) => false,
            _ => true,
        };
        if input { Failure::Input(e.to_string()) } else { Failure::Others(e.to_string()) }
    }
}

impl From<NetError> for Failure {
    fn from(e: NetError) -> Self {
        if is_input(&e) { Failure::Input(e.to_string()) } else { Failure::Others(e.to_string()) }
    }
}

fn is_input(e: &NetError) -> bool {
    matches!(
        e,
        NetError::File { .. }
            | NetError::Name { .. }
            | NetError::Certificate { .. }
            | NetError::NotLoopback { .. }
            | NetError::Listen { .. }
    )
}

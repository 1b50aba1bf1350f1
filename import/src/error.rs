//! Why a network is not imported, and what to do.

use std::fmt;
use std::path::PathBuf;

/// Why a network is not imported; nothing has been written then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file cannot be read or written, or is not what it should be.
    #[error("{path}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// Nodes that have no counterpart here: all that were found.
    #[error("{path}: {} of the network cannot be translated:{}", counted(.problems.len()), listed(.problems))]
    Untranslated {
        /// The file.
        path: PathBuf,
        /// One for each node, in the order of the network.
        problems: Vec<Problem>,
    },
}

/// A node that cannot be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The node's name in the file, or that of its output where it has none.
    pub node: String,
    /// Its operator, such as `Erf`.
    pub operator: String,
    /// Why it cannot be translated, and what to do.
    pub why: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}): {}", self.node, self.operator, self.why)
    }
}

fn counted(n: usize) -> String {
    if n == 1 { "a node".into() } else { format!("{n} nodes") }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |all, p| all + "\n  " + &p.to_string())
}

/// A text of a file as an error or a source shows it: short, and without characters that a terminal or a compiler obeys.
pub(crate) fn shown(text: &str) -> String {
    let plain =
        |c: char| if c.is_control() || ('\u{200b}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c) { ' ' } else { c };
    let short: String = text.chars().take(120).map(plain).collect();
    if text.chars().nth(120).is_some() { format!("{short}…") } else { short }
}

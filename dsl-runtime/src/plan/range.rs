//! What is known about the size of a stage's values. A value out of range is silent garbage, so every stage says how safe it is.

use serde::{Deserialize, Serialize};

/// How far the values of a stage are known to stay inside what the protocols need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// Nobody looked: the values are assumed to stay below 2^`bits` / `factor`.
    Assumed {
        /// log2 of the limit, before the factor.
        bits: u32,
        /// The public factor that the stage's integers carry.
        factor: u64,
    },
    /// An index, below the size of its axis.
    Index,
}

impl core::fmt::Display for Range {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Range::Assumed { bits, factor: 1 } => write!(f, "assumed < 2^{bits}"),
            Range::Assumed { bits, factor } => write!(f, "assumed < 2^{bits}/{factor}"),
            Range::Index => f.write_str("index"),
        }
    }
}

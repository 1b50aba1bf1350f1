//! What parties and the dealer say to each other, and the limits of it.

use crate::plan::Plan;
use serde::{Deserialize, Serialize};

/// The version of everything that crosses a wire.
pub(crate) const VERSION: u32 = 3;

/// The longest request or answer that is read: a plan of some ten thousand steps.
pub(crate) const LIMIT: usize = 1 << 22;

/// The longest piece of a tape that crosses a wire.
pub(crate) const PIECE: usize = 1 << 20;

/// The largest number of elements of a run, all samples and steps together, with comparisons and padding.
pub(crate) const ELEMENTS: usize = 1 << 28;

/// What a party asks of the dealer. All parties must ask the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Prepare the masks of a new set of weights for this plan.
    Weights {
        /// The set's id, drawn at random by the owner of the weights.
        set: [u8; 16],
        /// The plan.
        plan: Box<Plan>,
    },
    /// Write a tape.
    Tape {
        /// The set of weights, and with it the plan.
        set: [u8; 16],
        /// The number of samples.
        batch: u32,
    },
}

/// What the dealer answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The masks are ready.
    Ready,
    /// The tape with this id follows: to the last party, pieces of at most [`PIECE`] bytes, none of them empty, none with the corrections of two steps.
    Tape(u64),
    /// The request cannot be met.
    Refused(String),
    /// This party is gone, and with it the session.
    Left(u32),
}

/// The first message of a dealer to a party.
#[derive(Serialize, Deserialize)]
pub(crate) struct Welcome {
    pub version: u32,
    pub parties: u32,
    /// Told apart from every other dealing.
    pub dealing: [u8; 16],
    /// The party's seed, from which its tape keys and weight masks are derived.
    pub seed: [u8; 16],
}

/// Encodes a message. Writing plain data to memory cannot fail; an empty message would be refused by its reader. What fits in a greeting is written in place: memory that
/// grows leaves copies behind, and a greeting may hold a seed.
pub(crate) fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_extend(message, Vec::with_capacity(1 << 10)).unwrap_or_default()
}

/// Decodes a message.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(format!("a message has {} bytes too many", rest.len())),
        Err(e) => Err(format!("a message cannot be read: {e}")),
    }
}

/// The number that a message begins with.
pub(crate) fn leading(bytes: &[u8]) -> Option<u32> {
    postcard::take_from_bytes(bytes).ok().map(|(number, _)| number)
}

/// The id of a tape as key material.
pub(crate) fn tape_id(tape: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&tape.to_le_bytes());
    id
}

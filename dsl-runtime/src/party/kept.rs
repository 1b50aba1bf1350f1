//! What a session keeps from run to run, in words of either size.

use super::Session;
use super::pool::Pool;
use super::weights::WeightSet;
use std::collections::HashMap;
use std::sync::Arc;
use undertone_ring::Word;

/// What is kept in words of one size.
pub(super) struct Kept<W: Word> {
    /// Weight sets that were shared, by their ids.
    pub sets: HashMap<[u8; 16], Arc<WeightSet<W>>>,
    /// Memory of earlier values, used again.
    pub spare: Pool<W>,
}

/// Both sizes.
#[derive(Default)]
pub(super) struct Memory {
    narrow: Kept<u32>,
    wide: Kept<u64>,
}

impl Memory {
    /// Whether a set of weights of this id was shared, in words of either size: its masks serve no other weights, and no other plan.
    pub(super) fn holds(&self, id: &[u8; 16]) -> bool {
        self.narrow.sets.contains_key(id) || self.wide.sets.contains_key(id)
    }
}

/// The words that a session computes in.
pub(super) trait Stored: Word {
    /// What the session keeps in such words.
    fn kept(session: &mut Session) -> &mut Kept<Self>;
}

impl Stored for u32 {
    fn kept(session: &mut Session) -> &mut Kept<Self> {
        &mut session.memory.narrow
    }
}

impl Stored for u64 {
    fn kept(session: &mut Session) -> &mut Kept<Self> {
        &mut session.memory.wide
    }
}

impl<W: Word> Default for Kept<W> {
    fn default() -> Self {
        Self { sets: HashMap::new(), spare: Pool::default() }
    }
}

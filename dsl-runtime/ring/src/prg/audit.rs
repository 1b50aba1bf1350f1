//! A record of every block that generators are asked for, so that a test can prove that none is asked for twice.

use super::{Counter, Prg};
use std::sync::{Arc, Mutex, PoisonError};

/// Where requests are recorded; several generators may share one.
pub type Log = Arc<Mutex<Vec<Request>>>;

/// One call of [`Prg::fill_at`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// The same for generators of the same key, and for no others but by chance.
    pub key_fingerprint: u64,
    /// The stream.
    pub counter: Counter,
    /// The first block of it.
    pub first_block: u64,
    /// How many blocks (a part of a block counts as one).
    pub blocks: u64,
}

pub(super) struct Recorder {
    log: Log,
    key_fingerprint: u64,
}

impl Recorder {
    pub(super) fn record(&self, counter: Counter, first_block: u64, blocks: u64) {
        let request = Request { key_fingerprint: self.key_fingerprint, counter, first_block, blocks };
        if blocks > 0 {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        }
    }
}

impl Prg {
    /// From now on, every request is appended to `log`.
    pub fn audit(&mut self, log: Log) {
        self.audit = None;
        let mut fingerprint = [0u64];
        // A stream that no plan reaches.
        self.words(Counter { step: u32::MAX, field: u32::MAX }, &mut fingerprint);
        self.audit = Some(Recorder { log, key_fingerprint: fingerprint[0] });
    }
}

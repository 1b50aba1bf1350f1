//! What is in the files of a dealing.

use super::durable::{CHECKSUM, failed};
use crate::entropy::Seed;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::wire::{decode, encode};
use serde::{Deserialize, Serialize};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// The version of all files of a dealing.
pub(super) const VERSION: u32 = 1;

/// The first bytes of a tape.
const MAGIC: [u8; 8] = *b"undrtape";

/// The longest header of a tape.
const HEADER: u32 = 512;

/// Bytes that are checked, or read, at once.
pub(super) const AT_ONCE: usize = 1 << 20;

/// What all tapes of a party's folder have in common.
#[derive(Serialize, Deserialize)]
pub(super) struct Contents {
    pub version: u32,
    /// Told apart from every other dealing.
    pub dealing: [u8; 16],
    pub plan: [u8; 32],
    /// The model's name, for messages.
    pub model: String,
    pub party: u32,
    pub parties: u32,
    /// The set of weights; none where the plan has none.
    pub set: Option<[u8; 16]>,
    pub batch: u32,
    /// Tapes 1 to this one.
    pub count: u64,
    /// The party's seed.
    pub seed: [u8; 16],
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

/// The highest tape that was claimed.
#[derive(Serialize, Deserialize)]
pub(super) struct Claimed {
    pub dealing: [u8; 16],
    pub tape: u64,
}

/// What was sent under the masks of a set of weights.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct Bound {
    pub dealing: [u8; 16],
    pub set: [u8; 16],
    pub digest: [u8; 32],
}

/// The first bytes of a tape, after [`MAGIC`] and its own length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    dealing: [u8; 16],
    tape: u64,
    plan: [u8; 32],
    party: u32,
    set: Option<[u8; 16]>,
    batch: u32,
    /// Bytes of corrections that follow.
    pub len: u64,
}

impl Header {
    /// What the header of a tape must be.
    pub(super) fn new(of: &Contents, tape: u64, plan: &Plan) -> Self {
        let len = plan.steps.iter().map(|s| plan.step_cost(s, of.batch as usize).corrections).sum();
        let (dealing, plan, party, set, batch) = (of.dealing, of.plan, of.party, of.set, of.batch);
        Self { version: VERSION, dealing, tape, plan, party, set, batch, len }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let bytes = encode(self);
        [&MAGIC, &(bytes.len() as u32).to_le_bytes()[..], &bytes].concat()
    }

    /// Checks all of a tape, from its first byte to its checksum, and leaves `file` at the first correction.
    pub(super) fn check(&self, path: &Path, file: &mut (impl Read + Seek), mut sum: blake3::Hasher) -> Result<()> {
        let bad = |e: std::io::Error| {
            let short = e.kind() == std::io::ErrorKind::UnexpectedEof;
            failed(path, if short { "the tape is truncated".to_owned() } else { e.to_string() })
        };
        let mut start = [0; 12];
        file.read_exact(&mut start).map_err(bad)?;
        let (magic, len) = start.split_at(8);
        let len = u32::from_le_bytes([len[0], len[1], len[2], len[3]]);
        if magic != MAGIC || len > HEADER {
            return Err(failed(path, "this is no tape"));
        }
        let mut header = vec![0; len as usize];
        file.read_exact(&mut header).map_err(bad)?;
        let found: Self = decode(&header).map_err(|e| failed(path, e))?;
        self.same(path, &found)?;
        let body = 12 + u64::from(len);
        let (found, expected) = (file.seek(SeekFrom::End(0)).map_err(bad)?, body + self.len + CHECKSUM as u64);
        if found != expected {
            let what = if found < expected { "truncated" } else { "too long" };
            return Err(failed(path, format!("the tape is {what}: {found} bytes instead of {expected}")));
        }
        sum.update(&start).update(&header);
        file.seek(SeekFrom::Start(body)).map_err(bad)?;
        let (mut left, mut buffer) = (self.len, Zeroizing::new(vec![0; AT_ONCE]));
        while left > 0 {
            let piece = &mut buffer[..left.min(AT_ONCE as u64) as usize];
            file.read_exact(piece).map_err(bad)?;
            sum.update(piece);
            left -= piece.len() as u64;
        }
        let mut written = [0; CHECKSUM];
        file.read_exact(&mut written).map_err(bad)?;
        // hashes compare in constant time
        if sum.finalize() != blake3::Hash::from_bytes(written) {
            return Err(failed(path, "the tape is damaged: its checksum does not fit"));
        }
        file.seek(SeekFrom::Start(body)).map(|_| ()).map_err(bad)
    }

    fn same(&self, path: &Path, found: &Self) -> Result<()> {
        let differs = |what: &str| Err(failed(path, format!("the tape is {what}")));
        if found.version != self.version {
            return differs(&format!("of version {}, this program knows {}", found.version, self.version));
        }
        if found.dealing != self.dealing {
            return differs("of another dealing");
        }
        if found.party != self.party {
            return differs(&format!("that of party {}, this is party {}", found.party, self.party));
        }
        if found.tape != self.tape {
            return differs(&format!("tape {}, not tape {}", found.tape, self.tape));
        }
        if found != self {
            return differs("for another plan, batch or set of weights");
        }
        Ok(())
    }
}

/// The checksum of a party's tapes: under a key, so that a tape fits one folder only.
pub(super) fn sum(seed: &Seed) -> blake3::Hasher {
    let mut key = blake3::derive_key("undertone 2026 tape checksum", seed.bytes());
    let hasher = blake3::Hasher::new_keyed(&key);
    key.zeroize();
    hasher
}

/// The folder of a party.
pub(super) fn party(folder: &Path, party: usize) -> PathBuf {
    folder.join(format!("party-{party}"))
}

/// The file of a tape.
pub(super) fn tape(folder: &Path, tape: u64) -> PathBuf {
    folder.join(format!("{tape:06}.tape"))
}

/// Why tapes cannot be dealt or used for a plan.
pub(super) fn refuse(plan: &Plan, message: &str) -> Error {
    Error::Plan { model: plan.model.clone(), stage: "tapes".into(), message: message.into() }
}

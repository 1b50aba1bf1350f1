//! A party's tapes.

use super::durable::{failed, read, write};
use super::format::{AT_ONCE, Bound, Claimed, Contents, Header, VERSION, sum, tape};
use crate::entropy::{Purpose, Seed};
use crate::error::Result;
use crate::party::source::Source;
use crate::plan::Plan;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use undertone_ring::prg::Key;

/// A party's folder of tapes, for one session at a time.
pub struct Folder {
    path: PathBuf,
    of: Contents,
    seed: Seed,
    claimed: u64,
    open: Option<Open>,
    /// Held as long as the folder is in use; the operating system gives it back, however the process ends.
    _lock: File,
}

/// The tape that was claimed last.
struct Open {
    path: PathBuf,
    file: BufReader<File>,
    /// Bytes of corrections that were not read yet.
    left: u64,
    /// What was read last.
    bytes: Vec<u8>,
}

impl Folder {
    /// Opens the folder of party `party` of `parties`.
    ///
    /// # Errors
    /// When another process or session uses it, the dealing was not finished, is damaged, or is that of another party, or the folder cannot be written.
    pub fn open(path: &Path, party: usize, parties: usize) -> Result<Self> {
        let unfinished = "there is no finished dealing here: deal again, into another folder";
        let at = path.join("lock");
        // opened for writing, so that a folder that cannot be written is noticed before anything is sent
        let lock = match OpenOptions::new().write(true).open(&at) {
            Ok(lock) => lock,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(failed(path, unfinished)),
            Err(e) => return Err(failed(&at, e)),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(failed(path, "these tapes are in use by another process or session")),
            Err(TryLockError::Error(e)) => return Err(failed(&at, e)),
        }
        let Some(of) = read::<Contents>(&path.join("dealing"), "dealing")? else { return Err(failed(path, unfinished)) };
        if of.version != VERSION {
            return Err(failed(path, format!("the tapes have version {}, this program knows {VERSION}: deal again", of.version)));
        }
        if (of.party as usize, of.parties as usize) != (party, parties) {
            let message = format!("these are the tapes of party {} of {}, this is party {party} of {parties}", of.party, of.parties);
            return Err(failed(path, message));
        }
        let claimed = match read::<Claimed>(&path.join("claimed"), "claimed")? {
            Some(claimed) if claimed.dealing == of.dealing => claimed.tape,
            _ => {
                return Err(failed(path, "the record of used tapes is missing or of another dealing: these tapes cannot be used any more"));
            }
        };
        let seed = Seed::from_bytes(of.seed);
        Ok(Self { path: path.to_owned(), of, seed, claimed, open: None, _lock: lock })
    }

    /// The number of samples of a tape.
    pub fn batch(&self) -> usize {
        self.of.batch as usize
    }

    /// The number of tapes that were not claimed here.
    pub fn left(&self) -> u64 {
        self.of.count.saturating_sub(self.claimed)
    }

    /// Checks that the tapes were dealt for this plan and set.
    fn fits(&self, set: [u8; 16], plan: &Plan) -> Result<()> {
        if plan.hash() != self.of.plan {
            let dealt = &self.of.model;
            let message = format!(
                "these tapes were dealt for a plan of `{dealt}`, not for this one of `{}`: use the same model, settings and roles",
                plan.model
            );
            return Err(failed(&self.path, message));
        }
        match self.of.set {
            Some(dealt) if dealt != set => Err(failed(&self.path, "these tapes were dealt for another set of weights")),
            _ => Ok(()),
        }
    }

    fn serves(&self, batch: usize) -> Result<()> {
        if batch == self.batch() {
            return Ok(());
        }
        let message = format!("these tapes are for {} samples at once, not for {batch}: deal tapes for this batch", self.batch());
        Err(failed(&self.path, message))
    }

    /// Opens the tape that was claimed and checks all of it.
    fn load(&self, id: u64, plan: &Plan) -> Result<Open> {
        let (path, header) = (tape(&self.path, id), Header::new(&self.of, id, plan));
        let mut file = File::open(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => failed(&path, "the tape is missing"),
            _ => failed(&path, e),
        })?;
        header.check(&path, &mut file, sum(&self.seed))?;
        Ok(Open { path, file: BufReader::with_capacity(AT_ONCE, file), left: header.len, bytes: vec![] })
    }
}

impl Source for Folder {
    fn dealing(&self) -> [u8; 16] {
        self.of.dealing
    }

    fn set(&self) -> Option<[u8; 16]> {
        self.of.set
    }

    fn claimed(&self) -> u64 {
        self.claimed
    }

    /// The masks are in the tapes already.
    fn weights(&mut self, set: [u8; 16], plan: &Plan, batch: usize) -> Result<()> {
        self.fits(set, plan)?;
        self.serves(batch)
    }

    fn bound(&self) -> Result<Option<[u8; 32]>> {
        Ok(read::<Bound>(&self.path.join("weights"), "weights")?.map(|bound| bound.digest))
    }

    fn bind(&mut self, set: [u8; 16], digest: [u8; 32], claimed: u64) -> Result<()> {
        let (path, bound) = (self.path.join("weights"), Bound { dealing: self.of.dealing, set, digest });
        match read::<Bound>(&path, "weights")? {
            None if claimed > 0 => {
                let message = "a peer has used these tapes with weights of which nothing is known here: was the folder restored from a backup? Deal new tapes";
                Err(failed(&self.path, message))
            }
            None => write(&path, "weights", &bound),
            Some(before) if before == bound => Ok(()),
            Some(_) => Err(failed(&self.path, "these tapes were used with other weights: deal tapes for these weights too")),
        }
    }

    fn tape(&mut self, set: [u8; 16], plan: &Plan, batch: usize, above: u64) -> Result<u64> {
        self.open = None;
        self.fits(set, plan)?;
        self.serves(batch)?;
        let (before, used) = (self.claimed, self.claimed.max(above));
        if used >= self.of.count {
            return Err(failed(&self.path, format!("tapes 1 to {} are used: deal more", self.of.count)));
        }
        let id = used + 1;
        // from here on nobody uses this tape again, whatever happens
        write(&self.path.join("claimed"), "claimed", &Claimed { dealing: self.of.dealing, tape: id })?;
        self.claimed = id;
        let loaded = if self.of.party + 1 == self.of.parties { Some(self.load(id, plan)) } else { None };
        // the claim is what counts; the files only take space
        for old in before + 1..=id {
            let _ = std::fs::remove_file(tape(&self.path, old));
        }
        self.open = loaded.transpose()?;
        Ok(id)
    }

    fn key(&self, purpose: Purpose, id: &[u8; 16]) -> Key {
        self.seed.key(purpose, id)
    }

    fn corrections(&mut self, len: usize) -> Result<&[u8]> {
        let Some(open) = self.open.as_mut().filter(|open| open.left >= len as u64) else {
            return Err(failed(&self.path, format!("no tape has {len} more bytes")));
        };
        open.bytes.resize(len, 0);
        open.file.read_exact(&mut open.bytes).map_err(|e| failed(&open.path, e))?;
        open.left -= len as u64;
        Ok(&open.bytes)
    }

    fn finish(&mut self) -> Result<()> {
        match self.open.take() {
            Some(open) if open.left > 0 => Err(failed(&open.path, format!("the tape has {} bytes more than the plan needs", open.left))),
            _ => Ok(()),
        }
    }
}

impl core::fmt::Debug for Folder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Folder[{}, tapes {} to {} of {} samples]", self.path.display(), self.claimed + 1, self.of.count, self.of.batch)
    }
}

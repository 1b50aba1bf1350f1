//! Small files that are there completely or not at all, also after a crash.

use crate::error::{Error, Result};
use crate::wire::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use zeroize::Zeroizing;

/// The longest small file that is read.
const LIMIT: u64 = 1 << 12;

/// Bytes of a checksum.
pub(super) const CHECKSUM: usize = 32;

/// What is wrong with a file.
pub(super) fn failed(path: &Path, message: impl core::fmt::Display) -> Error {
    Error::File { path: path.to_owned(), message: message.to_string() }
}

/// A folder that only its owner may enter; an error if it exists.
pub(super) fn create_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|e| failed(path, e))
}

/// A file that only its owner may read, opened for writing; what was there is lost.
pub(super) fn create(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|e| failed(path, e))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(path: &Path) -> Result<()> {
    // elsewhere folders cannot be opened; there a rename is as durable as the file system makes it
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|e| failed(path, e))?;
    Ok(())
}

/// Makes a file that was written under `path.new` durable under its own name.
pub(super) fn settle(file: &File, path: &Path) -> Result<()> {
    file.sync_all().and_then(|()| std::fs::rename(path.with_added_extension("new"), path)).map_err(|e| failed(path, e))
}

/// Writes a record: when this returns it is on the disk, and at no moment was there half of it.
pub(super) fn write(path: &Path, kind: &str, record: &impl Serialize) -> Result<()> {
    let bytes = Zeroizing::new(encode(record));
    let sum = checksum(kind, &bytes);
    let temporary = path.with_added_extension("new");
    let mut file = create(&temporary)?;
    file.write_all(&bytes).and_then(|()| file.write_all(&sum)).map_err(|e| failed(&temporary, e))?;
    settle(&file, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Reads a record; `None` where there is no such file.
pub(super) fn read<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<Option<T>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(path, e)),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT as usize));
    file.take(LIMIT).read_to_end(&mut bytes).map_err(|e| failed(path, e))?;
    let record = bytes.len().checked_sub(CHECKSUM).map(|len| bytes.split_at(len)).filter(|(r, sum)| checksum(kind, r) == *sum);
    let decoded = record.and_then(|(record, _)| decode(record).ok());
    decoded.map(Some).ok_or_else(|| failed(path, "the file is damaged, or not what its name says"))
}

fn checksum(kind: &str, bytes: &[u8]) -> [u8; CHECKSUM] {
    blake3::derive_key(&format!("undertone 2026 tapes {kind}"), bytes)
}

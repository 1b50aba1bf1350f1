//! The container: a zip archive whose entries are stored as they are, which is how `torch.save` writes them.
//!
//! Entries that are compressed are refused, so that an archive is never larger than its file. The central directory is what counts; its
//! offsets and sizes are compared with the file before they are used, and an entry's checksum before its bytes are.

use crate::TorchError;

/// An archive in memory: the names of its entries below the common folder, and where their bytes are.
pub struct Archive<'a> {
    bytes: &'a [u8],
    entries: std::collections::HashMap<&'a str, Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Of the entry's own header.
    offset: usize,
    length: usize,
    checksum: u32,
    /// Whether it is stored as it is.
    plain: bool,
}

const ENTRY: &[u8] = b"PK\x03\x04";
const DIRECTORY: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";

/// Whether the bytes begin like an archive.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(ENTRY)
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub fn open(bytes: &'a [u8]) -> Result<Self, TorchError> {
        let (count, mut at) = directory(bytes)?;
        let mut entries = std::collections::HashMap::new();
        let mut folder = None;
        // entries lie side by side, so together they are no longer than the file
        let mut room = bytes.len();
        for _ in 0..count {
            let (name, entry, next) = header(bytes, at)?;
            at = next;
            room = room.checked_sub(entry.length).ok_or_else(|| TorchError::damaged("its entries together are longer than the file"))?;
            let Some((top, rest)) = name.split_once('/') else { continue };
            if *folder.get_or_insert(top) != top {
                return Err(TorchError::damaged(format!("its entries are in two folders, `{}` and `{top}`", folder.unwrap_or_default())));
            }
            if entries.insert(rest, entry).is_some() {
                return Err(TorchError::damaged(format!("it has two entries `{name}`")));
            }
        }
        Ok(Self { bytes, entries })
    }

    /// Whether there is an entry.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The bytes of an entry of the common folder, `None` without one.
    pub fn get(&self, name: &str) -> Result<Option<&'a [u8]>, TorchError> {
        let Some(entry) = self.entries.get(name) else { return Ok(None) };
        if !entry.plain {
            let message = format!(
                "the entry `{name}` is compressed or encrypted, which torch.save never does: unpack the file and save it with torch.save again"
            );
            return Err(TorchError::damaged(message));
        }
        let truncated = || TorchError::damaged(format!("the entry `{name}` is not all there"));
        let local = self.bytes.get(entry.offset..).filter(|b| b.starts_with(ENTRY)).ok_or_else(truncated)?;
        let start = 30 + usize::from(u16_at(local, 26).ok_or_else(truncated)?) + usize::from(u16_at(local, 28).ok_or_else(truncated)?);
        let data = local.get(start..).and_then(|b| b.get(..entry.length)).ok_or_else(truncated)?;
        if crc32fast::hash(data) != entry.checksum {
            let message = format!(
                "the checksum of the entry `{name}` is wrong, so it was damaged, or written after torch.serialization.set_crc32_options(False)"
            );
            return Err(TorchError::damaged(message));
        }
        Ok(Some(data))
    }
}

/// The number of entries, and where the directory begins.
fn directory(bytes: &[u8]) -> Result<(usize, usize), TorchError> {
    let truncated = || TorchError::damaged("the directory at its end is missing: it was cut off");
    // the end is 22 bytes and a comment of at most 65535
    let from = bytes.len().saturating_sub(22 + 65_535);
    let end = (from..bytes.len().saturating_sub(21)).rev().find(|at| bytes[*at..].starts_with(END)).ok_or_else(truncated)?;
    let tail = &bytes[end..];
    let (mut count, mut offset) = (u64::from(u16_at(tail, 10).ok_or_else(truncated)?), u64::from(u32_at(tail, 16).ok_or_else(truncated)?));
    if let Some(locator) = end.checked_sub(20).map(|at| &bytes[at..]).filter(|b| b.starts_with(LOCATOR_64)) {
        let at = u64_at(locator, 8).and_then(|at| usize::try_from(at).ok()).ok_or_else(truncated)?;
        let large = bytes.get(at..).filter(|b| b.starts_with(END_64)).ok_or_else(truncated)?;
        (count, offset) = (u64_at(large, 32).ok_or_else(truncated)?, u64_at(large, 48).ok_or_else(truncated)?);
    }
    let offset = usize::try_from(offset).ok().filter(|at| *at <= end).ok_or_else(truncated)?;
    // a header has 46 bytes
    let count = usize::try_from(count).ok().filter(|count| *count <= (end - offset) / 46).ok_or_else(truncated)?;
    Ok((count, offset))
}

/// One header of the directory: the name, the entry, and where the next header begins.
fn header(bytes: &[u8], at: usize) -> Result<(&str, Entry, usize), TorchError> {
    let truncated = || TorchError::damaged("its directory is not all there");
    let head = bytes.get(at..).filter(|b| b.starts_with(DIRECTORY)).ok_or_else(truncated)?;
    let short = |place| u16_at(head, place).map(usize::from).ok_or_else(truncated);
    let word = |place| u32_at(head, place).ok_or_else(truncated);
    let (flags, method) = (short(8)?, short(10)?);
    let (name_length, extra_length, comment_length) = (short(28)?, short(30)?, short(32)?);
    let name = head.get(46..46 + name_length).and_then(|b| core::str::from_utf8(b).ok()).ok_or_else(truncated)?;
    let extra = head.get(46 + name_length..46 + name_length + extra_length).ok_or_else(truncated)?;
    let mut large = long_sizes(extra).chunks_exact(8).filter_map(|b| u64_at(b, 0));
    let mut size = |place| match word(place)? {
        u32::MAX => large.next().ok_or_else(truncated),
        size => Ok(u64::from(size)),
    };
    let (length, packed, offset) = (size(24)?, size(20)?, size(42)?);
    let plain = method == 0 && flags & 1 == 0;
    // an entry that is not plain is never read, whatever its size
    let length = if plain { length } else { 0 };
    let all = usize::try_from(length).ok().zip(usize::try_from(offset).ok()).filter(|(length, _)| *length <= bytes.len());
    let (length, offset) = all.filter(|(length, _)| *length as u64 == packed || !plain).ok_or_else(truncated)?;
    Ok((name, Entry { offset, length, checksum: word(16)?, plain }, at + 46 + name_length + extra_length + comment_length))
}

/// The extra field with sizes that do not fit into 32 bits.
fn long_sizes(mut extra: &[u8]) -> &[u8] {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some(field) = extra.get(4..4 + usize::from(length)) else { break };
        if id == 1 {
            return field;
        }
        extra = &extra[4 + usize::from(length)..];
    }
    &[]
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

//! Weights in files beside the network. A network names such a file, and whoever made the network is not trusted: only files in the folder of
//! the network are read, and links do not lead out of it.

use super::messages::Tensor as Stored;
use crate::error::shown;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// The folder of a network, and how much may still be read from it.
pub struct Files {
    folder: PathBuf,
    /// Tensors may share bytes, but not so often that a small folder fills the memory: twice its files, each counted when it is first named.
    room: u64,
    known: Vec<PathBuf>,
}

impl Files {
    pub fn of(network: &Path) -> Self {
        let folder = network.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { folder: folder.to_owned(), room: 0, known: vec![] }
    }

    /// The bytes of a tensor, which have to be `size`.
    ///
    /// # Errors
    /// When the file is outside of the folder, missing or too short, or its place makes no sense.
    pub fn read(&mut self, stored: &Stored, size: usize) -> Result<Vec<u8>, String> {
        let name = shown(stored.name);
        let value = |key: &str| stored.external.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
        let location = value("location").ok_or_else(|| format!("`{name}` is in another file, and none is named"))?;
        let number = |key: &str| match value(key) {
            None => Ok(None),
            Some(text) => text.parse::<u64>().map(Some).map_err(|_| format!("`{name}`: `{}` is no {key} in a file", shown(text))),
        };
        let (offset, length) = (number("offset")?.unwrap_or(0), number("length")?.unwrap_or(size as u64));
        let path = self.inside(location).map_err(|why| format!("`{name}` is in `{}`, {why}", shown(location)))?;
        let unreadable = |e: std::io::Error| format!("`{name}` is in `{}`, which cannot be read: {e}", shown(location));
        let mut file = File::open(&path).map_err(unreadable)?;
        let all = file.metadata().map_err(unreadable)?.len();
        if length != size as u64 || offset.checked_add(length).is_none_or(|end| end > all) {
            return Err(format!(
                "`{name}` claims {size} bytes, but `{}` has {all}, and {length} of them from {offset} on are meant",
                shown(location)
            ));
        }
        if !self.known.contains(&path) {
            self.room = self.room.saturating_add(all.saturating_mul(2));
            self.known.push(path);
        }
        self.room = self
            .room
            .checked_sub(length)
            .ok_or_else(|| format!("`{name}` and others read the same bytes of `{}` again and again", shown(location)))?;
        let mut bytes = vec![0; size];
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes)).map_err(unreadable)?;
        Ok(bytes)
    }

    /// The file, if it is one inside of the folder, links followed.
    fn inside(&self, location: &str) -> Result<PathBuf, String> {
        let outside = "which is not in the folder of the network: put it there, and name it without `..`";
        let relative = Path::new(location);
        let plain = relative.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        if location.is_empty() || !plain || location.contains(['\\', '\0', ':']) {
            return Err(outside.into());
        }
        let resolve = |path: &Path| std::fs::canonicalize(path).map_err(|e| format!("which cannot be read: {e}"));
        let (folder, path) = (resolve(&self.folder)?, resolve(&self.folder.join(relative))?);
        if !path.starts_with(&folder) || !path.is_file() {
            return Err(outside.into());
        }
        Ok(path)
    }
}

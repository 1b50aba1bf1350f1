//! Reading a TOML file so that an error names the file and the field.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest file that is read.
const LIMIT: u64 = 1 << 20;

/// Reads a file whose every field is known.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let unreadable = |e: std::io::Error| Error::File { path: path.to_owned(), message: format!("cannot be read: {e}") };
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_string(&mut text)).map_err(unreadable)?;
    if read as u64 > LIMIT {
        return Err(Error::File { path: path.to_owned(), message: format!("is no configuration: it has more than {LIMIT} bytes") });
    }
    toml::from_str(&text).map_err(|e| Error::Config {
        path: path.to_owned(),
        field: field(&text, e.span().map_or(0, |span| span.start)),
        message: e.message().trim().replace('\n', ", "),
    })
}

/// The field in which byte `at` of a TOML text stands: its table, and the key of its line.
fn field(text: &str, at: usize) -> String {
    let mut table = "";
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let header = bare.strip_prefix('[').and_then(|l| l.split(']').next());
        table = header.unwrap_or(table).trim_matches('[').trim();
        if at < start + line.len() {
            let key = if header.is_some() { "" } else { bare.split('=').next().unwrap_or("").trim() };
            return [table, key].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
        }
        start += line.len();
    }
    table.to_owned()
}

/// A path that stands in a file: relative to the file's folder.
pub(super) fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_place_in_the_text_is_a_field() {
        let text = "name = \"a\"\n\n[tls]\nca = 5\n[timeouts]\nspin = 1\n";
        let at = |what: &str| field(text, text.find(what).unwrap());
        assert_eq!((at("\"a\""), at("5"), at("spin"), at("[tls]")), ("name".into(), "tls.ca".into(), "timeouts.spin".into(), "tls".into()));
    }
}

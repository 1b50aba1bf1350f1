//! Two files of which there are both or neither.

use crate::{ImportError, Imported};
use std::path::{Path, PathBuf};
use undertone_runtime::weights::Precision;

/// Writes both beside their places, then puts them there. When the second one cannot be put there, the first one gives way to what was there before.
pub fn write_both(imported: &Imported, source: &Path, weights: &Path) -> Result<(), ImportError> {
    for path in [source, weights] {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() || path.file_name().is_none() || !folder.is_dir() {
            return Err(refused(path, format!("is a folder, or is in {}, which is none", folder.display())));
        }
    }
    if source == weights {
        return Err(refused(source, "is meant for the source and for the weights: name two files".into()));
    }
    let (new_source, new_weights, old_weights) = (beside(source, "new"), beside(weights, "new"), beside(weights, "old"));
    let written = write(imported, &new_source, &new_weights).and_then(|()| place(&new_source, source, &new_weights, weights, &old_weights));
    if written.is_err() {
        // the error that is reported matters more
        let _ = std::fs::remove_file(&new_source);
        let _ = std::fs::remove_file(&new_weights);
    }
    written
}

fn write(imported: &Imported, source: &Path, weights: &Path) -> Result<(), ImportError> {
    std::fs::write(source, &imported.source).map_err(|e| refused(source, format!("cannot be written: {e}")))?;
    imported.weights.save(weights, Precision::Single).map_err(|e| refused(weights, e.to_string()))
}

fn place(new_source: &Path, source: &Path, new_weights: &Path, weights: &Path, old_weights: &Path) -> Result<(), ImportError> {
    let there = weights.exists();
    let moved = |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|e| refused(to, format!("cannot be written: {e}")));
    if there {
        moved(weights, old_weights)?;
    }
    let both = moved(new_weights, weights).and_then(|()| moved(new_source, source));
    if both.is_err() {
        let _ = std::fs::remove_file(weights);
        if there {
            let _ = std::fs::rename(old_weights, weights);
        }
    } else if there {
        let _ = std::fs::remove_file(old_weights);
    }
    both
}

fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{what}", std::process::id()));
    PathBuf::from(name)
}

fn refused(path: &Path, message: String) -> ImportError {
    ImportError::File { path: path.to_owned(), message }
}

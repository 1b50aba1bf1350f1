//! What the compiler says when a description is wrong: one mistake a file, named for it, and one error for it. Run with
//! `TRYBUILD=overwrite` to renew the texts, and read them.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

const FOLDERS: [&str; 6] = ["parse", "names", "shape", "layer", "role", "secrecy"];

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    for folder in FOLDERS {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
    cases.pass("tests/ui/pass/*.rs");
}

/// Nothing follows from a mistake. The files `several_..` have more than one, and show that each of them is found.
#[test]
fn one_mistake_is_one_error() {
    let files: Vec<PathBuf> = FOLDERS.iter().flat_map(|folder| files(&Path::new("tests/ui").join(folder))).collect();
    assert!(files.len() > 180, "{} mistakes", files.len());
    for file in files {
        let text = std::fs::read_to_string(file.with_extension("stderr")).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        let several = file.file_name().unwrap_or_default().to_string_lossy().starts_with("several_");
        let (errors, warnings) = (count("error"), count("warning"));
        assert!(if several { errors > 1 } else { errors == 1 }, "{}: {errors} errors\n{text}", file.display());
        assert_eq!(warnings, 0, "{}\n{text}", file.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).map(|entry| entry.unwrap().path());
    all.filter(|f| f.extension().is_some_and(|e| e == "rs")).collect()
}

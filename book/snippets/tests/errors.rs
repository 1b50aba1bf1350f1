//! The compiler's messages in the book are those that the ui-tests keep.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

/// Every text block of a chapter that begins with an error of the compiler is part of one `.stderr` file, but for the place. What a program says is one line without a
/// place.
#[test]
fn messages_in_the_book_are_those_of_the_compiler() {
    let known: Vec<String> = files(&root().join("../ui-tests/tests/ui"), "stderr").iter().map(|f| bare(&read(f))).collect();
    assert!(known.len() >= 12, "the ui-tests have {} messages", known.len());
    let mut compared = 0;
    for chapter in files(&root().join("src"), "md") {
        for block in errors(&read(&chapter)) {
            let wanted = bare(&block);
            assert!(known.iter().any(|text| text.contains(&wanted)), "{}: no compiler says\n{block}", chapter.display());
            compared += 1;
        }
    }
    assert!(compared >= 8, "only {compared} messages were found in the book");
}

/// Every chapter is in the table of contents, and the other way round.
#[test]
fn the_table_of_contents_is_complete() {
    let summary = read(&root().join("src/SUMMARY.md"));
    let mut listed: Vec<&str> = summary.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    listed.sort_unstable();
    let chapters = files(&root().join("src"), "md");
    let names: Vec<&str> = chapters.iter().filter_map(|f| f.file_name()?.to_str()).filter(|name| *name != "SUMMARY.md").collect();
    assert_eq!(listed, names);
}

/// The ten-line model of the README, the book and the facade is the same one.
#[test]
fn the_first_model_is_the_same_everywhere() {
    let description = |text: &str| -> String {
        let start = text.find("/// LeNet-5 on grey images").expect("the first model");
        let lines = text[start..].lines().map(|line| line.trim_start_matches("//!").trim());
        lines
            .take_while(|line| !line.starts_with("```") && !line.starts_with("fn ") && !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n")
            .trim()
            .to_owned()
    };
    let readme = description(&read(&root().join("../README.md")));
    assert!(readme.contains("fc3: Linear { out: 10 }"), "{readme}");
    assert_eq!(readme, description(&read(&root().join("src/introduction.md"))));
    assert_eq!(readme, description(&read(&root().join("../src/lib.rs"))));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The files below `folder` with this ending, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut all = vec![];
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// The text blocks of a chapter that begin with an error.
fn errors(chapter: &str) -> Vec<String> {
    let blocks = chapter.split("```text\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.filter(|block| block.starts_with("error") && block.contains("-->")).map(str::to_owned).collect()
}

/// A message without places and line numbers.
fn bare(message: &str) -> String {
    let lines = message.lines().filter(|line| !line.trim_start().starts_with("-->"));
    let margin = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').trim_end().to_owned();
    lines.map(margin).collect::<Vec<_>>().join("\n")
}

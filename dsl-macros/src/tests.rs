//! What descriptions become. The files of `models` are also compiled, and their graphs listed, by the crate of ui-tests.

mod clauses;
mod compile_time;
mod editor;
mod errors;
mod roles;

use crate::{Output, compile};
use std::path::Path;

/// One tiny model for each feature of the language; every `secure_model!` of the file, expanded and formatted.
#[test]
fn expansions() {
    let sources = sources();
    assert!(sources.len() >= 41, "the folder of models has lost files");
    for (name, source) in sources {
        let expanded: Vec<String> = models(&source).into_iter().map(expanded).collect();
        snapshot(&name, &expanded.join("\n"));
    }
}

/// The names and the texts of the files of `models`.
fn sources() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/models");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), std::fs::read_to_string(file).unwrap())).collect()
}

/// The contents of all `secure_model!` in a file.
fn models(source: &str) -> Vec<proc_macro2::TokenStream> {
    let items = syn::parse_file(source).unwrap().items;
    items.into_iter().filter_map(|item| if let syn::Item::Macro(item) = item { Some(item.mac.tokens) } else { None }).collect()
}

fn expanded(input: proc_macro2::TokenStream) -> String {
    let Output { items, errors, .. } = compile(input);
    assert!(errors.is_empty(), "{errors:?}");
    prettyplease::unparse(&syn::parse2(items).unwrap())
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, { insta::assert_snapshot!(name, text) });
}

//! How long the macro takes by itself, for the benchmark `compile_time` of the ui-tests.

use super::models;
use crate::compile;
use std::time::Instant;

/// A network of 152 layers.
const LARGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui-tests/benches/models/resnet152.rs");

/// Expands all models of the file that `UNDERTONE_DESCRIPTION` names, the large network where it names none; prints the best of several times.
#[test]
fn seconds_of_an_expansion() {
    let path = std::env::var("UNDERTONE_DESCRIPTION").unwrap_or_else(|_| LARGE.to_owned());
    let source = std::fs::read_to_string(path).unwrap();
    let (mut best, mut tokens) = (f64::INFINITY, 0);
    for _ in 0..5 {
        let start = Instant::now();
        let items: Vec<_> = models(&source).into_iter().map(|model| compile(model).items).collect();
        best = best.min(start.elapsed().as_secs_f64());
        tokens = items.into_iter().map(count).sum();
    }
    assert!(tokens > 1000, "{tokens} tokens are no large network");
    println!("\nexpand {best:.3} s, {tokens} tokens");
}

fn count(tokens: proc_macro2::TokenStream) -> usize {
    let one = |token| if let proc_macro2::TokenTree::Group(group) = token { 2 + count(group.stream()) } else { 1 };
    tokens.into_iter().map(one).sum()
}

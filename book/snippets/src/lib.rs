//! The chapters of the book and the README as documentation, so that `cargo test --doc -p undertone-book` compiles every snippet
//! and runs those that are not marked otherwise. `tests/errors.rs` compares the compiler's messages in them with those that the
//! ui-tests keep.
#![forbid(unsafe_code)]

macro_rules! chapters {
    ($($name:ident: $path:literal),+ $(,)?) => {
        $(#[cfg(doctest)]
        #[doc = include_str!($path)]
        mod $name {})+
    };
}

chapters! {
    readme: "../../../README.md",
    introduction: "../../src/introduction.md",
    getting_started: "../../src/getting-started.md",
    describing_a_model: "../../src/describing-a-model.md",
    layers: "../../src/layers.md",
    importing_a_model: "../../src/importing-a-model.md",
    what_the_compiler_does: "../../src/what-the-compiler-does.md",
    when_the_compiler_says_no: "../../src/when-the-compiler-says-no.md",
    what_is_secret: "../../src/what-is-secret.md",
    numbers_and_ranges: "../../src/numbers-and-ranges.md",
    functions: "../../src/functions.md",
    text_and_speech: "../../src/text-and-speech.md",
    two_processes: "../../src/two-processes.md",
    parties_and_trust: "../../src/parties-and-trust.md",
    gallery: "../../src/gallery.md",
    performance: "../../src/performance.md",
}

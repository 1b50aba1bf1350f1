//! Every message of the macro itself, at its place, as the user sees it.

use super::snapshot;
use crate::{Output, compile};
use core::fmt::Write;

#[test]
fn syntax_errors() {
    snapshot(
        "syntax_errors",
        &messages(&[
            ("no model", "pub struct LeNet;"),
            ("no name", "model (x: [3]) -> [3] { x -> Linear(3) }"),
            ("no inputs", "model M { x -> Relu }"),
            ("no parentheses", "model M -> [3] { x -> Relu }"),
            ("a parameter without a type", "model M { width } (x) { x -> Linear { out: width } }"),
            ("a list without commas", "model M { a: usize b: usize } (x y) { x -> Linear { out: a } }"),
            ("dimensions without brackets", "model M(x: 3) -> [3] { x -> Relu }"),
            ("what looks like an arrow", "model M(x: [3]) -> [3] { x => Relu >> Relu |> Relu | Relu > Relu ~> Relu - > Relu }"),
            ("a comma for an arrow", "model M(x: [3]) -> [3] { x, Relu }"),
            ("two models", "model M(x: [3]) -> [3] { x -> Relu } model N(x: [3]) -> [3] { x -> Relu }"),
            ("no body", "model M(x: [3]) -> [3]"),
            ("an empty body", "model M(x: [3]) -> [3] { }"),
            ("only a let", "model M(x: [3]) -> [3] { let a = x -> Relu; }"),
            ("a pattern after let", "model M(x: [3]) -> [3] { let (a, b) = x -> Relu; a -> Relu }"),
            ("a let without a value", "model M(x: [3]) -> [3] { let a; a -> Relu }"),
            ("an empty pipe", "model M(x: [3]) -> [3] { let a = ; a -> Relu }"),
            ("a let without a semicolon", "model M(x: [3]) -> [3] { let a = x -> Relu a -> Relu }"),
            ("a semicolon at the end", "model M(x: [3]) -> [3] { x -> Relu; }"),
            ("a layer without an arrow", "model M(x: [3]) -> [3] { x -> Relu Linear { out: 3 } }"),
            ("fields in parentheses", "model M(x: [3]) -> [3] { x -> Linear(3) }"),
            ("an arrow to nothing", "model M(x: [3]) -> [3] { let a = x -> ; (a, x) -> }"),
            ("no values in a tuple", "model M(x: [3]) -> [3] { () -> Add }"),
            ("an expression as a source", "model M(x: [3]) -> [3] { (x + 1, x) -> Add }"),
            ("a base of fields", "model M(x: [3]) -> [3] { x -> Linear { out: 3, ..Linear::DEFAULT } }"),
            ("a field without a value", "model M(x: [3]) -> [3] { x -> Linear { out: , bias: } -> Linear { 3 + 4 } -> Linear { (3) } }"),
            (
                "attributes of stages",
                "model M(x: [3]) -> [3] { x -> #[protocol(digits = 8)] Relu -> #[cfg(test)] Relu -> #[fast] for _ in 0..2 { Relu } }",
            ),
            ("attributes of parameters and inputs", "model M { #[serde(skip)] a: usize } (#[cfg(test)] x) { x -> Linear { out: a } }"),
            ("the path of the crate", "#[undertone(crates = a)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a list that is not written out", "model M(x: [3]) -> [3] { x -> for w in WIDTHS { Linear { out: w } } }"),
            (
                "a range up to a constant",
                "model M(x: [3]) -> [3] { x -> for _ in 0..N { Relu } -> for _ in 0.. { Relu } -> for _ in (0..4).rev() { Relu } }",
            ),
            ("an empty list", "model M(x: [3]) -> [3] { x -> for _ in 3..3 { Relu } -> for _ in [] { Relu } -> for _ in 4..=2 { Relu } }"),
            ("a long loop", "model M(x: [3]) -> [3] { x -> for _ in 0..=100000 { Relu } }"),
            ("a loop without stages", "model M(x: [3]) -> [3] { x -> for _ in 0..2 { } -> for _ in 0..2 Relu }"),
            ("a loop that does not go on", "model M(x: [3]) -> [3] { x -> for _ in 0..2 { Relu; Relu } }"),
            ("no semicolon, twice", "model M(x: [3]) -> [3] { let a = x -> Relu let b = a -> Relu (a, b) -> Add }"),
            ("a let without a name", "model M(x: [3]) -> [3] { let = x -> Relu; x -> Linear(3) }"),
            ("a let with a keyword as its name", "model M(x: [3]) -> [3] { let type = x -> Relu; x -> Linear(3) }"),
            ("a mutable let with a shape", "model M(x: [3]) -> [3] { let mut a: [3] = x -> Relu; a -> Relu }"),
            (
                "layers without a source",
                "model M(x: [3]) -> [3] { let a = fc: Linear { out: 3 }; let b = Relu(a, x); let c = -> Relu; layers::Relu -> Relu }",
            ),
            (
                "values as numbers",
                "model M(x: [3]) -> [3] { let a = x * 2; let b = x[0] -> Relu; let c = x - x; let d = x.relu(); (a, b, c, d) -> Concat }",
            ),
            ("other brackets", "model M(x: (3,)) -> (3) { x -> Linear[out: 3] -> Relu() -> Linear(3) -> Linear(out: 3, 4) }"),
            (
                "other signs in fields",
                "model M(x: [3]) -> [3] { x -> Linear { out = 3 } -> Linear { out 3 } -> Linear { out: 3; bias: false } -> Linear { type: 3 } }",
            ),
            ("paths that do not end", "model M(x: [3]) -> [3] { x -> layers:: -> Relu -> :: -> crate -> self::Relu -> fn }"),
            (
                "loops without a part",
                "model M(x: [3]) -> [3] { x -> for { Relu } -> for a { Relu } -> for a in { Relu } -> for in 0..2 { Relu } }",
            ),
            ("dimensions that are none", "model M(x: [-4, 2.5, 3u8, true, 99999999999999999999, _]) -> [\"3\", 3usize] { x -> Relu }"),
            ("types of inputs", "model M(x: usize, y: Tensor, z: SIZE) -> f32 { (x, y, z) -> Concat }"),
            ("parts of a header in disorder", "model M<T>(x) { w: usize } => 3 weights from b { x -> Linear { out: w } }"),
            ("several outputs", "model M(x: [3]) -> ([3], [4]) { x -> Linear(3) }"),
            ("several outputs without parentheses", "model M(x: [3]) -> [3], [4] { x -> Linear(3) }"),
            ("weights before the output", "model M(x: [3]) weights from b -> [3] { x -> Linear(3) }"),
            ("pipes in a tuple", "model M(x: [3]) -> [3] { (x -> Relu, x -> Linear { out: 3 } -> Relu) -> Add -> Linear(3) }"),
            ("layers in a tuple", "model M(x: [3]) -> [3] { x -> (Relu, Linear { out: 3 }) -> Add -> Linear(3) }"),
            ("a loop as a statement", "model M(x: [3]) -> [3] { let a = x -> Linear(3); for _ in 0..3 { a -> Relu } }"),
            ("a returned result", "model M(x: [3]) -> [3] { return x -> Linear(3) }"),
            ("two releases inside", "model M(x: [3]) -> [3] { x -> Relu release output to a release b = output to c }"),
            (
                "three models",
                "model M(x: [3]) -> [3] { x Relu } pub model N(x: [3]) -> [3] { x -> Linear(3) } #[derive(PartialEq)] model O() -> { }",
            ),
            (
                "several at once",
                "model M { a } (x: 3, y: [3]) -> [3] {\n    let a = x -> Linear { out: };\n    let b y -> Relu;\n    (a, b) -> Add -> \n}",
            ),
        ]),
    );
}

#[test]
fn name_errors() {
    snapshot(
        "name_errors",
        &messages(&[
            ("unknown values, all of them", "model M(x: [3], y: [3]) -> [3] {\n    let a = z -> Relu;\n    (a, w, x, y) -> Concat\n}"),
            ("used before its definition", "model M(x: [3]) -> [3] { let a = (x, b) -> Add; let b = a -> Relu; b -> Relu }"),
            ("used in its own definition", "model M(x: [3]) -> [3] { let a = (x, a) -> Add; a -> Relu }"),
            ("a stage is not a value", "model M(x: [3]) -> [3] { let a = x -> fc1: Relu; (a, fc1) -> Add }"),
            ("a value defined twice", "model M(x: [3]) -> [3] { let x = x -> Relu; x -> Relu }"),
            ("values that differ in case", "model M(x: [3], X: [3]) -> [3] { (x, X) -> Add }"),
            ("unused values", "model M(x: [3], y: [3]) -> [3] { let a = x -> Relu; let b = x -> Relu; a -> Relu }"),
            ("another name only", "model M(x: [3]) -> [3] { let a = x; a -> Relu }"),
            ("several values in a let", "model M(x: [3]) -> [3] { let a = (x, x); a -> Relu }"),
            ("several values at the end", "model M(x: [3], y: [3]) -> [3] { (x, y) }"),
            ("no stage at all", "model M(x: [3]) -> [3] { x }"),
            ("two stages of one name", "model M(x: [3]) -> [3] { x -> fc: Relu -> fc: Relu }"),
            ("stages that differ in case", "model M(x: [3]) -> [3] { x -> fc: Relu -> FC: Relu }"),
            ("a name that the macro gives later", "model M(x: [3]) -> [3] { x -> relu_1: Relu -> Relu }"),
            ("a name that the macro gave earlier", "model M(x: [3]) -> [3] { x -> Relu -> Relu_1: Relu }"),
            ("a name that a loop gives", "model M(x: [3]) -> [3] { x -> for _ in 0..2 { fc: Relu } -> fc_2: Relu }"),
            ("a parameter twice", "model M { a: usize, a: usize } (x) { x -> Linear { out: a } }"),
            ("an unused parameter", "model M { a: usize, b: usize = 1 } (x) { x -> Linear { out: a } }"),
            ("no inputs", "model M() -> [3] { x -> Relu }"),
            ("no declared output", "model M(x: [3]) { x -> Relu }"),
            ("rank 5 at the edge", "model M(x: [1, 2, 3, 4, 5]) -> [1, 2, 3, 4, 5] { x -> Relu }"),
            ("rank 9 inside", "model M { a: usize } (x: [a, 2, 3, 4, 5, 6, 7, 8, 9]) { x -> Relu }"),
            ("five inputs", "model M(a: [1], b: [1], c: [1], d: [1], e: [1]) -> [5] { (a, b, c, d, e) -> Concat }"),
            ("several at once", "model M { a: usize, a: usize } (x: [3]) {\n    let b = y -> fc: Relu;\n    (x, c) -> fc: Add\n}"),
        ]),
    );
}

#[test]
fn a_correct_description_has_no_message() {
    assert_eq!(messages(&[("correct", "model M(x: [3]) -> [3] { x -> Relu }")]), "# correct\nmodel M(x: [3]) -> [3] { x -> Relu }\n\n");
}

/// Whatever is wrong, the items that users of the model name are there, and they are Rust.
#[test]
fn items_are_there_after_an_error() {
    for (source, traits) in [
        ("pub model M(x: [3]) -> [3] { y -> Relu }", vec!["Layer", "Model"]),
        ("pub model M(x: [3]) -> [3] { y -> }", vec!["Layer", "Model"]),
        ("pub model M(x: [3]) -> [3]", vec!["Layer", "Model"]),
        ("pub model M { width: usize } (x) { x Relu }", vec!["Layer"]),
    ] {
        let Output { items, errors, .. } = compile(source.parse().unwrap());
        assert_eq!(errors.len(), 1, "{source}");
        let text = prettyplease::unparse(&syn::parse2(items).unwrap());
        assert!(text.contains("pub struct M"), "{text}");
        for name in ["Layer", "Model"] {
            assert_eq!(text.contains(&format!("{name} for M")), traits.contains(&name), "{name}: {text}");
        }
    }
}

/// Descriptions with one word left out, twice there, or swapped with the next one: never a panic and never an endless loop, and what
/// comes out is Rust, error or not.
#[test]
fn a_slip_is_no_panic() {
    let (mut cases, mut refused) = (0, 0);
    for (name, source) in super::sources() {
        for model in super::models(&source) {
            let text = model.to_string();
            let words: Vec<&str> = text.split(' ').collect();
            for (at, word) in words.iter().enumerate() {
                let (before, after) = (&words[..at], &words[at + 1..]);
                let swapped = after.split_first().map(|(next, after)| [before, &[*next, *word], after].concat());
                for slip in [Some([before, after].concat()), Some([before, &[*word, *word], after].concat()), swapped] {
                    let slip = slip.unwrap_or_default().join(" ");
                    let Ok(tokens) = slip.parse() else { continue };
                    let Output { editor, items, errors } = compile(tokens);
                    assert!(syn::parse2::<syn::File>(items).is_ok(), "{name}: {slip}");
                    assert!(syn::parse2::<syn::File>(editor).is_ok(), "{name}: {slip}");
                    (cases, refused) = (cases + 1, refused + usize::from(!errors.is_empty()));
                }
            }
        }
    }
    assert!(cases > 3000 && refused > cases / 2, "{refused} of {cases} refused");
}

#[test]
#[should_panic(expected = "dropped unread")]
fn errors_cannot_be_forgotten() {
    drop(crate::diagnostics::Errors::new());
}

/// Each source with every message under the text that it underlines.
pub fn messages(cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (title, source) in cases {
        let Output { errors, .. } = compile(source.parse().unwrap());
        writeln!(out, "# {title}").unwrap();
        for (number, line) in source.lines().enumerate() {
            writeln!(out, "{line}").unwrap();
            for error in errors.iter().filter(|e| e.span().start().line == number + 1) {
                let (start, end) = (error.span().start(), error.span().end());
                let to = if end.line == start.line { end.column } else { line.chars().count() };
                let carets = "^".repeat(to.saturating_sub(start.column).max(1));
                writeln!(out, "{}{carets} {error}", " ".repeat(start.column)).unwrap();
            }
        }
        out.push('\n');
    }
    out
}

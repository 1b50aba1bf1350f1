//! Every message about budgets, losses and names of weights, at its place; and what is left of a model that has one.

use super::errors::messages;
use super::snapshot;
use crate::{Output, compile};

#[test]
fn clause_syntax_errors() {
    snapshot(
        "clause_syntax_errors",
        &messages(&[
            ("a budget of nothing", "#[budget] model M(x: [3]) -> [3] { x -> Relu }"),
            ("an empty budget", "#[budget()] model M(x: [3]) -> [3] { x -> Relu }"),
            ("budgets of zero", "#[budget(rounds = 0, megabytes = 0.0)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("budgets below zero", "#[budget(rounds = -1, megabytes = -0.5)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a budget of constants", "#[budget(rounds = 2 * ROUNDS, megabytes = \"8\")] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a half round", "#[budget(rounds = 4.5)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("too many rounds", "#[budget(rounds = 100000000000000000000)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("other words", "#[budget(rounds = 4, seconds = 1, Megabytes = 2)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a word twice", "#[budget(rounds = 4, megabytes = 1, rounds = 5)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a word without a number", "#[budget(rounds)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a number without a word", "#[budget(4)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("no comma", "#[budget(rounds = 4 megabytes = 1)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("two budgets", "#[budget(rounds = 4)] #[budget(megabytes = 1)] model M(x: [3]) -> [3] { x -> Relu }"),
            ("a budget of a stage", "model M(x: [3]) -> [3] { x -> #[budget(rounds = 4)] Relu }"),
            ("a loss of nothing", "model M(x: [3]) -> [3] { x -> Relu } loss { output -> CrossEntropy }"),
            ("a loss without a pipe", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3])"),
            ("a loss without braces", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) (output, y) -> CrossEntropy"),
            ("a loss with an equals sign", "model M(x: [3]) -> [3] { x -> Relu } loss = CrossEntropy"),
            ("an empty loss", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { }"),
            ("a loss with a let", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { let a = y -> Relu; (output, a) -> CrossEntropy }"),
            ("a loss with a semicolon", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { (output, y) -> CrossEntropy; }"),
            ("a loss inside", "model M(x: [3]) -> [3] { x -> Relu loss (y: [3]) { (output, y) -> CrossEntropy } }"),
            (
                "two losses",
                "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { (output, y) -> CrossEntropy } loss (y: [3]) { (output, y) -> Ctc }",
            ),
            (
                "a loss after a release",
                "model M(x: [3]) -> [3] { x -> Relu } release output to client loss (y: [3]) { (output, y) -> CrossEntropy }",
            ),
            ("weights without a name", "model M(x: [3]) -> [3] { x -> #[weights] Relu -> #[weights()] Relu -> #[weights(\"\")] Relu }"),
            (
                "weights of a constant",
                "model M(x: [3]) -> [3] { x -> #[weights(NAME)] Relu -> #[weights = \"a\"] Relu -> #[weights(3)] Relu }",
            ),
            (
                "weights with odd dots",
                "model M(x: [3]) -> [3] { x -> #[weights(\"a.\")] Relu -> #[weights(\".\")] Relu -> #[weights(\"a. b\")] Relu }",
            ),
            ("weights twice", "model M(x: [3]) -> [3] { x -> #[weights(\"a\")] #[weights(\"b\")] Linear { out: 3 } }"),
            ("weights of a loop", "model M(x: [3]) -> [3] { x -> #[weights(\"a\")] for _ in 0..2 { Linear { out: 3 } } }"),
            ("weights of a model", "#[weights(\"a\")] model M(x: [3]) -> [3] { x -> Linear { out: 3 } }"),
            ("weights of an input", "model M(#[weights(\"a\")] x: [3]) -> [3] { x -> Linear { out: 3 } }"),
            (
                "several at once",
                "#[budget(rouns = 4)]\nmodel M(x: [3]) -> [3] { x -> #[weights(3)] Relu }\nloss (y: 3) { output -> }\nrelease output too client",
            ),
        ]),
    );
}

#[test]
fn clause_errors() {
    snapshot(
        "clause_errors",
        &messages(&[
            ("a budget of a layer", "#[budget(rounds = 4)] model M(x) { x -> Relu }"),
            ("a loss of a layer", "model M { w: usize } (x) { x -> Linear { out: w } } loss (y: [3]) { (output, y) -> CrossEntropy }"),
            ("a loss that compares with nothing", "model M(x: [3]) -> [3] { x -> Relu } loss () { output -> CrossEntropy }"),
            ("a loss without a layer", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { (output, y) }"),
            ("a loss without dimensions", "model M(x: [3]) -> [3] { x -> Relu } loss (y, z: []) { (output, y, z) -> CrossEntropy }"),
            ("a loss of rank 5", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [1, 1, 1, 1, 3]) { (output, y) -> CrossEntropy }"),
            ("a loss with an owner", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3] from hospital) { (output, y) -> CrossEntropy }"),
            (
                "a loss of five values",
                "model M(x: [3]) -> [3] { x -> Relu } loss (a: [], b: [], c: [], d: [], e: []) { (output, a, b, c, d, e) -> Sum }",
            ),
            ("a loss that reads an input", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { (x, y) -> CrossEntropy }"),
            (
                "a loss that reads a value",
                "model M(x: [3]) -> [3] { let a = x -> Relu; a -> Relu } loss (y: [3]) { (output, y, a) -> Sum }",
            ),
            ("a loss without the output", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3], z: [3]) { (y, z) -> CrossEntropy }"),
            ("a loss that does not compare", "model M(x: [3]) -> [3] { x -> Relu } loss (y: [3]) { output -> Norm }"),
            ("a value called output", "model M(x: [3]) -> [3] { x -> Relu } loss (output: [3]) { (output, output) -> CrossEntropy }"),
            (
                "two stages of one name in a loss",
                "model M(x: [3]) -> [3] { x -> a: Relu } loss (y: [3]) { (output, y) -> a: Add -> a: Norm }",
            ),
            ("a role called loss", "model M(x: [3] from loss) -> [3] { x -> Relu } release output to loss"),
            (
                "weights of two stages",
                "model M(x: [3]) -> [3] { x -> #[weights(\"a\")] Linear { out: 3 } -> #[weights(\"a\")] Linear { out: 3 } }",
            ),
            ("weights of all repetitions", "model M(x: [3]) -> [3] { x -> for i in 0..3 { #[weights(\"a\")] Linear { out: 3 } } }"),
            (
                "weights of some repetitions",
                "model M(x: [3]) -> [3] { x -> for i in 0..2 { for _ in 0..2 { #[weights(\"a.{i}\")] Linear { out: 3 } } } }",
            ),
            (
                "unknown variables",
                "model M(x: [3]) -> [3] { x -> #[weights(\"a{i}\")] Linear { out: 3 } -> for w in [N, 3] { #[weights(\"b{w}\")] Linear { out: 3 } } }",
            ),
            ("a brace without its pair", "model M(x: [3]) -> [3] { x -> for i in 0..2 { #[weights(\"a{i\")] Linear { out: 3 } } }"),
        ]),
    );
}

/// A wrong loss leaves everything else as it was declared; without one nothing is compared.
#[test]
fn the_target_is_there_after_an_error() {
    for (source, target) in [
        (
            "model M(x: [3]) -> [3] { y -> Relu } loss (label: [7]) { (output, label) -> CrossEntropy }",
            "Clear<::undertone::__private::S1<7>>",
        ),
        (
            "model M(x: [3]) -> [3] { x -> Relu } loss (label: [7]) { (output, labl) -> CrossEntropy }",
            "Clear<::undertone::__private::S1<7>>",
        ),
        ("model M(x: [3]) -> [3] { x -> Relu } loss (label) { (output, label) -> CrossEntropy }", "NoTarget"),
        ("model M(x: [3]) -> [3] { y -> Relu }", "NoTarget"),
    ] {
        let Output { items, errors, .. } = compile(source.parse().unwrap());
        assert!(!errors.is_empty(), "{source}");
        let text: String = prettyplease::unparse(&syn::parse2(items).unwrap()).split_whitespace().collect();
        let found = text.split("typeTarget=").nth(1).unwrap().split(';').next().unwrap();
        assert!(found.ends_with(target), "{source}: {found}");
    }
}

/// What is left of a model whose description has an error: every item that its users name, without content.
#[test]
fn items_after_an_error() {
    let source = "#[budget(rounds = 1)] pub model Net(x: [3] from hospital) -> [2] weights from clinic { y -> fc: Linear { out: 2 } }
        loss (label: []) { (output, label) -> CrossEntropy } release class: [] = output -> ArgMax to hospital";
    let Output { items, errors, .. } = compile(source.parse().unwrap());
    assert_eq!(errors.len(), 1);
    snapshot("items_after_an_error", &prettyplease::unparse(&syn::parse2(items).unwrap()));
}

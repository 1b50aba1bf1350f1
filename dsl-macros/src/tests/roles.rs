//! Every message about roles and releases, at its place, and what is left of a model that has one.

use super::errors::messages;
use super::snapshot;
use crate::{Output, compile};

#[test]
fn role_syntax_errors() {
    snapshot(
        "role_syntax_errors",
        &messages(&[
            ("a misspelt from", "model M(x: [3] form hospital) -> [3] { x -> Relu }"),
            ("from without a role", "model M(x: [3] from) -> [3] { x -> Relu }"),
            ("a keyword as a role", "model M(x: [3] from type) -> [3] weights from self { x -> Relu } release output to crate"),
            ("dimensions after the role", "model M(x from hospital: [3]) -> [3] { x -> Relu }"),
            ("two owners of one input", "model M(x: [3] from hospital, insurer) -> [3] { x -> Relu }"),
            ("weights with a misspelt from", "model M(x: [3]) -> [3] weights form clinic { x -> Relu }"),
            ("misspelt weights", "model M(x: [3]) -> [3] weight from clinic { x -> Relu }"),
            ("weights without from", "model M(x: [3]) -> [3] weights clinic { x -> Relu }"),
            ("weights of nobody", "model M(x: [3]) -> [3] weights { x -> Relu }"),
            ("weights from nobody", "model M(x: [3]) -> [3] weights from { x -> Relu }"),
            ("a release before the stages", "model M(x: [3]) -> [3] release output to client { x -> Relu }"),
            ("a release inside", "model M(x: [3]) -> [3] { x -> Relu release output to client }"),
            ("a misspelt release", "model M(x: [3]) -> [3] { x -> Relu } relaese output to client"),
            ("a misspelt to", "model M(x: [3]) -> [3] { x -> Relu } release output too client"),
            ("no receiver", "model M(x: [3]) -> [3] { x -> Relu } release output"),
            ("a receiver without a name", "model M(x: [3]) -> [3] { x -> Relu } release output to"),
            (
                "a comma too many",
                "model M(x: [3]) -> [3] { x -> Relu } release output to client, release a: [3] = output -> Relu to client",
            ),
            ("a semicolon", "model M(x: [3]) -> [3] { x -> Relu } release output to client; release a: [3] = output -> Relu to client;"),
            ("roles in brackets", "model M(x: [3]) -> [3] { x -> Relu } release output to [client, server]"),
            ("nothing to release", "model M(x: [3]) -> [3] { x -> Relu } release to client"),
            ("an arrow to nothing", "model M(x: [3]) -> [3] { x -> Relu } release a: [3] = output -> to client"),
            ("dimensions without a colon", "model M(x: [3]) -> [3] { x -> Relu } release a [3] = output -> Relu to client"),
            ("dimensions without brackets", "model M(x: [3]) -> [3] { x -> Relu } release a: 3 = output -> Relu to client"),
            ("no equals sign", "model M(x: [3]) -> [3] { x -> Relu } release a: [3] output -> Relu to client"),
            ("an arrow for an equals sign", "model M(x: [3]) -> [3] { x -> Relu } release a: [3] -> Relu to client"),
            ("a wrong field", "model M(x: [3]) -> [3] { x -> Relu } release a: [3] = output -> Linear { out: } to client"),
            (
                "a model after a release",
                "model M(x: [3]) -> [3] { x -> Relu } release output to client model N(x: [3]) -> [3] { x -> Relu }",
            ),
            (
                "several at once",
                "model M(x: [3] form hospital) -> [3] weights form clinic {\n    x Relu\n}\nrelease output too hospital\nrelease a: [3] = output -> Linear { out: } to clinic\nrelease b: [3] output -> Relu to clinic",
            ),
        ]),
    );
}

#[test]
fn role_errors() {
    snapshot(
        "role_errors",
        &messages(&[
            ("a role called like a function", "model M(x: [3] from plan) -> [3] weights from load { x -> Relu } release output to compute"),
            ("nobody learns the output", "model M(x: [3] from hospital) -> [3] weights from clinic { x -> Relu }"),
            ("a letter too few", "model M(x: [3] from hospital) -> [3] { x -> Relu } release output to hospitl, doctor"),
            ("two letters swapped", "model M(x: [3]) -> [3] weights from clinic { x -> Relu } release output to clinci"),
            (
                "a letter too many, twice",
                "model M(x: [3] from bank1) -> [3] { x -> Relu } release output to bank2, servers release a: [3] = output -> Relu to servers",
            ),
            ("a role called like a constant", "model M(x: [3] from DEFAULT) -> [3] { x -> Relu }"),
            ("a role called like a function, but for `_`", "model M(x: [3] from twinWith) -> [3] { x -> Relu }"),
            ("roles that differ in case", "model M(x: [3] from clinic) -> [3] weights from Clinic { x -> Relu }"),
            ("roles that differ in `_`", "model M(x: [3] from data_owner) -> [3] { x -> Relu } release output to dataowner, DataOwner"),
            ("a role twice", "model M(x: [3]) -> [3] { x -> Relu } release output to client, auditor, client"),
            ("the output twice", "model M(x: [3]) -> [3] { x -> Relu } release output to client release output to server"),
            (
                "two releases of one name",
                "model M(x: [3]) -> [3] { x -> Relu } release a: [3] = output -> Relu to client release a = output to server",
            ),
            (
                "releases that differ in case",
                "model M(x: [3]) -> [3] { x -> Relu } release a = output to client release A = output to client",
            ),
            ("a release called output", "model M(x: [3]) -> [3] { x -> Relu } release output to client release output = output to server"),
            ("a release without a name", "model M(x: [3]) -> [3] { x -> Relu } release output -> Relu to client"),
            ("a release without dimensions", "model M(x: [3]) -> [3] { x -> Relu } release a = output -> Relu to client"),
            ("a value without a name", "model M(x: [3]) -> [3] { let a = x -> Relu; a -> Relu } release a to client"),
            ("rank 5", "model M(x: [3]) -> [3] { x -> Relu } release a: [1, 2, 3, 4, 5] = output -> Reshape to client"),
            ("an unknown value", "model M(x: [3]) -> [3] { let a = x -> Relu; a -> Relu } release b: [3] = (output, b) -> Add to client"),
            ("a stage is not a value", "model M(x: [3]) -> [3] { x -> fc: Relu -> Relu } release a: [3] = fc -> Relu to client"),
            (
                "a release is not a value",
                "model M(x: [3]) -> [3] { x -> Relu } release a = output to client release b: [3] = a -> Relu to client",
            ),
            ("several values", "model M(x: [3]) -> [3] { let a = x -> Relu; a -> Relu } release b: [3] = (output, a) to client"),
            ("an input as it is", "model M(x: [3] from hospital) -> [3] { x -> Relu } release a: [3] = x to clinic"),
            ("an input to its owner", "model M(x: [3] from hospital) -> [3] { x -> Relu } release a: [3] = x to hospital"),
            (
                "an input to its owner and another role",
                "model M(x: [3] from hospital) -> [3] { x -> Relu } release a: [3] = x to hospital, clinic",
            ),
            ("an input as the output", "model M(x: [3]) -> [3] { x } release output to client"),
            ("an input that is only released", "model M(x: [3], y: [3]) -> [3] { x -> Relu } release a: [3] = y -> Relu to client"),
            ("a let called output", "model M(x: [3]) -> [3] { let output = x -> Relu; output -> Relu }"),
            ("an input called output", "model M(output: [3]) -> [3] { output -> Relu } release output to client"),
            ("an input called output, without a release", "model M(output: [3]) -> [3] { output -> Relu }"),
            ("a stage name twice", "model M(x: [3]) -> [3] { x -> fc: Relu } release a: [3] = output -> fc: Relu to client"),
            ("an open input with an owner", "model M(x from hospital) { x -> Relu }"),
            (
                "a layer with clauses",
                "model M { w: usize } (x: [3] from hospital) -> [3] weights from clinic { x -> Linear { out: w } } release output to hospital",
            ),
            (
                "a parameter that only a release reads",
                "model M { w: usize } (x: [3]) { x -> Relu } release a: [w] = output -> Relu to client",
            ),
            (
                "several at once",
                "model M(x: [3] from plan) -> [3] {\n    x -> fc: Relu -> fc: Relu\n}\nrelease output -> Relu to a, a\nrelease b = hidden -> Relu to A",
            ),
        ]),
    );
}

/// Callers of roles get no error of their own: each role that can be read has its function, with its declared type.
#[test]
fn roles_are_there_after_an_error() {
    let clauses = [
        "release letters: [7] = output -> Sort -> ArgMax to speaker",
        "release letters: [7] = output -> Sort -> ArgMax too speaker",
        "release letters: [7] = missing -> ArgMax to speaker, speaker",
        "release letters: [7] output -> ArgMax to speaker;",
    ];
    for clause in clauses {
        let text = fallback(&format!(
            "pub model M(x: [3] from speaker) -> [3] weights from provider {{ x -> Sort -> Sort }} {clause} release a to b"
        ));
        assert!(text.contains("type__Release0=ArgMax;"), "{clause}: {text}");
        assert!(text.contains("x:&::undertone::__private::Clear<::undertone::__private::S1<3>>,"), "{clause}: {text}");
        assert!(
            text.contains("::undertone::__private::Released<{__Release0::INTEGER},::undertone::__private::S1<7>,>"),
            "{clause}: {text}"
        );
        assert!(text.contains("pubfnprovider(") && text.contains("pubfncompute("), "{clause}: {text}");
    }
}

/// Two releases of one name are one field, so that the struct is no second error.
#[test]
fn a_name_is_one_field() {
    let text = fallback("model M(x: [3]) -> [3] { x -> Relu } release a = output to b release c = output to b release a = output to b");
    let fields = text.split("structMB{").nth(1).unwrap().split_once('}').unwrap().0;
    assert_eq!((fields.matches("puba:").count(), fields.matches("pubc:").count()), (1, 1), "{text}");
}

/// A type that an error hides is whatever the caller expects.
#[test]
fn an_unknown_type_is_open() {
    for clause in
        ["release letters = output -> ArgMax to speaker", "release letters: f32 = output -> ArgMax to speaker", "release , to speaker"]
    {
        let text = fallback(&format!("pub model M(x: [3] from speaker) -> [3] {{ x -> Sort }} {clause}"));
        assert!(text.contains("pubfnspeaker<T>("), "{clause}: {text}");
    }
}

fn fallback(source: &str) -> String {
    let Output { items, errors, .. } = compile(source.parse().unwrap());
    assert!(!errors.is_empty(), "{source}");
    prettyplease::unparse(&syn::parse2(items).unwrap()).split_whitespace().collect()
}

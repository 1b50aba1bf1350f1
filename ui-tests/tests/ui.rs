//! What the compiler says when a description is wrong: one mistake a file, named for it. Run with `TRYBUILD=overwrite` to
//! renew the texts, and read them.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    for folder in ["parse", "names", "shape", "layer", "role", "secrecy"] {
        cases.compile_fail(format!("tests/ui/{folder}/*.rs"));
    }
    cases.pass("tests/ui/pass/*.rs");
}

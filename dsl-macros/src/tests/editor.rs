//! What editors read of a half-typed description: the word at the cursor stands where its kind stands in Rust.

use crate::{Output, compile};

/// What rust-analyzer puts in at the cursor, which is `|` here.
const WORD: &str = "intellijRulezz";

/// Half-typed stages, and what becomes of the word in them.
const STAGES: &[(&str, &str)] = &[
    ("x -> Conv|", "let_:Conv@=loop{};"),
    ("x -> |", "let_:@=loop{};"),
    ("x -> | -> Relu", "let_:@=loop{};let_:Relu=loop{};"),
    ("x -> fc1: |", "let_:@=loop{};"),
    ("x -> layers::|", "let_:layers::@=loop{};"),
    ("x -> layers::Co| { out: 6 }", "let_=layers::Co@{out:6,..<layers::Co@>::DEFAULT};"),
    ("x -> Grid<3, 3> { step: 2 } -> Conv|", "let_=Grid::<3,3>{step:2,..<Grid<3,3>>::DEFAULT};let_:Conv@=loop{};"),
    ("x -> Relu -> Conv| -> Relu", "let_:Conv@=loop{};"),
    ("let a = x -> Conv|;", "let_:Conv@=loop{};"),
    ("let a = x -> Conv|\n let b = a -> Relu; b -> Relu", "let_:Conv@=loop{};"),
    ("x -> for w in [1, 2] { Conv| }", "for w in{[1,2]}{let_:Conv@=loop{};}"),
    ("x => Relu -> Linear(3) -> Conv|", "let_:Conv@=loop{};"),
];

/// Half-typed fields.
const FIELDS: &[(&str, &str)] = &[
    ("x -> Conv2d { ou| }", "let_=Conv2d{ou@,..BASE};"),
    ("x -> Conv2d { | }", "let_=Conv2d{@,..BASE};"),
    ("x -> Conv2d { out: 6, | }", "let_=Conv2d{out:6,@,..BASE};"),
    ("x -> Conv2d { |, out: 6 }", "let_=Conv2d{@,out:6,..BASE};"),
    ("x -> Conv2d { out: 6, ker|, bias: } -> ", "let_=Conv2d{out:6,ker@,bias:loop{},..BASE};"),
    ("x => Conv2d { ou| } Relu ->", "let_=Conv2d{ou@,..BASE};"),
    ("x -> for w in WIDTHS { Conv2d { out: w, | } }", "for w in{WIDTHS}{let_=Conv2d{out:w,@,..BASE};}"),
];

/// Half-typed values.
const VALUES: &[(&str, &str)] = &[
    ("x -> Conv2d { out: | }", "let_=Conv2d{out:@,..BASE};"),
    ("x -> Conv2d { out: wi| }", "let_=Conv2d{out:wi@,..BASE};"),
    ("let a = x -> Relu; (a, |) -> Add", "{a;@;let_:Add=loop{};loop{}}"),
    ("let a = x -> Relu; |", "{@;loop{}}"),
    ("let a = |; a -> Relu", "{@;loop{}}"),
    ("x -> for w in [1, |] { Relu }", "for w in{[1,@]}{"),
];

#[test]
fn the_word_at_the_cursor_stands_where_its_kind_stands() {
    for (half, expected) in STAGES.iter().chain(FIELDS).chain(VALUES) {
        let (with, expected) = (editor(half, WORD), expected.replace('@', WORD).replace(' ', ""));
        // what a literal ends with is the matter of another test
        let short = |text: String| text.replace("(((<", "<").replace("DEFAULT)))", "DEFAULT").replace("..<Conv2d>::DEFAULT", "..BASE");
        assert!(short(with.clone()).contains(&short(expected.clone())), "{half}: {expected} is not in\n{with}");
    }
}

/// rust-analyzer looks the place of the word up in the expansion without it.
#[test]
fn the_text_before_the_word_is_the_same_without_it() {
    for (half, _) in STAGES.iter().chain(FIELDS).chain(VALUES) {
        let (with, without) = (editor(half, WORD), editor(half, ""));
        let before = with.split(WORD).next().unwrap();
        // a statement that begins with the word, or the path that it ends
        let before = before.trim_end_matches("let_:").trim_end_matches("::");
        assert!(without.starts_with(before), "{half}:\n{before}\n{without}");
    }
}

/// And it looks for the literal around the word in as many letters as there are but for the word, and it puts a blank behind a comma.
#[test]
fn a_literal_without_the_word_is_no_shorter() {
    for (half, _) in FIELDS {
        let (with, without) = (editor(half, WORD), editor(half, ""));
        let blanks = with.matches(',').count() - without.matches(',').count();
        assert!(without.len() + WORD.len() >= with.len() + blanks, "{half}:\n{with}\n{without}");
    }
}

/// A header that cannot be read well does not end completion in the stages.
#[test]
fn a_broken_header_leaves_the_stages() {
    for header in [
        "model M",
        "pub model (x)",
        "model M(x)",
        "model M { width: usize } (x: 3) => 3",
        "struct M(x: [3]) [3]",
        "model M<T>(x: f32) -> f32",
    ] {
        let text = expand(&format!("{header} {{ x -> Conv2d {{ ou }} }}"));
        assert!(text.contains("let_=Conv2d{ou,..<Conv2d>::DEFAULT};"), "{header}: {text}");
    }
}

/// Parameters, inputs, dimensions, the result and releases are there to be read.
#[test]
fn every_name_of_the_description_is_known() {
    let text = expand(
        "model M { width: usize = SIZE } (x: [LENGTH], y) -> [width] { let a = x -> Relu; (a, y) -> Add } release r: [N] = output -> Relu to b",
    );
    let value = ":::undertone::__private::Value<'_>=";
    for part in [
        "letwidth:usize=loop{};let_:usize=SIZE;".to_owned(),
        format!("let_:[usize;_]=[LENGTH];letx{value}loop{{}};"),
        format!("lety{value}loop{{}};let_:[usize;_]=[width];"),
        format!("leta{value}{{x;"),
        format!("letoutput{value}{{a;y;"),
        "let_:[usize;_]=[N];{output;".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} is not in\n{text}");
    }
}

fn editor(half: &str, word: &str) -> String {
    expand(&format!("model M {{ width: usize }} (x, y) {{ {} }}", half.replace('|', word)))
}

/// The part for editors, without blanks. It is Rust, whatever is half typed.
fn expand(source: &str) -> String {
    let Output { editor, .. } = compile(source.parse().unwrap());
    assert!(syn::parse2::<syn::File>(editor.clone()).is_ok(), "{source}: {editor}");
    editor.to_string().split_whitespace().collect()
}

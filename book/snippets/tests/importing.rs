//! The page about importing shows the description that the importer writes: the one that its tests compile and run.

#[test]
fn the_page_has_the_source_that_is_written() {
    let page = include_str!("../../src/importing-a-model.md");
    let source = include_str!("../../../import/tests/models/lenet_17.rs");
    let stages = |text: &str| text.lines().map(str::trim).filter(|line| line.starts_with("->")).map(str::to_owned).collect::<Vec<_>>();
    let expected = stages(source);
    assert!(expected.len() > 2);
    assert_eq!(stages(page), expected);
}

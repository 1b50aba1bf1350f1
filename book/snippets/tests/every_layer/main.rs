//! The page of all layers is made of what their sources say of them, and of what examples of them cost and are off by. `BOOK_UPDATE=always` writes it again. A layer that
//! `stdlib-layers/src/lib.rs` exports is on the page, or the test says what it lacks: documentation, or a line in `examples.rs`.
#![allow(missing_docs)]

#[path = "../chapter/mod.rs"]
mod chapter;
mod examples;
mod measured;
mod source;

use examples::{Example, LOSSES};
use measured::Measured;
use source::Documented;
use std::fmt::Write as _;
use undertone::Shape;

#[test]
fn the_page_has_every_layer_with_what_was_measured() {
    let (documented, groups) = (source::layers(), examples::groups());
    let shown: Vec<&str> = groups.iter().flat_map(|(_, examples)| examples.iter().map(|e| e.layer)).collect();
    for layer in &documented {
        assert!(shown.contains(&layer.name.as_str()), "`{}` has no example in book/snippets/tests/every_layer/examples.rs", layer.name);
    }
    let strange: Vec<&&str> = shown.iter().filter(|name| documented.iter().all(|d| d.name != **name)).collect();
    assert!(strange.is_empty(), "examples of what stdlib-layers/src/lib.rs does not export: {strange:?}");
    let page = Page { documented: &documented };
    let parts: Vec<String> = groups.iter().map(|(title, examples)| page.group(title, examples)).collect();
    chapter::holds("layers.md", "index", &index(&groups));
    chapter::holds("layers.md", "layers", &parts.join("\n"));
}

#[test]
fn a_layer_without_its_documentation_is_named() {
    let whole = "/// Twice. PyTorch: `2 * x`.\n///\n/// **Parameters.** None.\n///\n/// **Cost.** None.\n///\n/// **Errors.** None.\npub struct Twice;\n";
    assert_eq!(Documented::new("Twice", whole).torch, "`2 * x`.");
    for (lost, expected) in [
        ("PyTorch: `2 * x`.", "`Twice` does not name its PyTorch equivalent"),
        ("**Cost.** None.", "`Twice` has no section `**Cost.**`"),
        ("pub struct Twice;", "`Twice` declares no such structure"),
    ] {
        let panic = std::panic::catch_unwind(|| Documented::new("Twice", &whole.replace(lost, ""))).err().unwrap();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(expected), "{message}");
    }
    let field = "    /// How often.\n    pub times: usize,\n";
    let with = |field: &str| whole.replace("Twice;", &format!("Twice {{\n{field}}}"));
    assert_eq!(Documented::new("Twice", &with(field)).fields, [("times".to_owned(), "How often.".to_owned())]);
    let undocumented = with("    pub times: usize,\n");
    assert!(std::panic::catch_unwind(|| Documented::new("Twice", &undocumented)).is_err());
}

/// The groups and their layers, as links.
fn index(groups: &[(&str, Vec<Example>)]) -> String {
    let mut out = "| | |\n|---|---|\n".to_owned();
    for (title, examples) in groups {
        let links: Vec<String> = by_layer(examples).map(|same| link(same[0].layer)).collect();
        writeln!(out, "| [{title}](#{}) | {} |", anchor(title), links.join(", ")).unwrap();
    }
    out
}

struct Page<'a> {
    documented: &'a [Documented],
}

impl Page<'_> {
    fn group(&self, title: &str, examples: &[Example]) -> String {
        let is_loss = title == LOSSES;
        let (mut table, mut entries) = (String::new(), String::new());
        if !is_loss {
            table +=
                "\n| layer | example | rounds | bits sent | bits of corrections | largest error | bound |\n|---|---|---|---|---|---|---|\n";
        }
        for same in by_layer(examples) {
            let measured: Vec<Measured> = if is_loss { vec![] } else { same.iter().map(measured::of).collect() };
            for (example, m) in same.iter().zip(&measured) {
                // what tells several examples of a layer apart
                let fields = if same.len() == 1 || example.fields.is_empty() { String::new() } else { format!("`{}` ", example.fields) };
                let shapes = format!("{fields}{} to {}", shapes(&example.inputs), example.gives);
                let (layer, sent, corrections) = (link(example.layer), number(m.sent), number(m.corrections));
                writeln!(table, "| {layer} | {shapes} | {} | {sent} | {corrections} | {:.0} | {} |", m.rounds, m.error, said(m.bound))
                    .unwrap();
            }
            entries += &self.entry(same, &measured);
        }
        format!("## {title}\n{table}{entries}")
    }

    /// A layer, its examples, and what was measured of each; nothing of a loss.
    fn entry(&self, examples: &[Example], measured: &[Measured]) -> String {
        let layer = self.documented.iter().find(|d| d.name == examples[0].layer).unwrap();
        let mut out = format!("\n### {}\n\n{}\n", layer.name, self.linked(&layer.what));
        for block in &layer.body {
            write!(out, "\n{}\n", self.linked(block)).unwrap();
        }
        out += "\n";
        for (k, example) in examples.iter().enumerate() {
            let costs = measured.get(k).map_or(String::new(), |measured| format!(" {}", sentence(example, measured)));
            writeln!(out, "- **Example.** {}{costs}", stage(example, measured.is_empty())).unwrap();
        }
        // a sentence about PyTorch, or what it calls the layer
        let heading = if layer.torch.starts_with("PyTorch") { "" } else { "**PyTorch.** " };
        writeln!(out, "- {heading}{}", self.linked(&layer.torch)).unwrap();
        if !layer.fields.is_empty() {
            out += "- **Fields.**\n";
        }
        for (field, meaning) in &layer.fields {
            let default = default_of(&examples[0].defaults, field).filter(|_| !meaning.contains("required"));
            let default = default.map_or(format!("`{field}`"), |value| format!("`{field}: {value}`"));
            writeln!(out, "  - {default}: {}", self.linked(meaning)).unwrap();
        }
        for (title, text) in &layer.sections {
            writeln!(out, "- **{title}.** {}", self.linked(text)).unwrap();
        }
        out
    }

    /// Links of rustdoc as links of the page.
    fn linked(&self, text: &str) -> String {
        let mut parts = text.split("[`");
        let mut out = parts.next().unwrap().to_owned();
        for part in parts {
            let Some((name, rest)) = part.split_once("`]") else {
                write!(out, "[`{part}").unwrap();
                continue;
            };
            let rest = rest.strip_prefix('(').and_then(|target| target.split_once(')')).map_or(rest, |(_, rest)| rest);
            let target = match name {
                "Approx" => "[`Approx`](functions.md#which-one-to-take)".to_owned(),
                _ if self.documented.iter().any(|d| d.name == name) => link(name),
                _ => format!("`{name}`"),
            };
            write!(out, "{target}{rest}").unwrap();
        }
        out
    }
}

/// Examples of one layer stand beside each other.
fn by_layer(examples: &[Example]) -> impl Iterator<Item = &[Example]> {
    examples.chunk_by(|a, b| a.layer == b.layer)
}

/// The example as it stands in a description, with the shapes.
fn stage(example: &Example, is_loss: bool) -> String {
    let source = match (is_loss, example.inputs.len()) {
        (true, _) => "(output, label)",
        (_, 1) => "x",
        (_, 2) => "(a, b)",
        _ => "(a, b, c)",
    };
    let clause = if is_loss { " in a `loss` clause" } else { "" };
    let stage = format!("{source} -> {} {}", example.layer, example.fields);
    format!("`{}`{clause}: {} to {}.", stage.trim_end(), shapes(&example.inputs), example.gives)
}

fn sentence(example: &Example, measured: &Measured) -> String {
    let Measured { rounds, sent, corrections, error, bound } = measured;
    let rounds = if *rounds == 1 { "1 round".to_owned() } else { format!("{rounds} rounds") };
    let cost = if *sent == 0.0 && *corrections == 0.0 {
        format!("{rounds}, nothing sent")
    } else {
        format!("{rounds}, {} bits sent and {} bits of corrections an element", number(*sent), number(*corrections))
    };
    let [low, high] = example.values;
    format!("{cost}; for values from {low} to {high} the largest error is {error:.0}, the bound {}.", said(*bound))
}

/// What a description that does not write the field gets.
fn default_of<'a>(defaults: &'a str, field: &str) -> Option<&'a str> {
    let start = format!("{field}: ");
    let rest = defaults.strip_prefix(&start).or_else(|| defaults.split_once(&format!(", {start}")).map(|(_, rest)| rest))?;
    let mut depth = 0;
    let end = rest.char_indices().find(|(_, c)| {
        depth += i32::from("[({".contains(*c)) - i32::from("])}".contains(*c));
        depth == 0 && *c == ','
    });
    Some(end.map_or(rest, |(end, _)| &rest[..end]))
}

fn shapes(all: &[Shape]) -> String {
    all.iter().map(Shape::to_string).collect::<Vec<_>>().join(" and ")
}

fn link(layer: &str) -> String {
    format!("[`{layer}`](#{})", anchor(layer))
}

/// As mdBook makes it of a heading.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|c| *c != ',').map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Whole, or with a decimal where it is small.
fn number(bits: f64) -> String {
    if bits == 0.0 || bits >= 9.95 { format!("{bits:.0}") } else { format!("{bits:.1}") }
}

/// A bound of units, where it says something: beside a jump, or behind many products, it does not.
fn said(units: f64) -> String {
    if units < 0.25 * 65536.0 { format!("{:.0}", units.ceil()) } else { "none".to_owned() }
}

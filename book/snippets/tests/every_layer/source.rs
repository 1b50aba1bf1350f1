//! What the sources of the layers say of themselves: the documentation of every layer that `stdlib-layers/src/lib.rs` exports.

use std::path::{Path, PathBuf};

/// A layer as its source documents it, in Markdown.
pub struct Documented {
    pub name: String,
    /// What it computes, and the shapes.
    pub what: String,
    /// What PyTorch has instead.
    pub torch: String,
    /// Equations, drawings and what is said besides, before the sections.
    pub body: Vec<String>,
    /// `Parameters`, `Cost`, `Errors` and what else there is, in the order of the source.
    pub sections: Vec<(String, String)>,
    /// Names and meanings of the fields.
    pub fields: Vec<(String, String)>,
}

/// The sections that every layer has.
const REQUIRED: [&str; 3] = ["Parameters", "Cost", "Errors"];

/// Every exported layer, in the order of `lib.rs`; an enumeration that a field takes is none.
pub fn layers() -> Vec<Documented> {
    let all = exported(&read("lib.rs")).into_iter().filter_map(|(module, name)| {
        let text = read(&format!("{module}.rs"));
        let is_choice = text.contains(&format!("pub enum {name} "));
        (!is_choice).then(|| Documented::new(&name, &text))
    });
    all.collect()
}

fn read(file: &str) -> String {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../stdlib-layers/src");
    std::fs::read_to_string(folder.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Modules and names of `pub use module::Name;` and `pub use module::{Name, Name};`.
fn exported(lib: &str) -> Vec<(String, String)> {
    let uses = lib.split("\npub use ").skip(1).map(|rest| rest.split(';').next().unwrap());
    let own = uses.filter(|path| !path.starts_with("undertone_"));
    let each = own.flat_map(|path| {
        let (module, names) = path.split_once("::").unwrap_or_else(|| panic!("`pub use {path}` names no layer"));
        names.trim_matches(['{', '}']).split(',').map(|name| (module.to_owned(), name.trim().to_owned())).collect::<Vec<_>>()
    });
    each.filter(|(_, name)| !name.is_empty()).collect()
}

impl Documented {
    /// What the text of a module says of one of its layers.
    pub fn new(name: &str, text: &str) -> Self {
        let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
        let declares = |line: &str| match line.strip_prefix("pub struct ") {
            Some(rest) => rest.strip_prefix(name).is_some_and(|end| end.starts_with([' ', ';'])),
            // the first argument of a macro that declares it
            None => line.strip_prefix(name).is_some_and(|end| end.starts_with(',')),
        };
        let at =
            lines.iter().position(|line| declares(line)).unwrap_or_else(|| panic!("the source of `{name}` declares no such structure"));
        let documentation = documentation_above(&lines, at);
        let mut this =
            Self { name: name.to_owned(), what: String::new(), torch: String::new(), body: vec![], sections: vec![], fields: vec![] };
        for block in blocks(&documentation) {
            this.take(block);
        }
        assert!(!this.torch.is_empty(), "the documentation of `{name}` does not name its PyTorch equivalent in its first paragraph");
        for section in REQUIRED {
            assert!(this.section(section).is_some(), "the documentation of `{name}` has no section `**{section}.**`");
        }
        this.fields = fields(&lines[at..], name);
        this
    }

    /// The text of a section.
    pub fn section(&self, title: &str) -> Option<&str> {
        self.sections.iter().find(|(t, _)| t == title).map(|(_, text)| text.as_str())
    }

    fn take(&mut self, block: String) {
        let is_code = block.starts_with("```");
        if self.what.is_empty() {
            let at = block.find("PyTorch").unwrap_or(block.len());
            let (what, torch) = block.split_at(at);
            self.what.push_str(what.trim());
            self.torch.push_str(torch.strip_prefix("PyTorch:").unwrap_or(torch).trim());
        } else if let Some((title, text)) = block.strip_prefix("**").and_then(|rest| rest.split_once(".**")) {
            self.sections.push((title.to_owned(), text.trim().to_owned()));
        } else if block.starts_with("```text") || !is_code {
            match self.sections.last_mut() {
                Some((_, text)) if !is_code => *text = format!("{text} {block}"),
                Some(_) => panic!("the documentation of `{}` has an equation behind its sections", self.name),
                None => self.body.push(block),
            }
        }
    }
}

/// The lines of documentation above a line, without their slashes.
fn documentation_above<'a>(lines: &[&'a str], at: usize) -> Vec<&'a str> {
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
    let mut found: Vec<&str> = above.filter_map(|line| line.strip_prefix("///")).map(|l| l.strip_prefix(' ').unwrap_or(l)).collect();
    found.reverse();
    found
}

/// Paragraphs, each a line, and blocks of code with their fences.
fn blocks(lines: &[&str]) -> Vec<String> {
    let (mut all, mut open): (Vec<String>, Option<String>) = (vec![], None);
    let mut is_code = false;
    for line in lines {
        let is_fence = line.starts_with("```");
        if (is_fence || line.is_empty()) && !is_code {
            all.extend(open.take());
        }
        open = match open {
            _ if !is_code && line.is_empty() => None,
            Some(text) => Some(format!("{text}{}{line}", if is_code { "\n" } else { " " })),
            None => Some((*line).to_owned()),
        };
        if is_fence {
            is_code = !is_code;
            if !is_code {
                all.extend(open.take());
            }
        }
    }
    all.extend(open);
    all
}

/// The fields of a structure that begins on the first line.
fn fields(lines: &[&str], name: &str) -> Vec<(String, String)> {
    if !lines[0].ends_with('{') {
        return vec![];
    }
    let body: Vec<&str> = lines[1..].iter().take_while(|line| **line != "}").copied().collect();
    let declared = body.iter().enumerate().filter_map(|(i, line)| Some((i, line.strip_prefix("pub ")?.split_once(':')?.0)));
    let each = declared.map(|(i, field)| {
        let meaning = documentation_above(&body, i).join(" ");
        assert!(!meaning.is_empty(), "the field `{field}` of `{name}` is not documented");
        (field.to_owned(), meaning)
    });
    each.collect()
}

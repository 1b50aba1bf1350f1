//! Meaning: pipes and loops become a list of named stages in order of execution, each with the places of its inputs.

use crate::ast::{Body, For, Header, OUTPUT, Pipe, Release, Step};
use crate::diagnostics::Errors;
use crate::names::{Names, prefix, prefixes};
use crate::similar::similar;
use proc_macro2::Span;
use quote::{ToTokens, quote};
use std::collections::HashSet;
use syn::ext::IdentExt;
use syn::{Expr, Ident, LitStr, Pat};

/// Loops in loops multiply: more stages than this are a slip of the pen.
const MOST_STAGES: usize = 10_000;

/// A model ready to be printed.
pub struct Network<'a> {
    pub header: &'a Header,
    /// The stages of the body, then those of releases.
    pub stages: Vec<Stage<'a>>,
    /// How many of them are the body's.
    pub body: usize,
    /// The stage whose value is the model's result.
    pub result: usize,
    /// The stage whose value each release opens, in the order of [`openings`](crate::roles::openings).
    pub releases: Vec<usize>,
}

/// One layer at its place; loops are unrolled.
pub struct Stage<'a> {
    pub name: String,
    /// The name of its value in generated code: its own, unless an input has that.
    pub local: String,
    pub syntax: &'a crate::ast::Stage,
    /// What the keys of its weights start with, instead of its name.
    pub weights: Option<String>,
    /// The turns of loops that it stands in, outermost first.
    pub turns: Vec<Turn<'a>>,
    pub inputs: Vec<Wire>,
    /// The first and the last token of the layer, for errors that underline it all.
    pub first: Span,
    pub last: Span,
}

impl Stage<'_> {
    /// The stage in an error: its name and, inside of loops, the turns, as in `conv2d_3 (width = 64)` or `relu_2 (2 of 3)`.
    pub fn label(&self) -> String {
        let turns = self.turns.iter().map(|t| {
            let text = t.text();
            if text.is_empty() || text.len() > 40 { format!("{} of {}", t.place, t.of) } else { text }
        });
        let turns = turns.collect::<Vec<_>>().join(", ");
        if turns.is_empty() { self.name.clone() } else { format!("{} ({turns})", self.name) }
    }
}

/// One turn of a loop: the variable, its value, and which turn it is.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    pub pattern: &'a Pat,
    pub value: &'a Expr,
    pub place: usize,
    pub of: usize,
}

impl Turn<'_> {
    /// `out = 64, stride = 2`; nothing without a variable.
    fn text(&self) -> String {
        let one = |(pattern, value): (&Pat, &Expr)| format!("{} = {}", pattern.to_token_stream(), value.to_token_stream());
        match (self.pattern, self.value) {
            (Pat::Wild(_), _) => String::new(),
            (Pat::Tuple(names), Expr::Tuple(values)) => {
                let named = names.elems.iter().zip(&values.elems).filter(|(pattern, _)| !matches!(pattern, Pat::Wild(_)));
                named.map(one).collect::<Vec<_>>().join(", ")
            }
            pair => one(pair),
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Copy)]
pub enum Wire {
    Input(usize),
    Stage(usize),
}

/// Lowers a body; without errors there is a network.
pub fn lower<'a>(header: &'a Header, body: &'a Body, errors: &mut Errors) -> Option<Network<'a>> {
    let before = errors.len();
    let mut scope = Scope {
        name: &header.name,
        body,
        defining: None,
        values: Vec::new(),
        names: Names::default(),
        stages: Vec::new(),
        full: false,
        told: Vec::new(),
        errors,
    };
    for (i, input) in header.inputs.iter().enumerate() {
        if !header.releases.is_empty() {
            scope.not_output(&input.name);
        }
        scope.define(&input.name, Some(Wire::Input(i)));
    }
    for binding in &body.lets {
        scope.defining = Some(&binding.name);
        let wire = scope.pipe(&binding.pipe);
        scope.defining = None;
        if binding.pipe.steps.is_empty() && binding.pipe.sources.len() == 1 {
            let source = &binding.pipe.sources[0];
            scope.errors.on(source, format!("`{}` is only another name of `{source}`: add a layer, or use `{source}`", binding.name));
        }
        scope.not_output(&binding.name);
        scope.define(&binding.name, wire);
    }
    let result = scope.pipe(&body.result);
    if let (Some(Wire::Input(_)), [_]) = (result, &body.result.sources[..]) {
        scope.errors.at(body.result.span(), "the model returns its input as it is: add a layer, as in `x -> Relu`");
    }
    let body = scope.stages.len();
    let releases = scope.releases(header, result);
    // A misspelt name makes another one unused, so this is said only when the names are right.
    if scope.errors.len() == before {
        scope.unused();
        prefixes(scope.stages.iter().filter_map(|s| Some((s.syntax.weights.as_ref()?, s.weights.as_deref()?))), scope.errors);
    }
    let Some(Wire::Stage(result)) = result else { return None };
    let releases = if header.releases.is_empty() { vec![result] } else { releases };
    let mut network = Network { header, stages: scope.stages, body, result, releases };
    network.name_locals();
    Some(network)
}

impl Network<'_> {
    /// Values of stages get names that no input has, so that none hides another one.
    fn name_locals(&mut self) {
        let mut taken: HashSet<String> = self.stages.iter().map(|s| s.name.clone()).collect();
        let inputs: HashSet<String> = self.header.inputs.iter().map(|i| i.name.unraw().to_string()).collect();
        for stage in &mut self.stages {
            while inputs.contains(&stage.local) || (stage.local != stage.name && !taken.insert(stage.local.clone())) {
                stage.local.push('_');
            }
        }
    }
}

struct Scope<'a, 'e> {
    name: &'a Ident,
    body: &'a Body,
    /// The name of the `let` that is read at the moment.
    defining: Option<&'a Ident>,
    values: Vec<Known>,
    names: Names,
    stages: Vec<Stage<'a>>,
    /// Whether there are too many stages, which is said once.
    full: bool,
    /// The texts of `#[weights(..)]` that are errors.
    told: Vec<&'a LitStr>,
    errors: &'e mut Errors,
}

/// A name for a value; no wire when its pipe has errors.
struct Known {
    name: Ident,
    wire: Option<Wire>,
    used: bool,
}

impl<'a> Scope<'a, '_> {
    fn define(&mut self, name: &Ident, wire: Option<Wire>) {
        let text = name.unraw().to_string();
        let earlier = self.values.iter().find(|v| v.name.unraw().to_string().to_lowercase() == text.to_lowercase());
        match earlier {
            Some(v) if v.name == *name => self.errors.on(name, format!("a value named `{name}` exists already: choose another name")),
            Some(v) => {
                self.errors.on(name, format!("`{}` and `{name}` differ only in case, and names are compared without it", v.name));
                self.values.push(Known { name: name.clone(), wire, used: true });
            }
            // After a duplicate the first one counts.
            None => self.values.push(Known { name: name.clone(), wire, used: false }),
        }
    }

    /// The value at the end of a pipe.
    fn pipe(&mut self, pipe: &'a Pipe) -> Option<Wire> {
        let mut wires: Vec<Wire> = Vec::new();
        for source in &pipe.sources {
            wires.extend(self.find(source));
        }
        self.steps(&pipe.steps, &[], &mut wires);
        if pipe.steps.is_empty() && pipe.sources.len() > 1 {
            let sources = &pipe.sources;
            self.errors
                .on(quote!(#(#sources),*), "one value is needed here: join several with a layer that takes them, as in `(a, b) -> Add`");
        }
        wires.first().copied()
    }

    fn find(&mut self, name: &Ident) -> Option<Wire> {
        if let Some(known) = self.values.iter_mut().find(|v| v.name == *name) {
            known.used = true;
            return known.wire;
        }
        let message = if self.defining == Some(name) {
            format!("`{name}` is read in its own definition, before it has a value")
        } else if self.body.lets.iter().any(|l| l.name == *name) {
            format!("`{name}` is used before its definition: move its `let` up")
        } else if name.unraw() != "self" && self.stages.iter().any(|s| name.unraw() == s.name) {
            format!("`{name}` is a stage, not a value: name the value of its pipe with `let`")
        } else {
            let names: Vec<String> = self.values.iter().map(|v| v.name.to_string()).collect();
            let known = format!("`{}`", names.join("`, `"));
            match similar(&name.to_string(), names.iter().map(String::as_str)) {
                Some(near) => format!("no value is named `{name}` here: did you mean `{near}`?"),
                // without inputs there is none, and that is an error already
                None if names.is_empty() => return None,
                None if name.to_string().starts_with(char::is_uppercase) => {
                    format!("no value is named `{name}` here, and a pipe starts at a value, not at a layer; known values: {known}")
                }
                None => format!("no value is named `{name}` here; known values: {known}"),
            }
        };
        self.errors.on(name, message);
        None
    }

    fn steps(&mut self, steps: &'a [Step], turns: &[Turn<'a>], wires: &mut Vec<Wire>) {
        for step in steps {
            match step {
                Step::Stage(stage) => {
                    let stage = self.stage(stage, turns, core::mem::take(wires));
                    self.stages.push(stage);
                    wires.push(Wire::Stage(self.stages.len() - 1));
                }
                Step::For(For { pattern, values, body, .. }) => {
                    for (i, value) in values.iter().enumerate() {
                        if self.stages.len() > MOST_STAGES {
                            // of several loops in one another, the innermost one says so
                            if !core::mem::replace(&mut self.full, true) {
                                self.errors.on(pattern, format!("with this `for`, the model has more than {MOST_STAGES} stages"));
                            }
                            return;
                        }
                        let turn = Turn { pattern, value, place: i + 1, of: values.len() };
                        let inner: Vec<_> = turns.iter().copied().chain([turn]).collect();
                        self.steps(body, &inner, wires);
                    }
                }
            }
        }
    }

    fn stage(&mut self, syntax: &'a crate::ast::Stage, turns: &[Turn<'a>], inputs: Vec<Wire>) -> Stage<'a> {
        if let Some(word) = syntax.layer.get_ident() {
            self.no_layer(word);
        }
        let tokens: Vec<_> = syntax.layer.to_token_stream().into_iter().collect();
        let first = tokens.first().map_or_else(Span::call_site, proc_macro2::TokenTree::span);
        let last = tokens.last().map_or(first, proc_macro2::TokenTree::span);
        let last = syntax.fields.as_ref().map_or(last, |f| f.brace.span.close());
        let name = match (&syntax.name, syntax.layer.segments.last()) {
            (Some(name), _) => self.names.written(name, !turns.is_empty(), self.errors),
            (None, Some(layer)) => self.names.automatic(&layer.ident, self.errors),
            (None, None) => String::new(),
        };
        let weights = syntax.weights.as_ref().and_then(|text| self.prefix(text, turns));
        Stage { local: name.clone(), name, syntax, weights, turns: turns.to_vec(), inputs, first, last }
    }

    /// What the keys of a stage's weights start with; a mistake in a loop is said once.
    fn prefix(&mut self, text: &'a LitStr, turns: &[Turn]) -> Option<String> {
        match prefix(&text.value(), turns) {
            Ok(prefix) => return Some(prefix),
            Err(message) if !self.told.iter().any(|told| core::ptr::eq(*told, text)) => {
                self.told.push(text);
                self.errors.on(text, message);
            }
            Err(_) => {}
        }
        None
    }

    /// Refuses a value where a layer stands, and the model as a stage of its own, which the compiler would call a cycle.
    fn no_layer(&mut self, word: &Ident) {
        if word == self.name || word == "Self" {
            self.errors.on(word, format!("`{}` is a stage of itself, so it would never end", self.name));
        } else if self.values.iter().any(|v| v.name == *word) {
            self.errors.on(
                word,
                format!("`{word}` is a value, and a layer stands behind an arrow: several values are joined as in `(x, {word}) -> Add`"),
            );
        }
    }

    /// The stage that each release opens. Its pipe stands in the body's name space, where `output` is the result.
    fn releases(&mut self, header: &'a Header, result: Option<Wire>) -> Vec<usize> {
        let wire = result.filter(|wire| matches!(wire, Wire::Stage(_)));
        // first, so that a value of this name, which is an error already, is no second one
        self.values.insert(0, Known { name: Ident::new(OUTPUT, Span::call_site()), wire, used: true });
        let mut opened = Vec::new();
        for release in &header.releases {
            let Some(pipe) = &release.pipe else { continue };
            match self.pipe(pipe) {
                Some(Wire::Stage(stage)) => opened.push(stage),
                Some(Wire::Input(i)) if pipe.sources.len() == 1 => {
                    self.opened_input(release, &pipe.sources[0], header.inputs[i].owner.as_ref());
                }
                _ => {}
            }
        }
        opened
    }

    /// The error of a release that opens an input as it is.
    fn opened_input(&mut self, release: &Release, name: &Ident, owner: Option<&Ident>) {
        let owner = owner.map_or_else(|| "client".to_owned(), ToString::to_string);
        let message = if release.to.iter().all(|role| *role == owner) {
            format!("`{owner}` owns `{name}` and has nothing to learn here: release what is computed from it")
        } else {
            format!("`{name}` is a secret of `{owner}`, and this release opens it as it is: add a layer, as in `{name} -> Relu`")
        };
        self.errors.on(name, message);
    }

    /// Refuses the name by which releases read the model's result.
    fn not_output(&mut self, name: &Ident) {
        if name.unraw().to_string().to_lowercase() == OUTPUT {
            self.errors.on(name, format!("`{OUTPUT}` is the model's result: choose another name"));
        }
    }

    /// Values that nothing reads.
    fn unused(&mut self) {
        for Known { name, .. } in self.values.iter().filter(|v| !v.used) {
            let what = if self.body.lets.iter().any(|l| l.name == *name) { "its `let`" } else { "this input" };
            self.errors.on(name, format!("`{name}` is never used: read it in a pipe, or remove {what}"));
        }
    }
}

//! The rules that need no order: what a header may say, and that every parameter is used.

mod roles;

use crate::ast::{Body, Dims, Header, Loss, Pipe, Step};
use crate::diagnostics::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Ident, Pat, Type};

pub use roles::roles;

/// Shapes as types exist up to this rank, at the edge of a model.
pub const EDGE_RANK: usize = 4;
/// Shapes as values exist up to this rank.
const RANK: usize = 8;
/// A model that runs takes so many inputs.
pub const EDGE_INPUTS: usize = 4;

/// Checks what users of the model see.
pub fn header(header: &Header, errors: &mut Errors) {
    let name = &header.name;
    for (i, param) in header.params.iter().enumerate() {
        if header.params[..i].iter().any(|p| p.name == param.name) {
            errors.on(&param.name, format!("a parameter named `{}` exists already", param.name));
        }
        if let Some(instead) = param.stand_in() {
            let (ty, instead) = (text(&param.ty), text(&instead));
            errors.on(&param.ty, format!("a parameter is `Copy`, and `{ty}` is not: write `{instead}`"));
        }
    }
    if header.inputs.is_empty() {
        errors.on(name, format!("`{name}` needs an input, as in `{name}(x: [3, 32, 32])`, or `(x)` for any shape"));
    }
    let concrete = header.is_concrete() && !header.inputs.is_empty();
    if concrete && header.output.is_none() {
        errors.on(name, format!("`{name}` knows its inputs, so it says what it returns: add `-> [dimensions]` after them"));
    }
    if concrete && header.inputs.len() > EDGE_INPUTS {
        let fifth = &header.inputs[EDGE_INPUTS].name;
        errors.on(fifth, format!("a model has at most {EDGE_INPUTS} inputs, unless it is a stage of another one"));
    }
    for dims in header.inputs.iter().filter_map(|i| i.dims.as_ref()).chain(&header.output) {
        rank(dims, concrete, errors);
    }
    if let Some(budget) = header.budget.as_ref().filter(|_| !header.is_concrete()) {
        errors.at(budget.span, format!("no budget here: `{name}` is a layer, and a budget belongs to the model that runs"));
    }
    if let Some(loss) = &header.loss {
        self::loss(header, loss, errors);
    }
}

/// Checks the clause `loss`, but for its names.
fn loss(model: &Header, loss: &Loss, errors: &mut Errors) {
    let name = &model.name;
    if !model.is_concrete() {
        return errors.at(loss.span, format!("no `loss` here: `{name}` is a layer, and a loss belongs to the model that is trained"));
    }
    let inputs = &loss.header.inputs[1..];
    if inputs.is_empty() {
        errors.at(loss.span, "a loss compares the output with something: name it, as in `loss (label: [10]) { .. }`");
    }
    if let Some(fifth) = inputs.get(EDGE_INPUTS) {
        errors.on(&fifth.name, format!("a loss has at most {EDGE_INPUTS} inputs"));
    }
    for input in inputs {
        match &input.dims {
            Some(dims) => rank(dims, true, errors),
            None => errors
                .on(&input.name, format!("an input of a loss says its dimensions, as in `{}: [10]`, or `[]` for a number", input.name)),
        }
        if let Some(owner) = &input.owner {
            errors.on(owner, format!("no `from` here: the loss is for the plain twin alone, and nobody owns `{}`", input.name));
        }
    }
    if let Some(body) = loss.body.as_ref().filter(|b| b.result.steps.is_empty()) {
        errors.at(body.result.span(), "a loss needs a layer, as in `(output, label) -> CrossEntropy`");
    }
}

/// Checks that every parameter and every variable of a loop stands somewhere in the description.
pub fn parameters(header: &Header, body: &Body, errors: &mut Errors) {
    let mut used = TokenStream::new();
    let releases = header.releases.iter().filter_map(|r| r.dims.as_ref());
    for dims in header.inputs.iter().filter_map(|i| i.dims.as_ref()).chain(&header.output).chain(releases) {
        dims.list.to_tokens(&mut used);
    }
    for pipe in pipes(header, body) {
        expressions(&pipe.steps, &mut used);
    }
    for pipe in pipes(header, body) {
        variables(&pipe.steps, errors);
    }
    for param in header.params.iter().filter(|p| !contains(&used, &p.name)) {
        errors.on(&param.name, format!("the parameter `{}` is never used: give it to a field, or remove it", param.name));
    }
}

fn pipes<'a>(header: &'a Header, body: &'a Body) -> impl Iterator<Item = &'a Pipe> {
    body.lets.iter().map(|l| &l.pipe).chain([&body.result]).chain(header.releases.iter().filter_map(|r| r.pipe.as_ref()))
}

/// Variables of loops that no field reads: a forgotten field, or a mere repetition.
fn variables(steps: &[Step], errors: &mut Errors) {
    for step in steps {
        let Step::For(repeat) = step else { continue };
        let (mut used, mut names) = (TokenStream::new(), Vec::new());
        expressions(&repeat.body, &mut used);
        bound(&repeat.pattern, &mut names);
        for name in names.into_iter().filter(|name| !name.to_string().starts_with('_') && !contains(&used, name)) {
            errors.on(name, format!("the variable `{name}` is never used: a repetition without one is `for _ in ..`"));
        }
        variables(&repeat.body, errors);
    }
}

/// The names that a pattern binds.
fn bound<'a>(pattern: &'a Pat, names: &mut Vec<&'a Ident>) {
    match pattern {
        Pat::Ident(one) => names.push(&one.ident),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|p| bound(p, names)),
        _ => {}
    }
}

fn rank(dims: &Dims, concrete: bool, errors: &mut Errors) {
    let most = if concrete { EDGE_RANK } else { RANK };
    if dims.list.len() > most {
        let at = if concrete { "at the edge of a model" } else { "anywhere" };
        errors.at(dims.bracket.span.join(), format!("a shape has at most {most} dimensions {at}, this one has {}", dims.list.len()));
    }
}

fn expressions(steps: &[Step], out: &mut TokenStream) {
    for step in steps {
        match step {
            Step::Stage(stage) => {
                stage.layer.to_tokens(out);
                out.extend(stage.weights.iter().flat_map(crate::names::variables).map(TokenTree::Ident));
                for field in stage.fields.iter().flat_map(|f| &f.list) {
                    field.expr.to_tokens(out);
                }
            }
            Step::For(repeat) => {
                for value in &repeat.values {
                    value.to_tokens(out);
                }
                expressions(&repeat.body, out);
            }
        }
    }
}

/// A type without the blanks that `to_string` puts between all tokens.
fn text(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    text.replace(" <", "<").replace("< ", "<").replace(" >", ">").replace("& ", "&").replace("[ ", "[").replace(" ]", "]")
}

fn contains(tokens: &TokenStream, name: &Ident) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        TokenTree::Ident(i) => i == *name,
        TokenTree::Group(g) => contains(&g.stream(), name),
        _ => false,
    })
}

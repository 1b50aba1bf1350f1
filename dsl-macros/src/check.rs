//! The rules that need no order: what a header may say, and that every parameter is used.

mod roles;

use crate::ast::{Body, Dims, Header, Step};
use crate::diagnostics::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

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
}

/// Checks that every parameter stands somewhere in the description.
pub fn parameters(header: &Header, body: &Body, errors: &mut Errors) {
    let mut used = TokenStream::new();
    let releases = header.releases.iter().filter_map(|r| r.dims.as_ref());
    for dims in header.inputs.iter().filter_map(|i| i.dims.as_ref()).chain(&header.output).chain(releases) {
        dims.list.to_tokens(&mut used);
    }
    for pipe in body.lets.iter().map(|l| &l.pipe).chain([&body.result]).chain(header.releases.iter().filter_map(|r| r.pipe.as_ref())) {
        expressions(&pipe.steps, &mut used);
    }
    for param in header.params.iter().filter(|p| !contains(&used, &p.name)) {
        errors.on(&param.name, format!("the parameter `{}` is never used", param.name));
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

fn contains(tokens: &TokenStream, name: &syn::Ident) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        TokenTree::Ident(i) => i == *name,
        TokenTree::Group(g) => contains(&g.stream(), name),
        _ => false,
    })
}

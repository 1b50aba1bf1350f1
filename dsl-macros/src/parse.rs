//! Tokens to syntax. An error inside brackets is recovered behind them, one in a `let` behind its `;`, one in a release at the next
//! `release`, so that several show.

mod header;
mod pipe;
mod range;
mod role;

use crate::ast::{Body, Description, Let};
use crate::diagnostics::Errors;
use core::fmt::Display;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser, Result};
use syn::{Ident, Token, braced, token};

mod kw {
    syn::custom_keyword!(from);
    syn::custom_keyword!(loss);
    syn::custom_keyword!(model);
    syn::custom_keyword!(release);
    syn::custom_keyword!(to);
    syn::custom_keyword!(weights);
}

/// Parses the content of `secure_model!`; `None` when not even its header can be read.
pub fn description(tokens: TokenStream, errors: &mut Errors) -> Option<Description> {
    let mut found = None;
    let parser = |input: ParseStream| -> Result<()> {
        match parse(input, errors) {
            Ok(description) => found = Some(description),
            Err(e) => errors.push(e),
        }
        skip(input, |_| false)
    };
    let outcome = parser.parse2(tokens);
    if let Err(e) = outcome {
        errors.push(e);
    }
    found
}

fn parse(input: ParseStream, errors: &mut Errors) -> Result<Description> {
    let mut header = header::header(input, errors)?;
    if !input.peek(token::Brace) {
        let first = if role::starts(input) { ", which stand before its releases" } else { "" };
        errors.push(error(input, format!("expected `{{` and the stages of `{}`{first}", header.name)));
        skip(input, |at| at.peek(token::Brace))?;
    }
    if input.is_empty() {
        return Ok(Description { header, body: None });
    }
    let content;
    let brace = braced!(content in input);
    let body = body(&content, brace, errors)?;
    while !input.is_empty() {
        if role::starts(input) {
            header.releases.push(role::release(input, errors)?);
        } else if input.peek(Ident) && input.peek2(Ident) && !input.peek(kw::model) && !input.peek(kw::loss) {
            errors.push(error(input, "expected `release`, as in `release output to client`, or the end of the description"));
            header.releases.push(role::unreadable(input)?);
        } else {
            surplus(input, errors)?;
        }
    }
    Ok(Description { header, body })
}

/// An error at what stands behind the body and is no release.
fn surplus(input: ParseStream, errors: &mut Errors) -> Result<()> {
    if input.peek(kw::loss) {
        errors.push(error(input, "no `loss` here: it is chosen where the twin is trained, and a description is the network alone"));
        return skip(input, role::starts);
    }
    errors.push(error(input, "expected `release` or the end of the description: one `secure_model!` holds one model"));
    skip(input, |_| false)
}

/// `let* pipe`; `None` without a last pipe.
fn body(input: ParseStream, brace: token::Brace, errors: &mut Errors) -> Result<Option<Body>> {
    let (mut lets, mut result, mut broken) = (Vec::new(), None, false);
    while !input.is_empty() {
        let statement = if input.peek(Token![let]) {
            binding(input, errors).map(|l| lets.push(l))
        } else {
            last(input, errors).map(|pipe| result = Some(pipe))
        };
        if let Err(e) = statement {
            errors.push(e);
            broken = true;
            skip(input, |at| at.peek(Token![;]))?;
            input.parse::<Option<Token![;]>>()?;
        }
    }
    if result.is_none() && !broken {
        errors.at(brace.span.close(), "expected a pipe such as `x -> Relu`: the last one is the model's result and has no `let`");
    }
    Ok(result.map(|result| Body { lets, result }))
}

fn binding(input: ParseStream, errors: &mut Errors) -> Result<Let> {
    input.parse::<Token![let]>()?;
    if !input.peek(Ident) {
        return Err(error(input, "expected a name: a `let` names the one value of its pipe"));
    }
    let name = input.parse()?;
    if !input.peek(Token![=]) {
        return Err(error(input, format!("expected `=` and a pipe, as in `let {name} = x -> Relu;`")));
    }
    input.parse::<Token![=]>()?;
    let pipe = pipe::pipe(input, errors)?;
    if !input.peek(Token![;]) {
        return Err(pipe::unfinished(input, "`;` at the end of this `let`"));
    }
    input.parse::<Token![;]>()?;
    Ok(Let { name, pipe })
}

fn last(input: ParseStream, errors: &mut Errors) -> Result<crate::ast::Pipe> {
    let pipe = pipe::pipe(input, errors)?;
    if input.peek(Token![;]) {
        return Err(error(input, "no `;` here: the last pipe is the model's result, and an earlier one is named with `let`"));
    }
    if role::starts(input) {
        return Err(error(input, "a `release` stands behind the `}` of the model, not inside"));
    }
    if !input.is_empty() {
        return Err(pipe::unfinished(input, "the end of the model"));
    }
    Ok(pipe)
}

/// `item, item` up to the end of `input`; an error in one item is recovered at the next comma.
fn list<T>(
    input: ParseStream,
    what: &str,
    errors: &mut Errors,
    mut item: impl FnMut(ParseStream, &mut Errors) -> Result<T>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        match item(input, errors) {
            Ok(_) if !input.is_empty() && !input.peek(Token![,]) => {
                errors.push(error(input, format!("expected `,` or the end of the {what}")));
            }
            Ok(item) => items.push(item),
            Err(e) => errors.push(e),
        }
        skip(input, |at| at.peek(Token![,]))?;
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(items)
}

/// An error at the next token, or at the bracket that ends the input.
fn error(input: ParseStream, message: impl Display) -> syn::Error {
    syn::Error::new(input.span(), message)
}

/// Drops tokens until `found` or the end.
fn skip(input: ParseStream, found: impl Fn(ParseStream) -> bool) -> Result<()> {
    while !input.is_empty() && !found(input) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

//! `source -> stage -> for PAT in LIST { stage -> stage }`.

use super::header::docs;
use super::{error, kw, list, range, skip};
use crate::ast::{Fields, For, Pipe, Stage, Step};
use crate::diagnostics::Errors;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Result};
use syn::{AngleBracketedGenericArguments, Expr, FieldValue, Ident, LitInt, Pat, Path, PathArguments, Token, braced, parenthesized, token};

pub fn pipe(input: ParseStream, errors: &mut Errors) -> Result<Pipe> {
    let sources = if input.peek(token::Paren) {
        let content;
        let paren = parenthesized!(content in input);
        let sources = list(&content, "values", errors, |input, _| source(input))?;
        if sources.is_empty() {
            errors.at(paren.span.join(), "expected the names of values, as in `(a, b)`");
        }
        sources
    } else {
        vec![source(input)?]
    };
    let mut steps = Vec::new();
    while input.parse::<Option<Token![->]>>()?.is_some() {
        steps.push(step(input, errors)?);
    }
    Ok(Pipe { sources, steps })
}

/// The error at the first token that cannot go on a pipe; `or` says what else may stand there.
pub fn unfinished(input: ParseStream, or: &str) -> syn::Error {
    if input.peek(token::Paren) {
        return error(
            input,
            format!("expected `->` and a layer, or {or}; the fields of a layer stand in braces, as in `Linear {{ out: 10 }}`"),
        );
    }
    error(input, format!("expected `->` and a layer, or {or}"))
}

fn source(input: ParseStream) -> Result<Ident> {
    if input.peek(Ident) { input.parse() } else { Err(error(input, "expected the name of a value, as in `x -> Relu` or `(a, b) -> Add`")) }
}

fn step(input: ParseStream, errors: &mut Errors) -> Result<Step> {
    docs(input, "a stage", errors)?;
    if input.peek(Token![for]) { repeat(input, errors).map(Step::For) } else { stage(input, errors).map(Step::Stage) }
}

fn stage(input: ParseStream, errors: &mut Errors) -> Result<Stage> {
    let named = input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    let name = if named { Some(input.parse()?) } else { None };
    if named {
        input.parse::<Token![:]>()?;
    }
    // `x -> to client`: the layer is missing, and `to` is none.
    let clause = (input.peek(kw::to) || input.peek(kw::release)) && input.peek2(Ident);
    if !(input.peek(Ident::peek_any) || input.peek(Token![::])) || input.peek(Token![for]) || clause {
        return Err(error(input, "expected a layer, as in `Relu` or `fc1: Linear { out: 10 }`"));
    }
    let mut layer = input.call(Path::parse_mod_style)?;
    if input.peek(Token![<])
        && let Some(last) = layer.segments.last_mut()
    {
        last.arguments = PathArguments::AngleBracketed(input.parse::<AngleBracketedGenericArguments>()?);
    }
    let fields = if input.peek(token::Brace) { Some(fields(input, errors)?) } else { None };
    Ok(Stage { name, layer, fields })
}

fn fields(input: ParseStream, errors: &mut Errors) -> Result<Fields> {
    let content;
    let brace = braced!(content in input);
    let list = list(&content, "fields", errors, |input, _| {
        if input.peek(Token![..]) {
            return Err(error(input, "no `..` here: a field that is not given takes its default"));
        }
        if !(input.peek(Ident::peek_any) || input.peek(LitInt)) {
            return Err(error(input, "expected a field, as in `out: 10`"));
        }
        input.parse::<FieldValue>()
    })?;
    Ok(Fields { brace, list })
}

fn repeat(input: ParseStream, errors: &mut Errors) -> Result<For> {
    input.parse::<Token![for]>()?;
    let pattern = Pat::parse_single(input)?;
    input.parse::<Token![in]>()?;
    let values = range::values(&Expr::parse_without_eager_brace(input)?).unwrap_or_else(|e| {
        errors.push(e);
        Vec::new()
    });
    if !input.peek(token::Brace) {
        return Err(error(input, "expected `{` and the stages that the `for` repeats"));
    }
    let content;
    braced!(content in input);
    let body = repeated(&content, errors).unwrap_or_else(|e| {
        errors.push(e);
        Vec::new()
    });
    skip(&content, |_| false)?;
    Ok(For { pattern, values, body })
}

fn repeated(input: ParseStream, errors: &mut Errors) -> Result<Vec<Step>> {
    let mut body = vec![step(input, errors)?];
    while input.parse::<Option<Token![->]>>()?.is_some() {
        body.push(step(input, errors)?);
    }
    if input.is_empty() { Ok(body) } else { Err(unfinished(input, "`}` at the end of the `for`")) }
}

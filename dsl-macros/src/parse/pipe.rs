//! `source -> stage -> for PAT in LIST { stage -> stage }`. An error in one stage is recovered at the next arrow.

use super::header::docs_of;
use super::stage::{self, fields, path};
use super::{attributes, error, list, loss, range, role, skip};
use crate::ast::{For, Pipe, Stage, Step};
use crate::diagnostics::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::parse::{ParseStream, Parser, Result};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Pat, Token, braced, parenthesized, token};

/// A pipe and all that can be read of it; what follows it is the caller's.
pub fn pipe(input: ParseStream, errors: &mut Errors) -> Result<Pipe> {
    let mut pipe = sources(input, errors)?;
    operator(input, errors)?;
    steps(input, &mut pipe.steps, errors)?;
    Ok(pipe)
}

/// The error at the first token that cannot go on a pipe; `or` says what else may stand there.
pub fn unfinished(input: ParseStream, or: &str) -> syn::Error {
    error(input, format!("expected `->` and a layer, or {or}"))
}

/// Whether a pipe with a source and an arrow starts here.
pub fn starts(input: ParseStream) -> bool {
    input.peek2(Token![->]) && (input.peek(Ident) || input.peek(token::Paren))
}

/// Whether `(a, b) ->` stands here, which is the next pipe and no brackets of fields.
pub fn starts_with_several(input: ParseStream) -> bool {
    let names = |content: ParseStream| Punctuated::<Ident, Token![,]>::parse_terminated(content);
    let content = match input.fork().parse::<TokenTree>() {
        Ok(TokenTree::Group(group)) if starts(input) => group.stream(),
        _ => return false,
    };
    names.parse2(content).is_ok_and(|names| names.len() > 1)
}

/// Where recovery stops in any case: the end of a pipe.
fn ends(input: ParseStream) -> bool {
    input.is_empty()
        || input.peek(Token![;])
        || input.peek(Token![let])
        || role::starts(input)
        || loss::starts(input)
        || role::receivers(input)
}

fn sources(input: ParseStream, errors: &mut Errors) -> Result<Pipe> {
    if input.peek(token::Paren) {
        let content;
        let paren = parenthesized!(content in input);
        let before = errors.len();
        let sources = list(&content, "values", errors, named)?;
        if sources.is_empty() && errors.len() == before {
            errors.at(paren.span.join(), "expected the names of values, as in `(a, b)`");
        }
        return Ok(Pipe { sources, steps: Vec::new() });
    }
    if input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let stage = stage::stage(input, errors)?;
        errors.on(&stage.name, format!("a pipe starts at a value: write `x -> {}: ..`", stage.name.to_token_stream()));
        return Ok(Pipe { sources: Vec::new(), steps: vec![Step::Stage(stage)] });
    }
    if input.peek(Ident) && (input.peek2(token::Paren) || input.peek2(token::Brace) || input.peek2(Token![::])) {
        return without_source(input, errors);
    }
    match source(input) {
        Ok(source) => Ok(Pipe { sources: vec![source], steps: Vec::new() }),
        // `-> Relu`: only the source is missing
        Err(e) if input.peek(Token![->]) => {
            errors.push(e);
            Ok(Pipe { sources: Vec::new(), steps: Vec::new() })
        }
        Err(e) => Err(e),
    }
}

fn source(input: ParseStream) -> Result<Ident> {
    if input.peek(Ident) {
        return input.parse();
    }
    if input.peek(Token![for]) {
        return Err(error(input, "a `for` stands behind an arrow, as in `x -> for _ in 0..3 { Relu }`: it repeats stages"));
    }
    Err(error(input, "expected the name of a value, as in `x -> Relu` or `(a, b) -> Add`"))
}

/// A source in a tuple. A pipe is none.
fn named(input: ParseStream, errors: &mut Errors) -> Result<Ident> {
    let name = source(input)?;
    if input.peek(Token![->]) {
        errors.push(error(input, "a tuple holds names of values: name this pipe with a `let` before"));
        skip(input, |at| at.peek(Token![,]))?;
    }
    Ok(name)
}

/// `Relu(x)` or `Linear { out: 10 } -> ..`: a layer where the source should be.
fn without_source(input: ParseStream, errors: &mut Errors) -> Result<Pipe> {
    let layer = path(input, errors)?;
    let text = layer.to_token_stream().to_string().replace(' ', "");
    if input.peek(token::Paren) {
        let content;
        let paren = parenthesized!(content in input);
        let values: TokenStream = content.parse()?;
        let single = values.clone().into_iter().count() == 1;
        let from = if single { values.to_string() } else { format!("({values})") };
        let from = if values.is_empty() { "x".to_owned() } else { from };
        let close = paren.span.close();
        errors.on(quote_spanned!(close=> #layer ()), format!("a layer stands behind its input: write `{from} -> {text}`"));
        let sources = syn::parse2(values).ok().into_iter().collect();
        return Ok(Pipe { sources, steps: vec![Step::Stage(Stage { weights: None, name: None, layer, fields: None })] });
    }
    errors.on(&layer, format!("a pipe starts at a value: write `x -> {text}`, where `x` is an input or named by a `let`"));
    let fields = if input.peek(token::Brace) { Some(fields(input, errors)?) } else { None };
    Ok(Pipe { sources: Vec::new(), steps: vec![Step::Stage(Stage { weights: None, name: None, layer, fields })] })
}

/// `x + y`, `x.relu()`, `x[0]`: values are no numbers here. The first of them is enough of an error.
fn operator(input: ParseStream, errors: &mut Errors) -> Result<()> {
    let calculation = input.peek(Token![+]) || input.peek(Token![*]) || input.peek(Token![/]) || input.peek(Token![%]);
    let minus = input.peek(Token![-]) && !input.peek(Token![->]);
    let part = input.peek(Token![.]) || input.peek(token::Bracket);
    if calculation || minus || part {
        let message = if part {
            "a value has neither methods nor parts: layers compute, as in `x -> Relu`"
        } else {
            "only layers compute: several values go to one of them as in `(a, b) -> Add`"
        };
        errors.push(error(input, message));
        return skip(input, |at| at.peek(Token![->]) || ends(at));
    }
    Ok(())
}

/// `-> step -> step`, with what is mistaken for an arrow.
fn steps(input: ParseStream, steps: &mut Vec<Step>, errors: &mut Errors) -> Result<()> {
    loop {
        let Some(arrow) = arrow(input, errors)? else { return Ok(()) };
        if !arrow.is_empty() && ends(input) {
            errors.on(&arrow, "no layer follows this arrow: write one, as in `-> Relu`, or remove the arrow");
            continue;
        }
        if let Err(e) = step(input, errors).map(|step| steps.push(step)) {
            errors.push(e);
            skip(input, |at| at.peek(Token![->]) || ends(at))?;
        }
    }
}

/// An arrow, or what should be one; without tokens where it is missing before something that can only be a stage.
fn arrow(input: ParseStream, errors: &mut Errors) -> Result<Option<TokenStream>> {
    if input.peek(Token![->]) {
        return input.parse::<Token![->]>().map(|arrow| Some(arrow.into_token_stream()));
    }
    if stage::starts(input) {
        errors.push(error(input, "expected `->` before this layer"));
        return Ok(Some(TokenStream::new()));
    }
    let sign = |at: ParseStream| {
        let one = at.peek(Token![=>]) || at.peek(Token![>]) || at.peek(Token![|]) || at.peek(Token![~]);
        one || (at.peek(Token![-]) && at.peek2(Token![>]) && !at.peek(Token![->]))
    };
    let mut wrong = TokenStream::new();
    while sign(input) {
        wrong.extend([input.parse::<TokenTree>()?]);
        if input.peek(Token![>]) {
            wrong.extend([input.parse::<TokenTree>()?]);
        }
    }
    if wrong.is_empty() {
        return Ok(None);
    }
    errors.on(&wrong, "stages are joined by `->`");
    Ok(Some(wrong))
}

fn step(input: ParseStream, errors: &mut Errors) -> Result<Step> {
    let mut attrs = input.call(Attribute::parse_outer)?;
    if input.peek(token::Paren) {
        let message = error(input, "expected one layer: a value goes several ways when several pipes start at it, each with a `let`");
        input.parse::<TokenTree>()?;
        return Err(message);
    }
    if input.peek(Token![for]) {
        attributes::no_weights(&mut attrs, "a `for`", errors);
        docs_of(attrs, "a stage", errors);
        return repeat(input, errors).map(Step::For);
    }
    let weights = attributes::weights(&mut attrs, errors);
    docs_of(attrs, "a stage", errors);
    stage::stage(input, errors).map(|stage| Step::Stage(Stage { weights, ..stage }))
}

fn repeat(input: ParseStream, errors: &mut Errors) -> Result<For> {
    input.parse::<Token![for]>()?;
    if input.peek(token::Brace) || input.peek(Token![in]) || (input.peek(Ident) && input.peek2(token::Brace)) {
        return Err(error(input, "expected a variable and a list, as in `for width in [64, 128] { .. }`, or `for _ in 0..3 { .. }`"));
    }
    let pattern = Pat::parse_single(input)?;
    if !input.peek(Token![in]) {
        return Err(error(input, "expected `in` and a list, as in `for width in [64, 128] { .. }`"));
    }
    input.parse::<Token![in]>()?;
    let list = if input.peek(token::Brace) {
        errors.push(error(input, "expected a list, as in `for width in [64, 128] { .. }`, or a range, as in `for _ in 0..3 { .. }`"));
        None
    } else {
        Some(Box::new(Expr::parse_without_eager_brace(input)?))
    };
    let values = list.as_deref().map_or(Ok(Vec::new()), range::values).unwrap_or_else(|e| {
        errors.push(e);
        Vec::new()
    });
    if !input.peek(token::Brace) {
        return Err(error(input, "expected `{` and the stages that the `for` repeats"));
    }
    let content;
    let brace = braced!(content in input);
    let mut body = Vec::new();
    // Only the arrow before the first stage is none.
    if content.is_empty() {
        errors.at(brace.span.join(), "this `for` repeats nothing: expected stages, as in `{ Linear { out: 10 } -> Relu }`");
    } else if let Err(e) = step(&content, errors).map(|first| body.push(first)) {
        errors.push(e);
        skip(&content, |at| at.peek(Token![->]) || ends(at))?;
    }
    steps(&content, &mut body, errors)?;
    if !content.is_empty() {
        errors.push(unfinished(&content, "`}` at the end of the `for`"));
        skip(&content, |_| false)?;
    }
    Ok(For { pattern, list, values, body })
}

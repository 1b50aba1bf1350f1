//! Tokens to syntax. Every error is recovered at the next `->`, `,`, `;`, `}`, `loss`, `release` or `model`, so that several show, and
//! what could be read is kept: fallback items and editors live on it.

mod attributes;
mod dims;
mod header;
mod loss;
mod pipe;
mod range;
mod role;
mod stage;

use crate::ast::{Body, Description, Header, Let, Pipe};
use crate::diagnostics::Errors;
use core::fmt::Display;
use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::quote;
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

/// Parses the content of `secure_model!`: one description. More than one is an error, but all are read. One whose name cannot be
/// read is left out.
pub fn descriptions(tokens: TokenStream, errors: &mut Errors) -> Vec<Description> {
    let mut found = Vec::new();
    let parser = |input: ParseStream| -> Result<()> {
        while found.is_empty() || !input.is_empty() {
            match parse(input, errors) {
                Ok(description) => found.push(description),
                Err(e) => {
                    errors.push(e);
                    return skip(input, |_| false);
                }
            }
        }
        Ok(())
    };
    let outcome = parser.parse2(tokens);
    if let Err(e) = outcome {
        errors.push(e);
    }
    found
}

/// One description, up to the next one.
fn parse(input: ParseStream, errors: &mut Errors) -> Result<Description> {
    let mut header = header::header(input, errors)?;
    let body = body(input, &mut header, errors)?;
    while !input.is_empty() && !header::starts(input) {
        if loss::starts(input) {
            clause(input, &mut header, errors)?;
        } else if role::starts(input) {
            header.releases.push(role::release(input, errors)?);
        } else if input.peek(Ident) && input.peek2(Ident) && !input.peek(kw::loss) {
            errors.push(error(input, "expected `release`, as in `release output to client`, or the end of the description"));
            header.releases.push(role::unreadable(input)?);
        } else {
            surplus(input, errors)?;
        }
    }
    if !input.is_empty() {
        let ahead = input.fork();
        skip(&ahead, |at| at.peek(kw::model))?;
        let (model, name) = (ahead.parse::<kw::model>()?, ahead.parse::<Ident>()?);
        errors.on(quote!(#model #name), format!("one `secure_model!` holds one model: give `{name}` a `secure_model!` of its own"));
    }
    Ok(Description { header, body })
}

/// The loss, which stands once, before all releases.
fn clause(input: ParseStream, header: &mut Header, errors: &mut Errors) -> Result<()> {
    if header.loss.is_some() {
        errors.push(error(input, format!("`{}` has a loss already: a description has one", header.name)));
    } else if !header.releases.is_empty() {
        errors.push(error(input, "a `loss` stands before the releases: right behind the `}` of the model"));
    }
    let loss = loss::loss(input, header, errors)?;
    header.loss.get_or_insert(Box::new(loss));
    Ok(())
}

/// An error at what stands behind the body and is no clause.
fn surplus(input: ParseStream, errors: &mut Errors) -> Result<()> {
    if input.peek(kw::loss) {
        errors.push(error(input, loss::EXPECTED_INPUTS));
        return skip(input, role::starts);
    }
    errors.push(error(input, "expected `release` or the end of the description"));
    skip(input, |at| role::starts(at) || header::starts(at))
}

/// `{ let* pipe }`, perhaps without its braces; `None` without a body.
fn body(input: ParseStream, header: &mut Header, errors: &mut Errors) -> Result<Option<Body>> {
    if !input.peek(token::Brace) {
        let first = if role::starts(input) { ", which stand before its releases" } else { "" };
        let missing = format!("expected `{{` and the stages of `{}`{first}", header.name);
        if input.is_empty() {
            errors.on(&header.name, missing);
            return Ok(None);
        }
        errors.push(error(input, missing));
        if input.peek(Token![let]) || pipe::starts(input) {
            return statements(input, header, errors).map(Some);
        }
        skip(input, |at| at.peek(token::Brace) || header::starts(at))?;
        if !input.peek(token::Brace) {
            return Ok(None);
        }
    }
    let content;
    let brace = braced!(content in input);
    let before = errors.len();
    let body = statements(&content, header, errors)?;
    if body.result.sources.is_empty() && body.result.steps.is_empty() && errors.len() == before {
        errors.at(brace.span.close(), "expected a pipe such as `x -> Relu`: the last one is the model's result and has no `let`");
    }
    Ok(Some(body))
}

/// `let* pipe`
fn statements(input: ParseStream, header: &mut Header, errors: &mut Errors) -> Result<Body> {
    let result = "no `return` here: the last pipe is the model's result";
    let mut body = Body { lets: Vec::new(), result: Pipe::empty() };
    while !input.is_empty() {
        if input.peek(Token![return]) {
            errors.push(error(input, result));
            input.parse::<Token![return]>()?;
        }
        let statement = if input.peek(Token![let]) {
            binding(input, errors).map(|l| body.lets.push(l))
        } else {
            last(input, header, errors).map(|pipe| body.result = pipe)
        };
        if let Err(e) = statement {
            errors.push(e);
            skip(input, |at| at.peek(Token![;]) || at.peek(Token![let]))?;
            input.parse::<Option<Token![;]>>()?;
        }
    }
    Ok(body)
}

fn binding(input: ParseStream, errors: &mut Errors) -> Result<Let> {
    input.parse::<Token![let]>()?;
    if input.peek(Token![mut]) {
        errors.push(error(input, "no `mut` here: a value never changes"));
        input.parse::<Token![mut]>()?;
    }
    if !input.peek(Ident) {
        return Err(error(input, "expected a name: a `let` names the one value of its pipe"));
    }
    let name: Ident = input.parse()?;
    let example = format!("as in `let {name} = x -> Relu;`");
    if input.peek(Token![:]) {
        errors.push(error(input, format!("no shape or type here, {example}: the compiler computes it")));
        skip(input, |at| at.peek(Token![=]) || at.peek(Token![;]) || pipe::starts(at))?;
    }
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
    } else {
        let missing = error(input, format!("expected `=` and a pipe, {example}"));
        // with a pipe behind it, only the sign is missing
        if !pipe::starts(input) {
            return Err(missing);
        }
        errors.push(missing);
    }
    let pipe = match pipe::pipe(input, errors) {
        Ok(pipe) => pipe,
        // The name stays, for those who read it.
        Err(e) => {
            errors.push(e);
            skip(input, |at| at.peek(Token![;]) || at.peek(Token![let]))?;
            input.parse::<Option<Token![;]>>()?;
            return Ok(Let { name, pipe: Pipe::empty() });
        }
    };
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
    } else if input.peek(Token![let]) || pipe::starts(input) {
        errors.push(error(input, format!("expected `;` before this: the `let` of `{name}` has no end")));
    } else {
        errors.push(pipe::unfinished(input, "`;` at the end of this `let`"));
        skip(input, |at| at.peek(Token![;]) || at.peek(Token![let]))?;
        input.parse::<Option<Token![;]>>()?;
    }
    Ok(Let { name, pipe })
}

fn last(input: ParseStream, header: &mut Header, errors: &mut Errors) -> Result<Pipe> {
    let pipe = pipe::pipe(input, errors)?;
    if input.peek(Token![;]) {
        errors.push(error(input, "no `;` here: the last pipe is the model's result, and an earlier one is named with `let`"));
        input.parse::<Token![;]>()?;
    } else if role::starts(input) {
        errors.push(error(input, "a `release` stands behind the `}` of the model, not inside"));
        while role::starts(input) {
            header.releases.push(role::release(input, errors)?);
        }
    } else if loss::starts(input) {
        errors.push(error(input, "a `loss` stands behind the `}` of the model, not inside"));
        let loss = loss::loss(input, header, errors)?;
        header.loss.get_or_insert(Box::new(loss));
    } else if !input.is_empty() {
        errors.push(pipe::unfinished(input, "the end of the model"));
        skip(input, |at| at.peek(Token![;]) || at.peek(Token![let]))?;
        input.parse::<Option<Token![;]>>()?;
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
            Ok(item) => {
                items.push(item);
                if !input.is_empty() && !input.peek(Token![,]) {
                    errors.push(error(input, format!("expected `,` or the end of the {what}")));
                    // with another item behind it, only the sign is missing
                    if input.peek(Ident) {
                        continue;
                    }
                }
            }
            Err(e) => errors.push(e),
        }
        skip(input, |at| at.peek(Token![,]))?;
        input.parse::<Option<Token![,]>>()?;
    }
    Ok(items)
}

/// An error at the next token, or at the bracket that ends the input. `=>` is one token here, and so is `(a, b)`.
fn error(input: ParseStream, message: impl Display) -> syn::Error {
    let mut tokens = TokenStream::new();
    let ahead = input.fork();
    while let Ok(next) = ahead.parse::<TokenTree>() {
        let goes_on =
            matches!(&next, TokenTree::Punct(p) if p.spacing() == Spacing::Joint && ahead.peek(Token![>]) || ahead.peek(Token![.]));
        let long = matches!(&next, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
        if long {
            break;
        }
        tokens.extend([next]);
        if !goes_on {
            break;
        }
    }
    if tokens.is_empty() { syn::Error::new(input.span(), message) } else { syn::Error::new_spanned(tokens, message) }
}

/// Drops tokens until `found` or the end.
fn skip(input: ParseStream, found: impl Fn(ParseStream) -> bool) -> Result<()> {
    while !input.is_empty() && !found(input) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

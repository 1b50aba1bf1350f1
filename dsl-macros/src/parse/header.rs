//! `attrs vis model Name { params } (inputs) -> dims weights from role`.

use super::{error, kw, list, role};
use crate::ast::{Dims, Header, Input, Param};
use crate::diagnostics::Errors;
use syn::parse::{ParseStream, Result};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Path, Token, braced, bracketed, parenthesized, parse_quote, token};

pub fn header(input: ParseStream, errors: &mut Errors) -> Result<Header> {
    let (krate, attrs) = facade(input.call(Attribute::parse_outer)?, errors);
    let vis = input.parse()?;
    if !input.peek(kw::model) {
        return Err(error(input, "expected a model, as in `pub model LeNet(image: [1, 28, 28]) -> [10] { .. }`"));
    }
    input.parse::<kw::model>()?;
    let name: Ident = input.parse()?;
    let mut params = Vec::new();
    if input.peek(token::Brace) && input.peek2(token::Paren) {
        let content;
        braced!(content in input);
        params = list(&content, "parameters", errors, param)?;
    }
    if !input.peek(token::Paren) {
        return Err(error(input, format!("expected the inputs of `{name}`, as in `(x: [3, 32, 32])`, or `(x)` for any shape")));
    }
    let content;
    parenthesized!(content in input);
    let inputs = list(&content, "inputs", errors, self::input)?;
    let output = if input.parse::<Option<Token![->]>>()?.is_some() { Some(dims(input, errors)?) } else { None };
    let weights = role::weights(input, errors)?;
    Ok(Header { krate, attrs, vis, name, params, inputs, output, weights, releases: Vec::new() })
}

/// Takes `#[undertone(crate = path)]` out of the attributes.
fn facade(attrs: Vec<Attribute>, errors: &mut Errors) -> (Path, Vec<Attribute>) {
    let mut krate = parse_quote!(::undertone);
    let (ours, others): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|a| a.path().is_ident("undertone"));
    for attr in ours {
        let path = attr.parse_args_with(|input: ParseStream| {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style)
        });
        match path {
            Ok(path) => krate = path,
            Err(_) => errors.on(&attr, "expected `#[undertone(crate = path)]`, the path of the crate `undertone`"),
        }
    }
    (krate, others)
}

/// `name: Type = default`
fn param(input: ParseStream, errors: &mut Errors) -> Result<Param> {
    let docs = docs(input, "a parameter", errors)?;
    let name: Ident = input.parse()?;
    if !input.peek(Token![:]) {
        return Err(error(input, format!("expected the type of the parameter, as in `{name}: usize` or `{name}: usize = 1`")));
    }
    input.parse::<Token![:]>()?;
    let ty = input.parse()?;
    let default = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
    Ok(Param { docs, name, ty, default })
}

/// `name: dims from owner`
fn input(input: ParseStream, errors: &mut Errors) -> Result<Input> {
    docs(input, "an input", errors)?;
    let name: Ident = input.parse()?;
    let mut dims = if input.parse::<Option<Token![:]>>()?.is_some() { Some(self::dims(input, errors)?) } else { None };
    let owner = role::owner(input, "this input", &format!("{name}: [4] from hospital"), errors)?;
    if let Some(owner) = owner.as_ref().filter(|_| dims.is_none() && input.peek(Token![:])) {
        errors.push(error(input, format!("dimensions stand before `from`, as in `{name}: [4] from {owner}`")));
        input.parse::<Token![:]>()?;
        dims = Some(self::dims(input, errors)?);
    }
    Ok(Input { name, dims, owner })
}

/// `[3, HEIGHT, WIDTH]`
pub fn dims(input: ParseStream, errors: &mut Errors) -> Result<Dims> {
    if !input.peek(token::Bracket) {
        return Err(error(input, "expected dimensions, as in `[3, 32, 32]`, or `[]` for a scalar"));
    }
    let content;
    let bracket = bracketed!(content in input);
    let list: Vec<Expr> = list(&content, "dimensions", errors, |input, _| input.parse())?;
    Ok(Dims { bracket, list: Punctuated::from_iter(list) })
}

/// Attributes where only doc comments may stand.
pub fn docs(input: ParseStream, before: &str, errors: &mut Errors) -> Result<Vec<Attribute>> {
    let (docs, others): (Vec<_>, Vec<_>) = input.call(Attribute::parse_outer)?.into_iter().partition(|a| a.path().is_ident("doc"));
    for attr in others {
        let message = if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            format!("{before} cannot depend on `cfg`, because the names of weights would change with it: put the `cfg` on the model")
        } else {
            format!("no such attribute: only doc comments may stand before {before}")
        };
        errors.on(&attr, message);
    }
    Ok(docs)
}

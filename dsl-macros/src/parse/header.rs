//! `attrs vis model Name { params } (inputs) -> dims weights from role`. What can be guessed behind a mistake is guessed, because the
//! functions of a model have the types that its header says.

use super::dims::{SEVERAL, dims};
use super::{attributes, error, kw, list, role, skip};
use crate::ast::{Header, Input, Param};
use crate::diagnostics::Errors;
use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser, Result};
use syn::{Attribute, Ident, Token, Visibility, braced, parenthesized, parse_quote_spanned, token};

pub fn header(input: ParseStream, errors: &mut Errors) -> Result<Header> {
    let mut attrs = input.call(Attribute::parse_outer)?;
    let (krate, budget) = (attributes::facade(&mut attrs, errors), attributes::budget(&mut attrs, errors));
    attributes::no_weights(&mut attrs, "a model", errors);
    let vis = input.parse()?;
    let name = name(input, errors)?;
    if input.peek(Token![<]) {
        let mut generics = TokenStream::new();
        while !(input.is_empty() || input.peek(token::Paren) || input.peek(token::Brace)) {
            generics.extend([input.parse::<TokenTree>()?]);
        }
        let message = format!("a model is not generic: its parameters stand in braces, as in `{name} {{ width: usize }} (x)`");
        errors.on(generics, message);
    }
    let mut params = Vec::new();
    if input.peek(token::Brace) && (input.peek2(token::Paren) || input.peek2(token::Brace)) {
        let content;
        braced!(content in input);
        params = list(&content, "parameters", errors, param)?;
    }
    let mut inputs = Vec::new();
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        inputs = list(&content, "inputs", errors, self::input)?;
    } else {
        errors.push(error(input, format!("expected the inputs of `{name}`, as in `(x: [3, 32, 32])`, or `(x)` for any shape")));
    }
    misplaced(input, &name, &mut params, errors)?;
    let mut output = output(input, errors)?;
    misplaced(input, &name, &mut params, errors)?;
    let weights = role::weights(input, errors)?;
    if output.is_none() && input.peek(Token![->]) {
        errors.push(error(input, "the dimensions of the output stand before `weights from`"));
        output = self::output(input, errors)?;
    }
    Ok(Header { krate, budget, attrs, vis, name, params, inputs, output, weights, loss: None, is_loss: false, releases: Vec::new() })
}

/// Parameters behind the inputs: braces before other ones or an arrow, with nothing but parameters in them.
fn misplaced(input: ParseStream, name: &Ident, params: &mut Vec<Param>, errors: &mut Errors) -> Result<()> {
    let goes_on = input.peek2(token::Brace) || input.peek2(Token![->]) || input.peek2(Token![=>]);
    if !(input.peek(token::Brace) && goes_on) {
        return Ok(());
    }
    let TokenTree::Group(group) = input.fork().parse::<TokenTree>()? else { return Ok(()) };
    let mut slips = Errors::new();
    let found = (|input: ParseStream| list(input, "parameters", &mut slips, param)).parse2(group.stream());
    if slips.barrier().is_empty()
        && let Ok(found) = found
        && !found.is_empty()
    {
        input.parse::<TokenTree>()?;
        errors.on(&group, format!("parameters stand before the inputs, as in `{name} {{ width: usize }} (x)`"));
        params.extend(found);
    }
    Ok(())
}

/// Whether a description starts here.
pub fn starts(input: ParseStream) -> bool {
    let ahead = input.fork();
    let visible = ahead.call(Attribute::parse_outer).is_ok() && ahead.parse::<Visibility>().is_ok();
    visible && ahead.peek(kw::model) && ahead.peek2(Ident)
}

/// `model Name`, where another word may stand for `model`.
fn name(input: ParseStream, errors: &mut Errors) -> Result<Ident> {
    let expected = "expected a model, as in `pub model LeNet(image: [1, 28, 28]) -> [10] { .. }`";
    if input.peek(kw::model) {
        input.parse::<kw::model>()?;
    } else if input.peek(Ident::peek_any) && input.peek2(Ident) && (input.peek3(token::Paren) || input.peek3(token::Brace)) {
        errors.push(error(input, expected));
        input.parse::<TokenTree>()?;
    } else if input.peek(Ident) && (input.peek2(token::Paren) || input.peek2(token::Brace)) {
        errors.push(error(input, expected));
    } else {
        return Err(error(input, expected));
    }
    if input.peek(Ident) {
        return input.parse();
    }
    let missing = error(input, "expected the name of the model, as in `model LeNet(image: [1, 28, 28]) -> [10] { .. }`");
    if !input.peek(token::Paren) {
        return Err(missing);
    }
    // Without a name nobody uses the model, but its stages can be read.
    errors.push(missing);
    Ok(Ident::new("Unnamed", input.span()))
}

/// `-> dims`, or nothing.
fn output(input: ParseStream, errors: &mut Errors) -> Result<Option<crate::ast::Dims>> {
    let arrow = "expected `->` before the dimensions of the output, as in `(x: [3]) -> [3]`";
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
    } else if input.peek(Token![=>]) {
        errors.push(error(input, arrow));
        input.parse::<Token![=>]>()?;
    } else if input.peek(Token![:]) {
        errors.push(error(input, arrow));
        input.parse::<Token![:]>()?;
    } else if input.peek(token::Bracket) {
        errors.push(error(input, arrow));
    } else {
        return Ok(None);
    }
    let found = dims(input, errors).and_then(|dims| if input.peek(Token![,]) { Err(error(input, SEVERAL)) } else { Ok(dims) });
    // Behind broken dimensions the stages can still be read.
    found.map(Some).or_else(|e| {
        errors.push(e);
        skip(input, |at| at.peek(token::Brace) || at.peek(kw::weights))?;
        Ok(None)
    })
}

/// `name: Type = default`
fn param(input: ParseStream, errors: &mut Errors) -> Result<Param> {
    let docs = docs(input, "a parameter", errors)?;
    let name = word(input, "a parameter", "width: usize = 1")?;
    let ty = if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
        input.parse()?
    } else {
        errors.push(error(input, format!("expected the type of the parameter, as in `{name}: usize` or `{name}: usize = 1`")));
        // What most parameters are; other models may give it.
        parse_quote_spanned!(name.span()=> usize)
    };
    let default = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
    Ok(Param { docs, name, ty, default })
}

/// `name: dims from owner`
pub fn input(input: ParseStream, errors: &mut Errors) -> Result<Input> {
    docs(input, "an input", errors)?;
    let name = word(input, "an input", "x: [3, 32, 32]")?;
    if input.peek(token::Bracket) {
        errors.push(error(input, format!("expected `:` before the dimensions, as in `{name}: [3]`")));
    }
    let mut dims = if input.parse::<Option<Token![:]>>()?.is_some() || input.peek(token::Bracket) {
        // The input is there for those who read it, whatever its shape.
        self::dims(input, errors).map(Some).or_else(|e| {
            errors.push(e);
            skip(input, |at| at.peek(Token![,]) || at.peek(kw::from))?;
            Ok::<_, syn::Error>(None)
        })?
    } else {
        None
    };
    let owner = role::owner(input, "this input", &format!("{name}: [4] from hospital"), errors)?;
    if let Some(owner) = owner.as_ref().filter(|_| dims.is_none() && input.peek(Token![:])) {
        errors.push(error(input, format!("dimensions stand before `from`, as in `{name}: [4] from {owner}`")));
        input.parse::<Token![:]>()?;
        dims = Some(self::dims(input, errors)?);
    }
    Ok(Input { name, dims, owner })
}

/// A name that is no keyword.
fn word(input: ParseStream, of: &str, example: &str) -> Result<Ident> {
    if input.peek(Ident) {
        return input.parse();
    }
    Err(error(input, format!("expected the name of {of}, as in `{example}`")))
}

/// Attributes where only doc comments may stand.
fn docs(input: ParseStream, before: &str, errors: &mut Errors) -> Result<Vec<Attribute>> {
    Ok(docs_of(input.call(Attribute::parse_outer)?, before, errors))
}

/// The doc comments among attributes; any other one is an error.
pub fn docs_of(mut attrs: Vec<Attribute>, before: &str, errors: &mut Errors) -> Vec<Attribute> {
    attributes::no_weights(&mut attrs, before, errors);
    let (docs, others): (Vec<_>, Vec<_>) = attrs.into_iter().partition(|a| a.path().is_ident("doc"));
    for attr in others {
        let message = if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            format!("{before} cannot depend on `cfg`, because the names of weights would change with it: put the `cfg` on the model")
        } else {
            format!("no such attribute: only doc comments may stand before {before}")
        };
        errors.on(&attr, message);
    }
    docs
}

//! `name: path::of::Layer { field: value, field }`, also half typed: an editor completes what stands in the tree.

use super::{error, kw, list, pipe, skip};
use crate::ast::{Fields, Stage};
use crate::diagnostics::Errors;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser, Result};
use syn::punctuated::Punctuated;
use syn::{
    AngleBracketedGenericArguments, Expr, FieldValue, Ident, Lit, LitInt, Member, Path, PathArguments, PathSegment, Token, braced,
    parse_quote_spanned, token,
};

/// One stage.
pub fn stage(input: ParseStream, errors: &mut Errors) -> Result<Stage> {
    let name = name(input, errors)?;
    // `x -> to client`: the layer is missing, and `to` is none.
    let clause = (input.peek(kw::to) || input.peek(kw::release)) && input.peek2(Ident);
    if !(input.peek(Ident::peek_any) || input.peek(Token![::])) || input.peek(Token![for]) || clause {
        return Err(error(input, "expected a layer, as in `Relu` or `fc1: Linear { out: 10 }`"));
    }
    let layer = path(input, errors)?;
    let fields = if input.peek(token::Brace) { Some(fields(input, errors)?) } else { bracketed(input, &layer, errors)? };
    Ok(Stage { weights: None, name, layer, fields })
}

/// Whether something starts here that can only be a stage: `Relu`, `fc1: ..`, `layers::..`.
pub fn starts(input: ParseStream) -> bool {
    let named = input.peek(Ident) && input.peek2(Token![:]);
    let upper = || input.fork().parse::<Ident>().is_ok_and(|i| i.unraw().to_string().starts_with(char::is_uppercase));
    named || upper()
}

/// `fc1:`, or nothing.
fn name(input: ParseStream, errors: &mut Errors) -> Result<Option<Ident>> {
    if !input.peek(Ident) {
        return Ok(None);
    }
    if input.peek2(Token![:]) && !input.peek2(Token![::]) {
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        return Ok(Some(name));
    }
    if input.peek2(Token![=]) && !input.peek2(Token![=>]) {
        let name: Ident = input.parse()?;
        errors.push(error(input, format!("expected `:` between the name of a stage and its layer, as in `{name}: Linear`")));
        input.parse::<Token![=]>()?;
        return Ok(Some(name));
    }
    Ok(None)
}

/// The path of a layer. One that ends with `::` is kept up to there.
pub fn path(input: ParseStream, errors: &mut Errors) -> Result<Path> {
    let mut path = Path { leading_colon: input.parse()?, segments: Punctuated::new() };
    loop {
        if !input.peek(Ident::peek_any) {
            let message = "expected a layer behind `::`, as in `layers::Relu`";
            if path.segments.is_empty() {
                return Err(error(input, message));
            }
            errors.on(&path, message);
            path.segments.pop_punct();
            return Ok(path);
        }
        let word = input.call(Ident::parse_any)?;
        path.segments.push_value(PathSegment::from(word));
        if !input.peek(Token![::]) {
            break;
        }
        path.segments.push_punct(input.parse()?);
    }
    // Only these keywords may be part of a path.
    let ends = path.segments.iter().map(|s| &s.ident).enumerate();
    for (i, word) in ends {
        let relative = ["self", "Self", "super", "crate"].iter().any(|k| word == k);
        if syn::parse2::<Ident>(word.to_token_stream()).is_err() && !(relative && (i + 1 < path.segments.len() || word == "Self")) {
            return Err(syn::Error::new(word.span(), format!("expected a layer, as in `Relu`, and `{word}` is a keyword")));
        }
    }
    if input.peek(Token![<])
        && let Some(last) = path.segments.last_mut()
    {
        last.arguments = PathArguments::AngleBracketed(input.parse::<AngleBracketedGenericArguments>()?);
    }
    Ok(path)
}

/// `{ field: value, field }`
pub fn fields(input: ParseStream, errors: &mut Errors) -> Result<Fields> {
    let content;
    let brace = braced!(content in input);
    let comma = content.fork().parse::<TokenStream>()?.into_iter().last().is_none_or(|t| t.to_string() == ",");
    let before = errors.len();
    let list = list(&content, "fields", errors, field)?;
    Ok(Fields { brace, list, open: comma || errors.len() > before })
}

/// Fields in parentheses or brackets, as other languages have them.
fn bracketed(input: ParseStream, layer: &Path, errors: &mut Errors) -> Result<Option<Fields>> {
    if !(input.peek(token::Paren) || input.peek(token::Bracket)) || pipe::starts_with_several(input) {
        return Ok(None);
    }
    let TokenTree::Group(group) = input.parse::<TokenTree>()? else { return Ok(None) };
    let parser = |input: ParseStream| {
        let mut slips = Errors::new();
        let list = list(input, "fields", &mut slips, field);
        let readable = slips.barrier().is_empty();
        Ok((list?, readable))
    };
    let (list, readable) = parser.parse2(group.stream()).unwrap_or_default();
    let layer = layer.to_token_stream().to_string().replace(' ', "");
    let message = if group.stream().is_empty() {
        format!("a layer without fields is its name alone: write `{layer}`")
    } else if readable && list.iter().all(|f| f.colon_token.is_some()) {
        format!("the fields of a layer stand in braces: write `{layer} {{ {} }}`", texts(&list))
    } else {
        "the fields of a layer stand in braces and have names, as in `Linear { out: 10 }`".to_owned()
    };
    errors.on(&group, message);
    Ok(Some(Fields { brace: token::Brace { span: group.delim_span() }, list, open: false }).filter(|_| readable))
}

fn texts(fields: &[FieldValue]) -> String {
    let text = |f: &FieldValue| format!("{}: {}", f.member.to_token_stream(), f.expr.to_token_stream());
    fields.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// `name: value`, or `name`. A name whose value cannot be read stays, because an editor knows what to offer for it.
fn field(input: ParseStream, errors: &mut Errors) -> Result<FieldValue> {
    if input.peek(Token![..]) {
        return Err(error(input, "no `..` here: a field that is not given takes its default"));
    }
    let attrs = Vec::new();
    let member = member(input)?;
    let name = member.to_token_stream().to_string();
    if let Member::Named(ident) = &member
        && (input.is_empty() || input.peek(Token![,]))
    {
        let expr: Expr = parse_quote_spanned!(ident.span()=> #ident);
        return Ok(FieldValue { attrs, member, colon_token: None, expr });
    }
    let colon: Token![:] = if input.peek(Token![:]) {
        input.parse()?
    } else if input.peek(Token![=]) {
        errors.push(error(input, format!("expected `:` between a field and its value, as in `{name}: ..`")));
        Token![:](input.parse::<Token![=]>()?.span)
    } else if input.peek(Lit) || input.peek(Ident) {
        errors.push(error(input, format!("expected `:` between a field and its value, as in `{name}: ..`")));
        Token![:](input.span())
    } else {
        return Err(error(input, format!("expected `:` and the value of `{name}`, or `,`")));
    };
    let unknown: Expr = parse_quote_spanned!(colon.span=> loop {});
    let expr = if input.is_empty() || input.peek(Token![,]) {
        errors.on(quote::quote!(#member #colon), format!("the field `{name}` has no value: write one behind the `:`"));
        unknown
    } else {
        input.parse().or_else(|e| {
            errors.push(e);
            skip(input, |at| at.peek(Token![,]))?;
            Ok::<_, syn::Error>(unknown)
        })?
    };
    Ok(FieldValue { attrs, member, colon_token: Some(colon), expr })
}

/// The name of a field, or its number in a struct without names.
fn member(input: ParseStream) -> Result<Member> {
    if input.peek(LitInt) && input.peek2(Token![:]) {
        return input.parse().map(Member::Unnamed);
    }
    if input.peek(LitInt) {
        let value: LitInt = input.fork().parse()?;
        return Err(error(input, format!("expected a field and its value, as in `out: {value}`")));
    }
    if !input.peek(Ident::peek_any) {
        return Err(error(input, "expected a field, as in `out: 10`"));
    }
    let word = input.call(Ident::parse_any)?;
    if syn::parse2::<Ident>(word.to_token_stream()).is_err() {
        return Err(syn::Error::new(word.span(), format!("expected a field, as in `out: 10`, and `{word}` is a keyword")));
    }
    Ok(Member::Named(word))
}

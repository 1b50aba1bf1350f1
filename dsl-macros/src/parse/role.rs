//! Who owns and who learns: `from role`, `weights from role`, `release name: dims = pipe to role, role`.

use super::dims::dims;
use super::{error, kw, pipe, skip};
use crate::ast::Release;
use crate::diagnostics::Errors;
use proc_macro2::TokenTree;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Result};
use syn::{Ident, Token, token};

/// `from role`, or nothing; a misspelt `from` is read as one.
pub fn owner(input: ParseStream, of: &str, example: &str, errors: &mut Errors) -> Result<Option<Ident>> {
    if input.peek(kw::from) {
        input.parse::<kw::from>()?;
    } else if input.peek(Ident) && input.peek2(Ident) && !input.peek2(kw::from) {
        errors.push(error(input, format!("expected `from` and the role that owns {of}, as in `{example}`")));
        input.parse::<Ident>()?;
    } else {
        return Ok(None);
    }
    role(input, &format!("expected the role that owns {of}, as in `{example}`")).map(Some)
}

/// `weights from role`, or nothing.
pub fn weights(input: ParseStream, errors: &mut Errors) -> Result<Option<Ident>> {
    let example = "expected `from` and the role that owns the weights, as in `weights from clinic`";
    if input.peek(kw::weights) {
        input.parse::<kw::weights>()?;
    } else if input.peek(Ident) && input.peek2(kw::from) {
        errors.push(error(input, "expected `weights from` and the role that owns the weights, or `{` and the stages of the model"));
        input.parse::<Ident>()?;
    } else {
        return Ok(None);
    }
    if input.peek(kw::from) {
        input.parse::<kw::from>()?;
    } else {
        errors.push(error(input, example));
        if input.peek2(Ident) {
            input.parse::<TokenTree>()?;
        } else if !input.peek(Ident) {
            return Ok(None);
        }
    }
    if input.peek(token::Brace) {
        errors.push(error(input, example));
        return Ok(None);
    }
    // Behind a broken role the stages can still be read.
    role(input, example).map_or_else(
        |e| {
            errors.push(e);
            input.parse::<TokenTree>().map(|_| None)
        },
        |owner| Ok(Some(owner)),
    )
}

/// Whether a release starts here.
pub fn starts(input: ParseStream) -> bool {
    input.peek(kw::release)
}

/// Whether the roles of a release start here.
pub fn receivers(input: ParseStream) -> bool {
    input.peek(kw::to) && input.peek2(Ident) && !input.peek2(kw::to)
}

/// One release. After a syntax error it has what could be read of it, so that callers of its roles get no error of their own.
pub fn release(input: ParseStream, errors: &mut Errors) -> Result<Release> {
    let mut release = Release { span: input.parse::<Ident>()?.span(), name: None, dims: None, pipe: None, to: Vec::new() };
    if let Err(e) = parts(input, &mut release, errors) {
        // Where the description ends there is no token to underline.
        errors.push(if input.is_empty() { syn::Error::new(release.span, e) } else { e });
        rest(input, &mut release)?;
    }
    Ok(release)
}

/// A release that starts with another word.
pub fn unreadable(input: ParseStream) -> Result<Release> {
    let mut release = Release { span: input.span(), name: None, dims: None, pipe: None, to: Vec::new() };
    rest(input, &mut release).map(|()| release)
}

/// Drops tokens up to the next release, and keeps the roles among them.
fn rest(input: ParseStream, release: &mut Release) -> Result<()> {
    while !input.is_empty() && !starts(input) {
        let roles = input.peek2(Ident) && (input.peek(kw::to) || (input.peek(Token![,]) && !input.peek2(kw::to)));
        input.parse::<TokenTree>()?;
        if roles && !starts(input) {
            release.to.push(input.parse()?);
        }
    }
    Ok(())
}

fn parts(input: ParseStream, release: &mut Release, errors: &mut Errors) -> Result<()> {
    let typed = input.peek(Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    // `name [3] = ..`, without its colon
    let untyped = input.peek(Ident) && input.peek2(token::Bracket);
    if typed || untyped || (input.peek(Ident) && input.peek2(Token![=])) {
        let name: Ident = input.parse()?;
        if untyped {
            errors.push(error(input, format!("expected `:` before the dimensions, as in `release {name}: [3] = ..`")));
        }
        input.parse::<Option<Token![:]>>()?;
        if typed || untyped {
            release.dims = Some(dims(input, errors)?);
        }
        let equals = input.parse::<Option<Token![=]>>()?.is_some();
        let message = format!("expected `=` and the pipe whose value is opened, as in `release {name}: [3] = output -> Relu to client`");
        release.name = Some(name);
        if !equals {
            // with a source behind it, only the sign is missing
            let missing = error(input, message);
            if !(input.peek(Ident) || input.peek(token::Paren)) {
                return Err(missing);
            }
            errors.push(missing);
        }
    }
    if receivers(input) {
        return Err(error(input, "expected the name of a value, as in `release output to client`"));
    }
    release.pipe = Some(pipe::pipe(input, errors)?);
    if input.peek(kw::to) {
        input.parse::<kw::to>()?;
    } else if input.peek(Ident) && input.peek2(Ident) && !starts(input) {
        errors.push(error(input, "expected `->` and a layer, or `to` and the roles that learn the value, as in `to client`"));
        input.parse::<Ident>()?;
    } else {
        return Err(pipe::unfinished(input, "`to` and the roles that learn the value, as in `to client`"));
    }
    release.to.push(role(input, RECEIVER)?);
    while let Some(comma) = input.parse::<Option<Token![,]>>()? {
        if input.is_empty() || (starts(input) && input.peek2(Ident)) {
            errors.at(comma.span, "no `,` here: a release ends with its last role");
            break;
        }
        release.to.push(role(input, RECEIVER)?);
    }
    if input.peek(Token![;]) {
        errors.push(error(input, "no `;` here: a release ends with its last role"));
        skip(input, |at| !at.peek(Token![;]))?;
    }
    Ok(())
}

const RECEIVER: &str = "expected a role that learns the value, as in `to client` or `to client, auditor`";

/// A role is the name of a function, so it is no keyword.
fn role(input: ParseStream, expected: &str) -> Result<Ident> {
    if input.peek(Ident) {
        return input.parse();
    }
    if input.peek(Ident::peek_any) {
        let word = input.fork().call(Ident::parse_any)?;
        let message = format!("a role is the name of a function, and `{word}` is a keyword: choose another name");
        return Err(error(input, message));
    }
    Err(error(input, expected))
}

//! The attributes of the language itself: `#[budget(..)]` and `#[undertone(crate = ..)]` on a model, `#[weights("..")]` on a stage.

use crate::ast::Budget;
use crate::diagnostics::Errors;
use syn::parse::{ParseStream, Result};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, Lit, LitStr, Path, Token, parse_quote};

/// Takes `#[undertone(crate = path)]` out of the attributes.
pub fn facade(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Path {
    let mut krate = parse_quote!(::undertone);
    for attr in take(attrs, "undertone") {
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
    krate
}

/// Takes `#[budget(rounds = 200, megabytes = 8)]` out of the attributes.
pub fn budget(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<Budget> {
    let mut budget: Option<Budget> = None;
    for attr in take(attrs, "budget") {
        if budget.is_some() {
            errors.on(
                &attr,
                "this model has a budget already: put rounds and megabytes into one, as in `#[budget(rounds = 200, megabytes = 8)]`",
            );
            continue;
        }
        let mut found = Budget { span: attr.path().span(), rounds: None, megabytes: None };
        let before = errors.len();
        if let Err(e) = attr.parse_args_with(|input: ParseStream| limits(input, &mut found, errors)) {
            errors.at(e.span(), "expected `rounds = 200`, `megabytes = 8` or both, as in `#[budget(rounds = 200, megabytes = 8)]`");
        } else if errors.len() == before && found.rounds.is_none() && found.megabytes.is_none() {
            errors
                .on(&attr, "an empty budget: write what a run may cost, as in `#[budget(rounds = 200, megabytes = 8)]`, or one of the two");
        }
        budget = Some(found);
    }
    budget
}

/// `rounds = 200, megabytes = 8`
fn limits(input: ParseStream, budget: &mut Budget, errors: &mut Errors) -> Result<()> {
    while !input.is_empty() {
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        // an expression, so that whatever stands here is underlined as a whole
        let value: syn::Expr = input.parse()?;
        let literal = if let syn::Expr::Lit(literal) = &value { Some(&literal.lit) } else { None };
        let given = if key == "rounds" {
            let known = match literal {
                Some(Lit::Int(number)) => number.base10_parse::<u64>().ok(),
                _ => None,
            };
            set(&mut budget.rounds, known.filter(|n| *n > 0), (&key, &value), "a whole number from 1, as in `rounds = 200`", errors)
        } else if key == "megabytes" {
            let known = match literal {
                Some(Lit::Int(number)) => number.base10_parse::<f64>().ok(),
                Some(Lit::Float(number)) => number.base10_parse::<f64>().ok(),
                _ => None,
            };
            let known = known.filter(|n| *n > 0.0 && n.is_finite());
            set(&mut budget.megabytes, known, (&key, &value), "a number above 0, as in `megabytes = 8` or `megabytes = 0.5`", errors)
        } else {
            errors.on(&key, format!("a budget has no `{key}`: it has `rounds` and `megabytes`, of 10^6 bytes"));
            true
        };
        if !given {
            errors.on(&key, format!("`{key}` is given twice"));
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

/// Whether this is the first value; a value that cannot be one is an error.
fn set<T>(at: &mut Option<T>, value: Option<T>, (key, given): (&Ident, &syn::Expr), needs: &str, errors: &mut Errors) -> bool {
    if at.is_some() {
        return false;
    }
    if value.is_none() {
        errors.on(given, format!("`{key}` is {needs}"));
    }
    *at = value;
    true
}

/// Takes `#[weights("layer1.0.conv1")]` out of the attributes of a stage.
pub fn weights(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<LitStr> {
    let mut found: Option<LitStr> = None;
    for attr in take(attrs, "weights") {
        let Ok(name) = attr.parse_args::<LitStr>() else {
            errors.on(&attr, "expected the start of the names of this stage's weights, as in `#[weights(\"layer1.0.conv1\")]`");
            continue;
        };
        if found.is_some() {
            errors.on(&attr, "this stage has names for its weights already");
        } else if name.value().split('.').any(|part| part.trim() != part || part.is_empty()) {
            errors.on(&name, "names of weights are words joined by dots, as in \"layer1.0.conv1\", none of them empty");
        }
        found = Some(name);
    }
    found
}

/// The error of `#[weights(..)]` before something that has none.
pub fn no_weights(attrs: &mut Vec<Attribute>, before: &str, errors: &mut Errors) {
    for attr in take(attrs, "weights") {
        errors.on(&attr, format!("`#[weights(..)]` stands before a stage, not before {before}"));
    }
}

fn take(attrs: &mut Vec<Attribute>, name: &str) -> Vec<Attribute> {
    let (ours, others) = core::mem::take(attrs).into_iter().partition(|a| a.path().is_ident(name));
    *attrs = others;
    ours
}

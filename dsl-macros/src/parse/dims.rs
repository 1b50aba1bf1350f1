//! `[3, HEIGHT, WIDTH]`

use super::{error, list, skip};
use crate::ast::Dims;
use crate::diagnostics::Errors;
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Result};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, UnOp, bracketed, parenthesized, token};

/// What is said where several shapes stand.
pub const SEVERAL: &str = "one shape stands here: a model has one output, and other values are opened by a `release`";

/// Dimensions; those without brackets, or in others, are an error and are read all the same.
pub fn dims(input: ParseStream, errors: &mut Errors) -> Result<Dims> {
    let content;
    let bracket = if input.peek(token::Bracket) {
        bracketed!(content in input)
    } else if input.peek(token::Paren) {
        let paren = parenthesized!(content in input);
        if content.peek(token::Bracket) {
            skip(&content, |_| false)?;
            return Err(syn::Error::new(paren.span.join(), SEVERAL));
        }
        errors.at(paren.span.join(), format!("dimensions stand in brackets: write `[{content}]`"));
        token::Bracket { span: paren.span }
    } else {
        return bare(input, errors);
    };
    let list: Vec<Expr> = list(&content, "dimensions", errors, dimension)?;
    Ok(Dims { bracket, list: Punctuated::from_iter(list) })
}

/// One number or constant without brackets.
fn bare(input: ParseStream, errors: &mut Errors) -> Result<Dims> {
    let word = input.fork().parse::<Ident>().map(|word| word.to_string());
    let value: Expr = match word {
        Ok(word) if word.contains(char::is_lowercase) && word != "from" => {
            let message = format!(
                "expected dimensions, as in `[3, 32, 32]`, and not the type `{word}`: a parameter of a type stands in braces before the inputs"
            );
            return Err(error(input, message));
        }
        Ok(word) if word != "from" => Expr::Path(input.parse()?),
        _ if input.peek(LitInt) => Expr::Lit(input.parse()?),
        _ => return Err(error(input, "expected dimensions, as in `[3, 32, 32]`, or `[]` for a scalar")),
    };
    errors.on(&value, format!("dimensions stand in brackets: write `[{}]`", value.to_token_stream()));
    let mut bracket = Group::new(Delimiter::Bracket, TokenStream::new());
    bracket.set_span(value.span());
    Ok(Dims { bracket: token::Bracket { span: bracket.delim_span() }, list: Punctuated::from_iter([value]) })
}

/// One dimension. A literal that is no size is an error here: as a type it would be several of the compiler's.
fn dimension(input: ParseStream, errors: &mut Errors) -> Result<Expr> {
    let value: Expr = input.parse()?;
    let size = match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => {
            matches!(int.suffix(), "" | "usize") && int.base10_parse::<u64>().is_ok_and(|n| i64::try_from(n).is_ok())
        }
        Expr::Lit(_) | Expr::Infer(_) => false,
        Expr::Unary(unary) => !(matches!(unary.op, UnOp::Neg(_)) && matches!(&*unary.expr, Expr::Lit(_))),
        _ => true,
    };
    if size {
        return Ok(value);
    }
    let text: String = value.to_token_stream().into_iter().map(|token| token.to_string()).collect();
    let message = match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) if !int.suffix().is_empty() => {
            format!("a dimension is a `usize`: write `{}`", int.base10_digits())
        }
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => format!("`{text}` is too large for a dimension"),
        _ => format!("a dimension is a whole number, as in `[3, 32, 32]`, and `{text}` is none"),
    };
    errors.on(&value, message);
    // The number that was meant, most likely, so that types have some dimension.
    let digits: String = text.trim_start_matches('-').chars().take_while(char::is_ascii_digit).take(18).collect();
    let meant = LitInt::new(if digits.is_empty() { "1" } else { &digits }, value.span());
    Ok(Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Int(meant) }))
}

//! The list of a `for`, which the macro unrolls, so it is written out.

use proc_macro2::Span;
use syn::{Error, Expr, ExprLit, Lit, LitInt, RangeLimits, Result};

/// More repetitions than this are a slip of the pen.
const LIMIT: u128 = 4096;

/// The values of `[a, b]`, `[a; 3]`, `0..3` or `0..=2`.
pub fn values(list: &Expr) -> Result<Vec<Expr>> {
    let values = match list {
        Expr::Paren(inner) => return values(&inner.expr),
        Expr::Array(array) => array.elems.iter().cloned().collect(),
        Expr::Repeat(repeat) => {
            let (times, _) = integer(&repeat.len).ok_or_else(|| unknown(list))?;
            limited(list, times)?;
            (0..times).map(|_| (*repeat.expr).clone()).collect()
        }
        Expr::Range(range) => {
            let (Some(start), Some(end)) = (&range.start, &range.end) else { return Err(unknown(list)) };
            let (Some((from, literal)), Some((to, _))) = (integer(start), integer(end)) else { return Err(unknown(list)) };
            let end = if matches!(range.limits, RangeLimits::Closed(_)) { to.saturating_add(1) } else { to };
            limited(list, end.saturating_sub(from))?;
            (from..end).map(|i| number(i, literal.suffix(), literal.span())).collect::<Vec<_>>()
        }
        _ => return Err(unknown(list)),
    };
    if values.is_empty() { Err(Error::new_spanned(list, "this `for` repeats nothing: its list is empty")) } else { Ok(values) }
}

fn limited(list: &Expr, times: u128) -> Result<()> {
    if times <= LIMIT {
        return Ok(());
    }
    Err(Error::new_spanned(list, format!("a `for` repeats its stages at most {LIMIT} times, this one {times} times")))
}

fn unknown(list: &Expr) -> Error {
    let fraction = |e: &Option<Box<Expr>>| matches!(e.as_deref(), Some(Expr::Lit(ExprLit { lit: Lit::Float(_), .. })));
    if let Expr::Range(range) = list
        && (fraction(&range.start) || fraction(&range.end))
    {
        return Error::new_spanned(list, "a range counts in whole numbers, as in `0..7`: write fractions as a list, such as `[0.25, 0.5]`");
    }
    Error::new_spanned(
        list,
        "a `for` is unrolled before constants have values: write a list such as `[64, 128]` or a range of numbers such as `0..7`",
    )
}

fn integer(e: &Expr) -> Option<(u128, &LitInt)> {
    match e {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => Some((literal.base10_parse().ok()?, literal)),
        _ => None,
    }
}

fn number(value: u128, suffix: &str, span: Span) -> Expr {
    let literal = LitInt::new(&format!("{value}{suffix}"), span);
    Expr::Lit(ExprLit { attrs: Vec::new(), lit: Lit::Int(literal) })
}

//! The names of stages: keys of weights, rows of reports, labels of errors. Unique, compared without case.

use crate::diagnostics::Errors;
use crate::lower::Turn;
use proc_macro2::Span;
use std::collections::HashMap;
use syn::ext::IdentExt;
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Pat};

/// The names given so far.
#[derive(Default)]
pub struct Names {
    counts: HashMap<String, usize>,
    taken: HashMap<String, Taken>,
}

struct Taken {
    name: String,
    span: Span,
    written: bool,
}

impl Names {
    /// The name that the description gives: itself, or numbered inside a `for`.
    pub fn written(&mut self, name: &Ident, numbered: bool, errors: &mut Errors) -> String {
        let mut text = name.unraw().to_string();
        if numbered {
            text = self.numbered(&text);
        }
        self.take(text, name.span(), true, errors)
    }

    /// The name of a stage that has none: its layer's snake name, numbered.
    pub fn automatic(&mut self, layer: &Ident, errors: &mut Errors) -> String {
        let text = self.numbered(&snake(&layer.unraw().to_string()));
        self.take(text, layer.span(), false, errors)
    }

    fn numbered(&mut self, base: &str) -> String {
        let count = self.counts.entry(base.to_lowercase()).or_insert(0);
        *count += 1;
        format!("{base}_{count}")
    }

    fn take(&mut self, name: String, span: Span, written: bool, errors: &mut Errors) -> String {
        let Some(old) = self.taken.get(&name.to_lowercase()) else {
            self.taken.insert(name.to_lowercase(), Taken { name: name.clone(), span, written });
            return name;
        };
        if !old.written || !written {
            // One of them is numbered by the macro: the other one, which somebody wrote, has to change.
            let (text, span) = if written { (&old.name, span) } else { (&name, old.span) };
            errors.at(span, format!("a stage without a name of its own is called `{text}` already: choose another name"));
        } else if old.name == name {
            errors.at(span, format!("two stages are called `{name}`, but a stage's name is the key of its weights"));
        } else {
            errors.at(span, format!("`{}` and `{name}` differ only in case, and names of stages are compared without it", old.name));
        }
        name
    }
}

/// The text of `#[weights(..)]` with the values of loop variables, as in `"layer1.{i}"`.
///
/// # Errors
/// When braces do not hold a variable whose value is written out.
pub fn prefix(text: &str, turns: &[Turn]) -> Result<String, String> {
    let (mut rest, mut out) = (text, String::new());
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err("a `{` without `}`: a variable of a `for` stands between them, as in \"layer1.{i}\"".to_owned());
        };
        let value = turns.iter().rev().find_map(|turn| bound(name, turn.pattern, turn.value));
        out.push_str(before);
        out.push_str(
            &value.ok_or_else(|| format!("`{name}` is no variable of a `for` around this stage whose values are numbers or texts"))?,
        );
        rest = after;
    }
    Ok(out + rest)
}

/// The names in the braces of such a text.
pub fn variables(text: &LitStr) -> Vec<Ident> {
    let text = text.value();
    text.split('{').skip(1).filter_map(|rest| syn::parse_str(rest.split_once('}')?.0).ok()).collect()
}

/// The value of a loop variable, where it is written out.
fn bound(name: &str, pattern: &Pat, value: &Expr) -> Option<String> {
    match (pattern, value) {
        (Pat::Ident(pattern), Expr::Lit(ExprLit { lit, .. })) if pattern.ident.unraw() == name => match lit {
            Lit::Int(number) => Some(number.base10_digits().to_owned()),
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        (Pat::Tuple(patterns), Expr::Tuple(values)) => patterns.elems.iter().zip(&values.elems).find_map(|(p, v)| bound(name, p, v)),
        _ => None,
    }
}

/// Checks that no two stages take their weights from one name.
pub fn prefixes<'a>(all: impl Iterator<Item = (&'a LitStr, &'a str)>, errors: &mut Errors) {
    let (mut known, mut told): (HashMap<&str, &LitStr>, Vec<&LitStr>) = (HashMap::new(), Vec::new());
    for (written, name) in all {
        let Some(first) = known.get(name) else {
            known.insert(name, written);
            continue;
        };
        let repeated = core::ptr::eq(*first, written);
        if told.iter().any(|t| core::ptr::eq(*t, written)) {
            continue;
        }
        let message = if repeated {
            format!(
                "several repetitions have the weights `{name}`: name a variable of each `for`, as in `for i in 0..2 {{ #[weights(\"layer1.{{i}}\")] .. }}`"
            )
        } else {
            format!("two stages have the weights `{name}`, and stages do not share weights")
        };
        errors.on(written, message);
        told.push(written);
    }
}

/// `MaxPool2d` to `max_pool2d`, `GRUCell` to `gru_cell`.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_lower = i > 0 && chars[i - 1].is_lowercase();
        let before_lower = i > 0 && chars[i - 1] != '_' && chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        if c.is_uppercase() && (after_lower || before_lower) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn layers_become_snake_names() {
        let names = ["Relu", "Conv2d", "MaxPool2d", "GlobalAvgPool", "GRUCell", "ReLU", "Conv2D", "Conv2Dense", "already_snake", "A_B"];
        let snakes =
            ["relu", "conv2d", "max_pool2d", "global_avg_pool", "gru_cell", "re_lu", "conv2d", "conv2_dense", "already_snake", "a_b"];
        assert_eq!(names.map(snake), snakes);
    }
}

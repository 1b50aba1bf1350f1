//! The names of stages: keys of weights, rows of reports, labels of errors. Unique, compared without case.

use crate::diagnostics::Errors;
use proc_macro2::Span;
use std::collections::HashMap;
use syn::Ident;
use syn::ext::IdentExt;

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

//! A short text of a plan, for snapshots and for people.

use super::{Kind, Numbers, Opening, Plan};
use crate::protocol::Compare;
use crate::protocol::product::Form;
use core::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.settings;
        let opening = |m: u32| if m == s.opened { String::new() } else { format!(", m = {m}") };
        writeln!(f, "{}: n = {}, f = {}, m = {}, {} parties", self.model, s.ring, s.fraction, s.opened, s.parties)?;
        let mut alone = 0;
        for (k, step) in self.steps.iter().enumerate() {
            // where one step after the other would begin
            let messages = self.exchanges(step, 1).len();
            let wave = if step.wave as usize == alone { String::new() } else { format!(", wave {}", step.wave) };
            alone += messages;
            let inputs: Vec<String> = step.inputs.iter().map(|i| format!("%{i}")).collect();
            let what = match &step.kind {
                Kind::Input(i) => self.inputs.get(*i).map_or("input".into(), |i| format!("input {} of {}{}", i.name, i.owner, i.scaling)),
                Kind::Open(Opening { from, to }) => {
                    let end = |word: &str, party: &Option<usize>| party.map_or(String::new(), |p| format!(" {word} party {p}"));
                    format!("open{}{}", end("from", from), end("to", to))
                }
                Kind::Linear { geometry: g, weight } => {
                    let w = &self.weights[*weight];
                    let bias = if w.bias.is_some() { " with bias" } else { "" };
                    // two axes are told, and a third one where there is one
                    let first = usize::from(g.size[0] == 1 && g.kernel[0] == 1);
                    let size: Vec<String> = g.size[first..].iter().map(usize::to_string).collect();
                    format!("linear {}x{} by {:?} to {}{bias}, groups {}", size.join("x"), g.c, &g.kernel[first..], g.out, g.groups)
                }
                Kind::Product(p) => match p.form {
                    Form::Each { .. } => "product".into(),
                    Form::Matrix { count, rows, inner, columns } => {
                        format!("product of {count} matrices, {rows}x{inner} by {inner}x{columns}")
                    }
                },
                Kind::Polynomial(p) => format!("polynomial {:?} at {} bits", p.coefficients, p.bits),
                Kind::Truncate { t, m } => format!("truncate by {t}{}", opening(*m)),
                Kind::Relu { t, compare } => format!("relu after {t}{}{}", opening(compare.m), parameters(compare)),
                Kind::Piecewise { t, compare, function, bits, factor } => {
                    let at = match &function.thresholds[..] {
                        few @ ([_] | [_, _]) => format!("at {few:?}"),
                        many => format!("at {} thresholds", many.len()),
                    };
                    let more = if *bits == 0 { String::new() } else { format!(", {bits} bits more") };
                    let factor = if *factor == 1 { String::new() } else { format!(", factor {factor}") };
                    format!("piecewise after {t} {at}{more}{factor}{}{}", opening(compare.m), parameters(compare))
                }
                Kind::Curve { t, compare, width, curve, bits, factor } => {
                    let at = match curve.thresholds.len() {
                        0 => String::new(),
                        1 => " at a threshold".into(),
                        n => format!(" at {n} thresholds"),
                    };
                    let scale = if *bits == s.fraction { String::new() } else { format!(", {bits} bits") };
                    let factor = if *factor == 1 { String::new() } else { format!(", factor {factor}") };
                    let near = if *width == compare.m && !curve.thresholds.is_empty() { ", near" } else { "" };
                    let (words, m) = (curve.words(), opening(compare.m));
                    format!("curve of {words} words after {t}{at}{scale}{factor}{m}{near}{}", parameters(compare))
                }
                Kind::Compact { t, compare, function, bits, .. } => {
                    format!("{function} after {t}, {bits} bits{}{}", opening(compare.m), parameters(compare))
                }
                Kind::Above { t, compare, threshold } => {
                    format!("above {threshold} after {t}{}{}", opening(compare.m), parameters(compare))
                }
                Kind::Max { windows, compare, narrow, group } => {
                    let narrow = if *narrow { ", narrow" } else { "" };
                    let by = if *group == 2 { String::new() } else { format!(" by {group}") };
                    let m = compare.m;
                    format!("max of {:?} step {:?}{by}, m = {m}{narrow}{}", windows.kernel, windows.stride, parameters(compare))
                }
                Kind::MaxOver { over, compare, narrow, group } => {
                    let narrow = if *narrow { ", narrow" } else { "" };
                    let by = if *group == 2 { String::new() } else { format!(" by {group}") };
                    format!("max of {} lists of {}{by}, m = {}{narrow}{}", over.ends.len(), over.size, compare.m, parameters(compare))
                }
                Kind::ArgMax { axis, compare, group } => {
                    format!("arg max of {} by {group}, m = {}{}", axis.size, compare.m, parameters(compare))
                }
                Kind::TopK { search, compare } => {
                    let what = if search.values { " values" } else { "" };
                    format!("top {}{what} of {} by {}, m = {}{}", search.k, search.axis.size, search.group, compare.m, parameters(compare))
                }
                Kind::Sum(sum) => format!("sum of {:?} step {:?}", sum.0.kernel, sum.0.stride),
                Kind::Times(t) => {
                    let bits = if t.bits == 0 { String::new() } else { format!(", {} bits finer", t.bits) };
                    let factor = if t.factor == 1 { String::new() } else { format!(", factor {}", t.factor) };
                    let over = if t.over == 1 { String::new() } else { format!(" over {}", t.over) };
                    format!("times {}{bits}{factor}{over}", numbers(&t.numbers))
                }
                Kind::Plus(p) => format!("plus {} by party {}", numbers(&p.numbers), p.by),
                Kind::Round { t } => format!("round by {t}"),
                Kind::Add => "add".into(),
                Kind::Move(copies) => format!("move ({})", copies.len()),
                Kind::Sparse(s) => {
                    let scale = if s.bits == 0 { String::new() } else { format!(", {} bits", s.bits) };
                    let factor = if s.factor == 1 { String::new() } else { format!(", factor {}", s.factor) };
                    format!("sparse {} to {}, {} terms{scale}{factor}", s.size, s.ends.len(), s.terms.len())
                }
                Kind::Release(r) => self.releases.get(*r).map_or("release".into(), |r| {
                    let to: Vec<String> = r.to.iter().map(ToString::to_string).collect();
                    format!("release to {} at {} bits, factor {}", to.join(", "), r.value.bits, r.value.factor)
                }),
            };
            writeln!(f, "  %{k} = {what} {}: {}  # {}{wave}", inputs.join(" "), step.len, step.stage)?;
        }
        if self.weights.is_empty() { Ok(()) } else { writeln!(f, "  weights of {}", self.weights_owner) }
    }
}

/// One number, or how many there are.
fn numbers(numbers: &Numbers) -> String {
    if let [one] = *numbers.all { one.to_string() } else { format!("{} numbers", numbers.all.len()) }
}

/// How values are compared, where that is not the usual way.
fn parameters(compare: &Compare) -> String {
    let Compare { m, digit, radix, fused } = *compare;
    if *compare == Compare::new(m) {
        return String::new();
    }
    format!(", digits of {digit} by {radix}{}", if fused { ", fused" } else { "" })
}

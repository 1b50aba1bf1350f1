//! A short text of a plan, for snapshots and for people.

use super::{Kind, Plan};
use core::fmt;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.settings;
        writeln!(f, "{}: n = {}, f = {}, m = {}, {} parties", self.model, s.ring, s.fraction, s.opened, s.parties)?;
        for (k, step) in self.steps.iter().enumerate() {
            let inputs: Vec<String> = step.inputs.iter().map(|i| format!("%{i}")).collect();
            let what = match &step.kind {
                Kind::Input(i) => format!("input {}", self.inputs.get(*i).map_or("", |i| &i.name)),
                Kind::Open => "open".into(),
                Kind::Linear { geometry: g, weight } => {
                    let w = &self.weights[*weight];
                    let bias = if w.bias.is_some() { " with bias" } else { "" };
                    format!("linear {}x{}x{} by {:?} to {}{bias}, groups {}", g.h, g.w, g.c, g.kernel, g.out, g.groups)
                }
                Kind::Truncate { t } => format!("truncate by {t}"),
                Kind::Relu { t } => format!("relu after {t}"),
                Kind::Max { windows, m, narrow } => {
                    format!("max of {:?} step {:?}, m = {m}{}", windows.kernel, windows.stride, if *narrow { ", narrow" } else { "" })
                }
                Kind::Sum(sum) => format!("sum of {:?} step {:?}", sum.0.kernel, sum.0.stride),
                Kind::Times { factor } => format!("times {factor}"),
                Kind::Add => "add".into(),
                Kind::Move(copies) => format!("move ({})", copies.len()),
            };
            writeln!(f, "  %{k} = {what} {}: {}  # {}", inputs.join(" "), step.len, step.stage)?;
        }
        writeln!(f, "  -> %{} at {} bits, factor {}", self.output.step, self.output.bits, self.output.factor)
    }
}

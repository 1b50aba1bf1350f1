//! A short text of a graph: it survives changes of code generation, so tests keep snapshots of it.

use super::op::{Approx, Break, Curve, Loss, Normalize, Piecewise, Smooth, Softmax};
use super::{Graph, Op};
use core::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.name)?;
        for (i, node) in self.nodes.iter().enumerate() {
            let inputs: Vec<String> = node.inputs.iter().map(|input| format!("%{}", input.0)).collect();
            let what = match &node.op {
                Op::Input(k) if self.inputs[*k].owner.is_empty() => format!("input {}", self.inputs[*k].name),
                Op::Input(k) => format!("input {} from {}", self.inputs[*k].name, self.inputs[*k].owner),
                Op::Parameter(k) => format!("parameter {}", self.parameters[*k].name),
                Op::Conv(c) => {
                    let sizes = [("stride", c.stride, 1), ("padding", c.padding, 0), ("dilation", c.dilation, 1)];
                    convolution("conv", &inputs, node.shape.rank() - 1, &sizes, c.groups)
                }
                Op::ConvTranspose(c) => {
                    let (padding, more) = (("padding", c.padding, 0), ("output_padding", c.output_padding, 0));
                    let sizes = [("stride", c.stride, 1), padding, more, ("dilation", c.dilation, 1)];
                    convolution("conv_transpose", &inputs, node.shape.rank() - 1, &sizes, c.groups)
                }
                Op::Piecewise(p) => format!("piecewise {} {}", inputs.join(" "), breaks(p)),
                Op::Above(a) => format!("above {} at {}", inputs.join(" "), a.at),
                Op::MaxPool(p) => pool(&inputs, "max_pool", node.shape.rank() - 1, p.kernel, p.stride, p.padding),
                Op::MaxOver(m) => format!("max_over {} axis {} in {} windows", inputs.join(" "), m.axis, m.windows.len()),
                Op::AvgPool(p) => pool(&inputs, "avg_pool", node.shape.rank() - 1, p.kernel, p.stride, p.padding),
                Op::ArgMax(a) => format!("arg_max {} axis {}", inputs.join(" "), a.axis),
                Op::TopK(t) => {
                    let what = if t.values { "values" } else { "indices" };
                    format!("top_k {} axis {} k {} {what}", inputs.join(" "), t.axis, t.k)
                }
                Op::Concat { axis } => format!("concat {} axis {axis}", inputs.join(" ")),
                Op::Permute { axes } => format!("permute {} {axes:?}", inputs.join(" ")),
                Op::Gather { axis, indices } => format!("gather {} axis {axis} at {}", inputs.join(" "), positions(indices)),
                Op::Pad { before, after, value } => format!("pad {} {before:?} {after:?} by {value}", inputs.join(" ")),
                Op::Resample(r) => format!("resample {} axis {} over {}", inputs.join(" "), r.axis, r.denominator),
                Op::Affine(a) => format!("affine {} times {} plus {}", inputs.join(" "), numbers(&a.factors), numbers(&a.offsets)),
                Op::Polynomial(p) => format!("polynomial {} {:?}", inputs.join(" "), p.coefficients),
                Op::Scaled(s) => format!("scaled {} axis {}", inputs.join(" "), s.axis),
                Op::Biased(b) => format!("biased {} axis {}", inputs.join(" "), b.axis),
                Op::Curve(c) => curve(c, &inputs.join(" ")),
                Op::Softmax(Softmax { axis, within, .. }) => {
                    let within = within.map(|most| format!(" within {most}")).unwrap_or_default();
                    format!("{} {} axis {axis}{within}", node.op.name(), inputs.join(" "))
                }
                Op::Normalize(Normalize { axes, eps, centred }) => {
                    let what = if *centred { "" } else { " by squares" };
                    format!("normalize {} over {axes} eps {eps}{what}", inputs.join(" "))
                }
                Op::Dropout { rate } => format!("dropout {} rate {rate}", inputs.join(" ")),
                Op::Loss(Loss::Ctc { blank }) => format!("ctc {} blank {blank}", inputs.join(" ")),
                Op::Loss(Loss::Huber { delta }) => format!("huber {} delta {delta}", inputs.join(" ")),
                Op::Loss(Loss::Dice { smooth, from_logits }) => {
                    format!("dice {} smooth {smooth}{}", inputs.join(" "), if *from_logits { " from logits" } else { "" })
                }
                other => format!("{} {}", other.name(), inputs.join(" ")),
            };
            let stage = if node.stage.is_empty() { String::new() } else { format!("  # {}", node.stage) };
            writeln!(f, "  %{i} = {}: {}{stage}", what.trim_end(), node.shape)?;
        }
        if !self.parameters.is_empty() {
            writeln!(f, "  weights from {}", self.weights_owner)?;
        }
        writeln!(f, "  -> %{}", self.output.0)?;
        for release in &self.releases {
            writeln!(f, "  release {} = %{} to {}", release.name, release.node.0, release.to.join(", "))?;
        }
        Ok(())
    }
}

/// A convolution with whatever is not as usual.
fn convolution(name: &str, inputs: &[String], axes: usize, sizes: &[(&str, [usize; 3], usize)], groups: usize) -> String {
    let mut words = vec![format!("{name} {}", inputs.join(" "))];
    for (name, value, plain) in sizes {
        if value[..axes].iter().any(|v| v != plain) {
            words.push(format!("{name} {:?}", &value[..axes]));
        }
    }
    if groups != 1 {
        words.push(format!("groups {groups}"));
    }
    words.join(" ")
}

/// Where the pieces begin, or how many there are.
fn breaks(p: &Piecewise) -> String {
    if p.breaks.len() > 4 {
        return format!("of {} pieces", p.pieces.len());
    }
    let text = |b: &Break| match b {
        Break::From(at) => format!("from {at}"),
        Break::After(at) => format!("after {at}"),
    };
    p.breaks.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// A smooth function with whatever is not as usual.
fn curve(c: &Curve, input: &str) -> String {
    let alpha = if let Smooth::Elu { alpha } = c.function { format!(" alpha {alpha}") } else { String::new() };
    let approx = match c.approx {
        Approx::Everywhere => String::new(),
        Approx::Quick => " quick".into(),
        Approx::Compact => " compact".into(),
        Approx::Within(most) => format!(" within {most}"),
    };
    format!("{} {input}{alpha}{approx}", c.function.name())
}

/// One number, or all of a list.
fn numbers(all: &[f64]) -> String {
    if let [one] = all { one.to_string() } else { format!("{all:?}") }
}

fn pool(inputs: &[String], name: &str, axes: usize, kernel: [usize; 3], stride: [usize; 3], padding: [usize; 3]) -> String {
    let pad = if padding[..axes].iter().all(|p| *p == 0) { String::new() } else { format!(" padding {:?}", &padding[..axes]) };
    format!("{name} {} kernel {:?} stride {:?}{pad}", inputs.join(" "), &kernel[..axes], &stride[..axes])
}

/// A list of positions: as what they have in common, or one by one; few of many.
fn positions(indices: &[usize]) -> String {
    const SHOWN: usize = 8;
    match indices {
        [first, second, ..] if indices.len() > 2 && second > first && indices.is_sorted_by(|a, b| b.wrapping_sub(*a) == second - first) => {
            format!("{first}..={} step {}", first + (second - first) * (indices.len() - 1), second - first)
        }
        _ if indices.len() <= SHOWN => format!("{indices:?}"),
        _ => format!("{:?} and {} more", &indices[..SHOWN], indices.len() - SHOWN),
    }
}

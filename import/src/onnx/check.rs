//! Whether a file is a network that can be read at all: its version, its operators' versions, and that every value is made once and before it
//! is read.

use super::messages::{Model, Node};
use crate::error::shown;
use std::collections::HashSet;
use std::ops::RangeInclusive;

/// The versions of the standard operators that are known here.
pub const OPSETS: RangeInclusive<i64> = 11..=21;

/// The versions of the format; 3 came with opset 8, 13 is the last one that is known here.
const FORMATS: RangeInclusive<i64> = 3..=13;

/// Reads and checks a network: the model, and the version of its operators.
///
/// # Errors
/// A text that says what is wrong, and what to do.
pub fn read(bytes: &[u8]) -> Result<(Model<'_>, i64), String> {
    let whole = || "not a whole file of ONNX: it is cut off, or something else".to_owned();
    let model = Model::decode(bytes).map_err(|_| whole())?;
    if !FORMATS.contains(&model.ir_version) {
        return Err(match model.ir_version {
            0 => whole(),
            other => format!(
                "is of version {other} of the format of ONNX, and versions 3 to 13 are known: export it again with another release of the exporter"
            ),
        });
    }
    if model.functions {
        return Err("brings functions of its own: inline them, in Python with onnx.inliner.inline_local_functions".into());
    }
    let Some((_, opset)) = model.opsets.iter().find(|(domain, _)| default_domain(domain)) else {
        return Err("does not say which version of the operators of ONNX it uses".into());
    };
    if !OPSETS.contains(opset) {
        return Err(format!(
            "is of opset {opset}, and opsets 11 to 21 are known: export it with opset_version=17, or change it with onnx.version_converter"
        ));
    }
    let graph = model.graph.as_ref().ok_or_else(whole)?;
    if graph.sparse {
        return Err("has sparse weights: store them as ordinary ones".into());
    }
    let opset = *opset;
    values(&model)?;
    Ok((model, opset))
}

/// Whether operators of this domain are those of ONNX itself.
pub fn default_domain(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// Every value has one source, and every node reads what came before it: so there is no cycle.
fn values(model: &Model) -> Result<(), String> {
    let Some(graph) = &model.graph else { return Ok(()) };
    let mut known: HashSet<&str> = HashSet::new();
    let twice = |name: &str| format!("has two values called `{}`, and names of values are unique", shown(name));
    for tensor in &graph.initializers {
        if !known.insert(tensor.name) {
            return Err(twice(tensor.name));
        }
    }
    let mut inputs = HashSet::new();
    for input in &graph.inputs {
        // in old files, initialisers are inputs as well
        if !inputs.insert(input.name) {
            return Err(twice(input.name));
        }
        known.insert(input.name);
    }
    for node in &graph.nodes {
        if let Some(name) = node.inputs.iter().find(|name| !name.is_empty() && !known.contains(*name)) {
            let message = format!("`{}` reads `{}`, which nothing before it makes: ", shown(name_of(node)), shown(name));
            let later = graph.nodes.iter().any(|n| n.outputs.contains(name));
            return Err(message + if later { "the nodes are in a cycle, or in no order of execution" } else { "the file is damaged" });
        }
        if let Some(name) = node.outputs.iter().find(|name| !name.is_empty() && !known.insert(name)) {
            return Err(twice(name));
        }
    }
    if graph.outputs.is_empty() {
        return Err("has no output".into());
    }
    match graph.outputs.iter().find(|o| !known.contains(o.name)) {
        Some(output) => Err(format!("has the output `{}`, which nothing makes", shown(output.name))),
        None => Ok(()),
    }
}

/// What a node is called in errors.
pub fn name_of<'a>(node: &Node<'a>) -> &'a str {
    if node.name.is_empty() { node.outputs.first().copied().unwrap_or("?") } else { node.name }
}

//! From operators of ONNX to layers, one family of operators a file. Every node is looked at, so that one run names all that cannot be translated.

mod activation;
mod arithmetic;
mod context;
mod conv;
mod fold;
mod movement;
mod norm;
mod pool;
mod product;
mod reduce;
mod resize;
mod shape;
mod smooth;
mod unknown;

use crate::Options;
use crate::error::{Problem, shown};
use crate::network::Network;
use crate::onnx::{FLOATING, Files, Model, Node, Stored, ValueInfo, decode, default_domain, name_of};
use crate::tensor::elements;
use context::{Context, Translated, Value, one};
use std::collections::HashMap;

/// What a file became.
pub struct Translation {
    pub network: Network,
    /// The outputs of the file that are released: their names, and whether they are indices.
    pub outputs: Vec<(String, usize, bool)>,
    /// What a reader of the source should know.
    pub notes: Vec<String>,
}

/// Why there is no translation.
pub enum Refused {
    /// The file as a whole.
    File(String),
    Nodes(Vec<Problem>),
}

/// Translates a checked model.
pub fn translate(model: &Model, opset: i64, files: &mut Files, options: &Options, size: usize) -> Result<Translation, Refused> {
    let graph = model.graph.as_ref().ok_or_else(|| Refused::File("has no graph".into()))?;
    let mut walk = Walk {
        stored: graph.initializers.iter().map(|t| (t.name, t)).collect(),
        values: HashMap::new(),
        network: Network::default(),
        notes: vec![],
        problems: vec![],
        files,
        options,
        batch: None,
        opset,
        room: fold::Room::of(size),
        uses: HashMap::new(),
        outputs: graph.outputs.iter().map(|o| o.name).collect(),
    };
    for node in &graph.nodes {
        for input in &node.inputs {
            walk.uses.entry(input).or_default().push(node);
        }
    }
    walk.inputs(&graph.inputs).map_err(Refused::File)?;
    for node in &graph.nodes {
        walk.node(node);
    }
    if !walk.problems.is_empty() {
        return Err(Refused::Nodes(walk.problems));
    }
    let mut outputs = vec![];
    for output in &graph.outputs {
        match walk.values.get(output.name) {
            Some(Value::Secret(x)) => outputs.push((output.name.to_owned(), x.id, false)),
            Some(Value::Index(x)) => outputs.push((output.name.to_owned(), x.id, true)),
            _ => return Err(Refused::File(format!("has the output `{}`, which does not depend on its inputs", shown(output.name)))),
        }
    }
    Ok(Translation { network: walk.network, outputs, notes: walk.notes })
}

struct Walk<'a, 'f> {
    /// Initialisers, read when they are needed.
    stored: HashMap<&'a str, &'a Stored<'a>>,
    values: HashMap<&'a str, Value>,
    network: Network,
    notes: Vec<String>,
    problems: Vec<Problem>,
    files: &'f mut Files,
    options: &'f Options,
    batch: Option<i64>,
    /// The version of the operators.
    opset: i64,
    room: fold::Room,
    uses: HashMap<&'a str, Vec<&'a Node<'a>>>,
    outputs: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    /// The inputs of the model; initialisers that are inputs as well are none.
    fn inputs(&mut self, inputs: &'a [ValueInfo<'a>]) -> Result<(), String> {
        if let Some((name, _)) = self.options.shapes.iter().find(|(name, _)| !inputs.iter().any(|i| i.name == name)) {
            return Err(format!("has no input `{name}`: its inputs are {}", listed(inputs.iter().map(|i| i.name))));
        }
        for input in inputs.iter().filter(|i| !self.stored.contains_key(i.name)) {
            let name = shown(input.name);
            if !FLOATING.contains(&input.kind) && !self.becomes_real(input.name) {
                return Err(format!("has the input `{name}`, which holds integers or texts: inputs are real numbers"));
            }
            let given = self.options.shapes.iter().find(|(given, _)| given == input.name).map(|(_, shape)| shape.clone());
            let declared = input.dims.as_ref().and_then(|d| d.split_first());
            if let Some((Some(batch), _)) = declared {
                self.batch = Some(*batch);
            }
            let shape = match (given, declared) {
                (Some(given), _) => given,
                (None, Some((_, rest))) => {
                    let sizes: Option<Vec<usize>> =
                        rest.iter().map(|d| d.and_then(|d| usize::try_from(d).ok()).filter(|d| *d > 0)).collect();
                    sizes.ok_or_else(|| {
                        format!("has the input `{name}`, whose size is open: say it without the batch, as in --input {name}=3,224,224")
                    })?
                }
                (None, None) => {
                    return Err(format!(
                        "has the input `{name}` without dimensions, or without an axis for the samples: say them without the batch, as in --input {name}=3,224,224"
                    ));
                }
            };
            if shape.len() > 4 || elements(&shape).is_none() {
                return Err(format!("has the input `{name}` of shape {shape:?}: an input has at most 4 axes beside that of the samples"));
            }
            let secret = self.network.input(input.name, shape);
            self.values.insert(input.name, Value::Secret(secret));
        }
        if self.network.made.is_empty() {
            return Err("has no input".into());
        }
        Ok(())
    }

    /// Whether an input of bytes is converted to real numbers before anything else happens to it.
    fn becomes_real(&self, input: &str) -> bool {
        self.uses.get(input).is_some_and(|nodes| {
            nodes.iter().all(|n| n.operator == "Cast" && n.attribute("to").and_then(|a| a.integer).is_some_and(|to| FLOATING.contains(&to)))
        })
    }

    fn node(&mut self, node: &'a Node<'a>) {
        let result = self.translated(node);
        let values = match result {
            Ok(values) => values,
            Err(why) => {
                self.problem(node, why);
                // what keeps the shape is skipped, so that the nodes after it are looked at as well
                match node.inputs.first().and_then(|name| self.values.get(name)) {
                    Some(value) if unknown::keeps_shape(node.operator) => vec![value.clone()],
                    _ => vec![],
                }
            }
        };
        let failed = node.outputs.iter().map(|_| Value::Failed);
        let values = values.into_iter().chain(failed);
        for (name, value) in node.outputs.iter().zip(values).filter(|(name, _)| !name.is_empty()) {
            self.values.insert(name, value);
        }
    }

    fn problem(&mut self, node: &Node, why: String) {
        self.problems.push(Problem { node: shown(name_of(node)), operator: shown(node.operator), why });
    }

    fn translated(&mut self, node: &'a Node<'a>) -> Translated {
        if !default_domain(node.domain) {
            return Err(format!(
                "it is an operator of `{}`, and only those of ONNX itself are known: export the network without it",
                shown(node.domain)
            ));
        }
        if node.attributes.iter().any(|a| a.graph) {
            return Err(
                "it has a network inside, and a description has no branches and no loops: export a model that always does the same".into(),
            );
        }
        let mut inputs = vec![];
        for name in &node.inputs {
            inputs.push(if name.is_empty() { None } else { Some(self.value(name)?) });
        }
        if inputs.iter().flatten().any(|v| matches!(v, Value::Failed)) {
            // a node after one that failed is an error of its own only if it could never be translated
            return if unknown::is_known(node.operator) { Ok(vec![]) } else { Err(unknown::advice(node.operator)) };
        }
        if let Some(folded) = fold::fold(node, &inputs, &mut self.room) {
            return folded;
        }
        if let Some(values) = self.scores(node, &inputs) {
            return Ok(values);
        }
        let mut context = Context { node, inputs, net: &mut self.network, batch: self.batch, opset: self.opset, notes: &mut self.notes };
        let values = operator(&mut context)?;
        for value in &values {
            if let Value::Secret(x) | Value::Index(x) = value
                && (x.shape.len() > 8 || x.shape.contains(&0) || elements(&x.shape).is_none())
            {
                return Err(format!("its result would have the shape {:?}: sizes are at least 1, with at most 8 axes", x.shape));
            }
        }
        Ok(values)
    }

    fn value(&mut self, name: &'a str) -> Result<Value, String> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let Some(stored) = self.stored.get(name) else { return Ok(Value::Failed) };
        let known = Value::Known(decode(stored, self.files)?.into());
        self.values.insert(name, known.clone());
        Ok(known)
    }

    /// Probabilities that are left out: at the end where that is asked for, and where only the largest counts.
    fn scores(&mut self, node: &'a Node<'a>, inputs: &[Option<Value>]) -> Option<Vec<Value>> {
        if !matches!(node.operator, "Softmax" | "LogSoftmax" | "Sigmoid") {
            return None;
        }
        let Some(Some(x @ Value::Secret(_))) = inputs.first() else { return None };
        let name = node.outputs.first().copied().unwrap_or_default();
        let readers = self.uses.get(name).map_or(&[][..], Vec::as_slice);
        if node.operator != "Sigmoid"
            && !readers.is_empty()
            && !self.outputs.contains(&name)
            && readers.iter().all(|n| n.operator == "ArgMax")
        {
            self.notes.push(format!("{} before an ArgMax is left out: the largest stays the largest.", node.operator));
            return Some(vec![x.clone()]);
        }
        let option = node.operator.to_lowercase();
        if !readers.is_empty() || !self.outputs.contains(&name) {
            return None;
        }
        if self.options.drop_last.contains(&option) {
            self.notes.push(format!(
                "{} at the end is left out: the output `{}` is what it was computed from.",
                node.operator,
                shown(name)
            ));
            return Some(vec![x.clone()]);
        }
        None
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|n| format!("`{}`", shown(n))).collect::<Vec<_>>().join(", ")
}

/// The translation of one node of the network.
fn operator(c: &mut Context) -> Translated {
    match c.node.operator {
        "Conv" => conv::conv(c),
        "ConvTranspose" => conv::transposed(c),
        "Gemm" => product::gemm(c),
        "MatMul" => product::matmul(c),
        "BatchNormalization" => norm::batch(c),
        "LayerNormalization" => norm::layer(c),
        "InstanceNormalization" | "GroupNormalization" => norm::channels(c),
        "Relu" | "LeakyRelu" | "PRelu" | "Clip" | "HardSigmoid" | "HardSwish" | "Softsign" | "ThresholdedRelu" => activation::activation(c),
        "Sigmoid" | "Tanh" | "Softplus" | "Elu" | "Selu" | "Gelu" | "Mish" | "Erf" | "Exp" | "Log" | "Sqrt" | "Reciprocal" | "Sin"
        | "Cos" | "Abs" | "Sign" => smooth::smooth(c),
        "Softmax" | "LogSoftmax" => smooth::softmax(c),
        "Add" | "Sub" | "Mul" | "Div" | "Neg" | "Pow" | "Sum" | "Mean" | "Max" | "Min" => arithmetic::arithmetic(c),
        "MaxPool" | "AveragePool" | "GlobalAveragePool" | "GlobalMaxPool" => pool::pool(c),
        "ReduceMean" | "ReduceSum" | "ReduceMax" | "ArgMax" | "TopK" => reduce::reduce(c),
        "Resize" | "DepthToSpace" | "SpaceToDepth" => resize::resize(c),
        "Transpose" | "Concat" | "Split" | "Slice" | "Pad" | "Gather" | "Expand" => movement::movement(c),
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => shape::shape(c),
        "Identity" => Ok(c.inputs.iter().flatten().take(1).cloned().collect()),
        "Cast" => cast(c),
        "Dropout" => dropout(c),
        other => Err(unknown::advice(other)),
    }
}

/// From one real number to another: numbers of the private run have the precision of its plan.
fn cast(c: &mut Context) -> Translated {
    if let Some(Some(Value::Index(x))) = c.inputs.first() {
        return Ok(vec![Value::Index(x.clone())]);
    }
    let x = c.secret(0)?;
    if FLOATING.contains(&c.integer("to", 0)) {
        Ok(one(x))
    } else {
        Err("it rounds to integers, and no layer does: leave it out of the network".into())
    }
}

/// Nothing in a prediction; kept, so that the twin can be trained on.
fn dropout(c: &mut Context) -> Translated {
    let x = c.secret(0)?;
    let rate = match c.constant(1, "ratio")?.and_then(|r| r.scalar()) {
        Some(rate) => rate,
        None => c.float("ratio", 0.5),
    };
    if !(0.0..1.0).contains(&rate) {
        return Err(format!("its ratio is {rate}, and it is at least 0 and below 1"));
    }
    if rate == 0.0 {
        return Ok(one(x));
    }
    let layer = crate::network::Layer::new("Dropout").with("rate", crate::network::number(rate));
    Ok(one(c.elementwise(layer, &x)))
}

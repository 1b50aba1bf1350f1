//! What the translation of one node sees: its inputs, its attributes, and the network that it adds stages to.

use crate::names::{module, prefix};
use crate::network::{Layer, Network, Secret};
use crate::onnx::Node;
use crate::tensor::Known;

/// What is known of a value of the file.
#[derive(Clone, Debug)]
pub enum Value {
    /// A weight, or a number of a shape.
    Known(Known),
    /// Computed from the inputs, for each sample.
    Secret(Secret),
    /// As well, but an index, which can be moved and released and not computed with.
    Index(Secret),
    /// A node that makes it could not be translated; that has been said.
    Failed,
}

/// One node and where it stands.
pub struct Context<'a> {
    pub node: &'a Node<'a>,
    pub inputs: Vec<Option<Value>>,
    pub net: &'a mut Network,
    /// The number of samples that the file has been exported for, where it says one.
    pub batch: Option<i64>,
    /// The version of the operators.
    pub opset: i64,
    /// What a reader of the source should know.
    pub notes: &'a mut Vec<String>,
}

/// The translation of a node: a value for each of its outputs, or why there is none and what to do.
pub type Translated = Result<Vec<Value>, String>;

/// The value of a node with one output.
pub fn one(value: Secret) -> Vec<Value> {
    vec![Value::Secret(value)]
}

impl Context<'_> {
    /// An input that depends on the samples.
    pub fn secret(&self, index: usize) -> Result<Secret, String> {
        match self.inputs.get(index) {
            Some(Some(Value::Secret(x))) => Ok(x.clone()),
            Some(Some(Value::Known(_))) => Err(format!("its input {index} is a constant, where a value of the network is needed")),
            Some(Some(Value::Index(_))) => Err("it computes with an index, which can only be moved and released".into()),
            _ => Err(format!("its input {index} is missing")),
        }
    }

    /// Whether an input is given.
    pub fn has(&self, index: usize) -> bool {
        matches!(self.inputs.get(index), Some(Some(_)))
    }

    /// An input that is a weight or a number, if it is one.
    pub fn known(&self, index: usize) -> Option<Known> {
        if let Some(Some(Value::Known(known))) = self.inputs.get(index) { Some(known.clone()) } else { None }
    }

    /// An optional input that is a weight or a number.
    pub fn constant(&self, index: usize, what: &str) -> Result<Option<Known>, String> {
        match self.inputs.get(index) {
            None | Some(None) => Ok(None),
            Some(Some(Value::Known(known))) => Ok(Some(known.clone())),
            Some(Some(_)) => Err(format!("its {what} is computed while the network runs, and has to be a constant")),
        }
    }

    /// A weight, as floats with its shape.
    pub fn weight(&self, index: usize, what: &str) -> Result<(Known, Vec<f32>), String> {
        let known = self.constant(index, what)?.ok_or_else(|| format!("its {what} is missing"))?;
        let values = known.floats().ok_or_else(|| format!("its {what} depends on the number of samples"))?;
        Ok((known, values))
    }

    /// A list of whole numbers, from an attribute of older versions or an input of newer ones.
    pub fn list(&self, attribute: &str, input: usize) -> Result<Option<Vec<i64>>, String> {
        if let Some(list) = self.integers(attribute) {
            return Ok(Some(list));
        }
        match self.constant(input, attribute)? {
            None => Ok(None),
            Some(known) => known
                .integers()
                .map(Some)
                .ok_or_else(|| format!("its {attribute} are no whole numbers, or depend on the number of samples")),
        }
    }

    pub fn integers(&self, attribute: &str) -> Option<Vec<i64>> {
        self.node.attribute(attribute).map(|a| a.integers.clone())
    }

    pub fn integer(&self, attribute: &str, default: i64) -> i64 {
        self.node.attribute(attribute).and_then(|a| a.integer).unwrap_or(default)
    }

    pub fn float(&self, attribute: &str, default: f32) -> f32 {
        self.node.attribute(attribute).and_then(|a| a.float).unwrap_or(default)
    }

    pub fn text(&self, attribute: &str) -> Option<String> {
        self.node.attribute(attribute).and_then(|a| a.text).map(|t| String::from_utf8_lossy(t).into_owned())
    }

    /// An axis of the file as one of a sample.
    #[allow(clippy::unused_self, reason = "asked of the node under translation, as everything is")]
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, String> {
        let all = rank as i64 + 1;
        let axis = if axis < 0 { axis + all } else { axis };
        match axis {
            0 => Err("it works across the samples of a batch, and each sample is computed by itself".into()),
            a if (1..all).contains(&a) => Ok(a as usize - 1),
            _ => Err(format!("its axis {axis} is none of the {all} of its input")),
        }
    }

    /// Axes of the file as axes of a sample, in order, each once.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>, String> {
        let mut all = axes.iter().map(|a| self.axis(*a, rank)).collect::<Result<Vec<usize>, String>>()?;
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// Where in the exporter's program the node is, with its operator where that is no module of its own.
    pub fn scope(&self) -> String {
        let module = module(self.node.name);
        let function =
            matches!(self.node.operator, "Add" | "Sub" | "Mul" | "Div" | "Concat" | "MatMul" | "Reshape" | "Transpose" | "Slice" | "Split");
        match (module.is_empty(), function) {
            (true, _) => String::new(),
            (false, true) => format!("{module}.{}", self.node.operator.to_lowercase()),
            (false, false) => module,
        }
    }

    /// The module whose weights these are.
    pub fn prefix(&self, weights: &[&Known]) -> String {
        let origins: Vec<&str> = weights.iter().map(|w| w.origin.as_str()).collect();
        prefix(self.node.name, &origins)
    }

    /// Says that an operator's layer takes positive values alone.
    pub fn positive(&mut self, operator: &str, what: &str) {
        let note = format!("{operator} takes positive {what}: one below 2^-8, or a negative one, acts as 2^-8.");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds a stage after one value.
    pub fn stage(&mut self, layer: Layer, x: &Secret, shape: Vec<usize>) -> Secret {
        let scope = self.scope();
        self.net.stage(layer, &[x], shape, &scope)
    }

    pub fn reshape(&mut self, x: &Secret, shape: Vec<usize>) -> Secret {
        let scope = self.scope();
        self.net.reshape(x, shape, &scope)
    }

    pub fn permute(&mut self, x: &Secret, axes: &[usize]) -> Secret {
        let scope = self.scope();
        self.net.permute(x, axes, &scope)
    }

    pub fn elementwise(&mut self, layer: Layer, x: &Secret) -> Secret {
        let scope = self.scope();
        self.net.elementwise(layer, x, &scope)
    }

    pub fn scale(&mut self, x: &Secret, factor: f32, offset: f32) -> Secret {
        let scope = self.scope();
        self.net.scale(x, factor, offset, &scope)
    }
}

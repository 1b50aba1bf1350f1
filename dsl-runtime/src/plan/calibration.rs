//! What calibration saw: the range of every value of a model on samples, and the sizes of its weights.
//!
//! A plan that is made from it opens fewer bits and fits in a smaller ring ([`Settings::calibrated`](super::Settings::calibrated)). **A plan is public, and so is what it takes from here**: calibrate
//! on data that may be summarised. The samples leave two numbers for every operation, the smallest and the largest value; the weights leave, for every product, the power
//! of two above the largest sum of magnitudes of an output channel, and above the largest bias.
//!
//! A calibration belongs to one description: its stages, their operations and shapes are compared by hash, and a plan of another description refuses it.

use super::{Plan, Settings};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::graph::{Graph, Node, Op};
use crate::weights::Weights;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the file.
const VERSION: u32 = 1;

/// The longest file that is read.
const LIMIT: u64 = 1 << 26;

/// The ranges of a model's values on samples, and the sizes of its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    version: u32,
    model: String,
    /// The hash of the description.
    description: String,
    samples: u64,
    #[serde(rename = "input", default)]
    inputs: Vec<Seen>,
    #[serde(rename = "stage", default)]
    stages: Vec<SeenStage>,
    #[serde(rename = "product", default)]
    products: Vec<Size>,
}

/// The values of an input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The name in the description.
    pub name: String,
    /// The smallest and the largest value.
    pub range: [f64; 2],
}

/// The values of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenStage {
    /// The name in the description; empty for operations outside of any stage.
    pub name: String,
    /// The hash of its operations and shapes.
    is: String,
    /// The smallest and the largest value of each of its operations, in order; the last one is what the stage hands on.
    pub ranges: Vec<[f64; 2]>,
}

/// The sizes of the weights of one product, after folding, as powers of two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The stage of the product.
    pub stage: String,
    /// The sum of the magnitudes of the weights of an output channel is at most 2^this.
    pub weights: i32,
    /// The magnitude of a bias is at most 2^this.
    pub bias: i32,
}

impl Calibration {
    /// A calibration of a model with these weights, without any sample yet.
    ///
    /// # Errors
    /// When there is no plan of the graph at all, or the weights do not fit it.
    pub fn new(graph: &Graph, weights: &Weights) -> Result<Self> {
        let nothing = [f64::INFINITY, f64::NEG_INFINITY];
        let stages = stages(graph).into_iter().map(|(name, nodes)| SeenStage {
            name: name.to_owned(),
            is: identity(graph, &nodes),
            ranges: vec![nothing; nodes.len()],
        });
        Ok(Self {
            version: VERSION,
            model: graph.name.clone(),
            description: description(graph),
            samples: 0,
            inputs: graph.inputs.iter().map(|i| Seen { name: i.name.clone(), range: nothing }).collect(),
            stages: stages.collect(),
            products: sizes(graph, weights)?,
        })
    }

    /// Takes note of more samples: for each node of the graph the smallest and the largest value, whatever they are for nodes that hold weights.
    ///
    /// # Errors
    /// When the graph is another one, when there is not one range a node, or a value is not finite.
    pub fn record(&mut self, graph: &Graph, samples: usize, ranges: &[[f32; 2]]) -> Result<()> {
        self.fits(graph)?;
        let wrong = |stage: &str, message: String| Err(Error::Plan { model: graph.name.clone(), stage: stage.to_owned(), message });
        if ranges.len() != graph.nodes.len() {
            return wrong("calibration", format!("{} ranges were given for {} operations", ranges.len(), graph.nodes.len()));
        }
        for (node, range) in graph.nodes.iter().zip(ranges) {
            if !matches!(node.op, Op::Parameter(_)) && (!range.iter().all(|v| v.is_finite()) || range[0] > range[1]) {
                return wrong(&node.stage, format!("the values of {} are not finite on a sample", node.op.name()));
            }
        }
        let widen = |seen: &mut [f64; 2], k: usize| *seen = union(*seen, ranges[k].map(f64::from));
        for (k, node) in graph.nodes.iter().enumerate() {
            if let Op::Input(i) = node.op {
                widen(&mut self.inputs[i].range, k);
            }
        }
        for (seen, (_, nodes)) in self.stages.iter_mut().zip(stages(graph)) {
            seen.ranges.iter_mut().zip(nodes).for_each(|(seen, k)| widen(seen, k));
        }
        self.samples += samples as u64;
        Ok(())
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The inputs.
    pub fn inputs(&self) -> &[Seen] {
        &self.inputs
    }

    /// The stages, in the order of the description.
    pub fn stages(&self) -> &[SeenStage] {
        &self.stages
    }

    /// The sizes of the weights, product after product as a plan has them.
    pub fn products(&self) -> &[Size] {
        &self.products
    }

    /// The largest magnitude that a stage handed on.
    pub fn largest(&self, stage: &str) -> Option<f64> {
        self.stages.iter().find(|s| s.name == stage)?.ranges.last().map(|r| magnitude(*r))
    }

    /// Checks that this is a calibration of this description, and that there were samples.
    ///
    /// # Errors
    /// Names the stages that differ.
    pub fn check(&self, graph: &Graph) -> Result<()> {
        self.fits(graph)?;
        if self.samples == 0 {
            return Err(refused(graph, "it has seen no samples: calibrate on some that are like those to come"));
        }
        let bad = |range: &[f64; 2]| !range.iter().all(|v| v.is_finite()) || range[0] > range[1];
        let inputs = self.inputs.iter().filter(|s| bad(&s.range)).map(|s| &s.name);
        let wrong: Vec<String> =
            inputs.chain(self.stages.iter().filter(|s| s.ranges.iter().any(bad)).map(|s| &s.name)).map(|n| format!("`{n}`")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(refused(graph, &format!("it has no range for {}: calibrate again", wrong.join(", ")))) }
    }

    /// The range of each node of the graph that it was made of; `None` for nodes that hold weights.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub(crate) fn ranges(&self, graph: &Graph) -> Result<Vec<Option<[f64; 2]>>> {
        self.check(graph)?;
        let mut all = vec![None; graph.nodes.len()];
        for (k, node) in graph.nodes.iter().enumerate() {
            if let Op::Input(i) = node.op {
                all[k] = Some(self.inputs[i].range);
            }
        }
        for (seen, (_, nodes)) in self.stages.iter().zip(stages(graph)) {
            seen.ranges.iter().zip(nodes).for_each(|(range, k)| all[k] = Some(*range));
        }
        Ok(all)
    }

    fn fits(&self, graph: &Graph) -> Result<()> {
        if self.model != graph.name {
            return Err(refused(graph, &format!("it is one of `{}`", self.model)));
        }
        let own = stages(graph);
        let mut differ: Vec<String> = vec![];
        for (name, nodes) in &own {
            match self.stages.iter().find(|s| s.name == *name) {
                None => differ.push(format!("`{name}` is new")),
                Some(s) if s.is != identity(graph, nodes) || s.ranges.len() != nodes.len() => differ.push(format!("`{name}` has changed")),
                Some(_) => {}
            }
        }
        differ.extend(self.stages.iter().filter(|s| !own.iter().any(|(n, _)| *n == s.name)).map(|s| format!("`{}` is gone", s.name)));
        let inputs = |g: &Graph| g.inputs.iter().map(|i| i.name.clone()).collect::<Vec<_>>();
        if self.inputs.iter().map(|i| i.name.clone()).collect::<Vec<_>>() != inputs(graph) {
            differ.push(format!("the inputs are now {}", inputs(graph).join(", ")));
        }
        let same_order = self.stages.iter().map(|s| s.name.as_str()).eq(own.iter().map(|(n, _)| *n));
        if differ.is_empty() && (self.description != description(graph) || !same_order) {
            differ.push("the stages are the same, but read other values".into());
        }
        if differ.is_empty() {
            return Ok(());
        }
        Err(refused(graph, &format!("it is one of another description: {}. Calibrate again", differ.join(", "))))
    }

    /// Writes a TOML file; a file is never left half written.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let failed = |message: String| Error::File { path: path.to_owned(), message: format!("cannot be written: {message}") };
        let text = toml::to_string(self).map_err(|e| failed(e.to_string()))?;
        write_whole(path, text.as_bytes()).map_err(|e| failed(e.to_string()))
    }

    /// Reads a file that [`save`](Self::save) has written.
    ///
    /// # Errors
    /// When the file cannot be read, is no calibration, or one of another version. Whether it fits a description is seen when a plan is made.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |message: String| Error::File { path: path.to_owned(), message };
        let length = std::fs::metadata(path).map_err(|e| failed(format!("cannot be read: {e}")))?.len();
        if length > LIMIT {
            return Err(failed(format!("is no calibration: it has more than {LIMIT} bytes")));
        }
        let text = std::fs::read_to_string(path).map_err(|e| failed(format!("cannot be read: {e}")))?;
        let all: Self = toml::from_str(&text).map_err(|e| failed(format!("is no calibration: {}", e.message().replace('\n', ", "))))?;
        if all.version != VERSION {
            return Err(failed(format!("is a calibration of version {}; this program knows {VERSION}: calibrate again", all.version)));
        }
        Ok(all)
    }
}

impl core::fmt::Display for Calibration {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let rows = || self.inputs.iter().map(|i| (&i.name, i.range)).chain(self.stages.iter().map(|s| (&s.name, last(&s.ranges))));
        let width = rows().map(|(name, _)| name.len()).max().unwrap_or(0).max(5);
        writeln!(f, "{}: {} samples\n{:width$}  {:>12} {:>12}", self.model, self.samples, "stage", "smallest", "largest")?;
        for (name, range) in rows() {
            writeln!(f, "{name:width$}  {:>12.4} {:>12.4}", range[0], range[1])?;
        }
        Ok(())
    }
}

/// The larger of two magnitudes.
pub(crate) fn magnitude(range: [f64; 2]) -> f64 {
    range[0].abs().max(range[1].abs())
}

fn last(ranges: &[[f64; 2]]) -> [f64; 2] {
    ranges.last().copied().unwrap_or([0.0; 2])
}

fn union(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0].min(b[0]), a[1].max(b[1])]
}

fn refused(graph: &Graph, message: &str) -> Error {
    Error::Plan { model: graph.name.clone(), stage: "calibration".into(), message: format!("the calibration cannot be used: {message}") }
}

/// The operations that compute, by the stages that they come from, in the order of the first of each.
fn stages(graph: &Graph) -> Vec<(&str, Vec<usize>)> {
    let mut all: Vec<(&str, Vec<usize>)> = vec![];
    for (k, node) in graph.nodes.iter().enumerate().filter(|(_, n)| !matches!(n.op, Op::Parameter(_) | Op::Input(_))) {
        match all.iter_mut().find(|(name, _)| *name == node.stage) {
            Some((_, nodes)) => nodes.push(k),
            None => all.push((&node.stage, vec![k])),
        }
    }
    all
}

/// The hash of a stage: its operations, with the shapes that they read and make.
fn identity(graph: &Graph, nodes: &[usize]) -> String {
    let text = |k: &usize| operation(graph, &graph.nodes[*k]);
    hash("undertone calibration stage", nodes.iter().map(text))
}

/// The hash of a description: every operation, and what it reads.
fn description(graph: &Graph) -> String {
    let text = |node: &Node| format!("{} {:?} {}", operation(graph, node), node.inputs, node.stage);
    hash("undertone calibration graph", graph.nodes.iter().map(text))
}

fn operation(graph: &Graph, node: &Node) -> String {
    let shapes: Vec<_> = node.inputs.iter().map(|i| graph.node(*i).shape.dims().to_vec()).collect();
    format!("{:?} {shapes:?} {:?}", node.op, node.shape.dims())
}

fn hash(what: &str, lines: impl Iterator<Item = String>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key(what);
    lines.for_each(|line| {
        hasher.update(line.as_bytes()).update(b"\n");
    });
    hasher.finalize().to_hex()[..16].to_owned()
}

/// The sizes of all weights, folded as a plan folds them.
fn sizes(graph: &Graph, weights: &Weights) -> Result<Vec<Size>> {
    let plan = Plan::new(graph, &Settings::default())?;
    let mut problems = vec![];
    let all = plan.weights.iter().map(|spec| {
        let [weights, bias] = spec.sizes(weights, &mut problems);
        Size { stage: spec.stage.clone(), weights, bias }
    });
    let all = all.collect();
    if problems.is_empty() { Ok(all) } else { Err(Error::Weights { model: plan.model, problems }) }
}

#[cfg(test)]
mod tests;

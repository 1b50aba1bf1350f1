//! The source of a description, as somebody would write it: pipes where values flow from layer to layer, a `let` where they fork.

use crate::error::shown;
use crate::names::{identifier, snake};
use crate::network::{Layer, Network, What};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use undertone_runtime::Weights;

/// Lines are not longer, if they can be broken.
const WIDTH: usize = 120;

/// The most stages of a description.
const MOST_STAGES: usize = 10_000;

/// What a source says besides its stages.
pub struct Head<'a> {
    pub model: &'a str,
    /// The file that it comes from, its opset and what made it.
    pub origin: String,
    /// The number of values that weights have.
    pub notes: &'a [String],
}

/// A source and the weights that belong to it.
pub struct Described {
    pub source: String,
    pub weights: Weights,
    pub stages: usize,
}

/// Prints a network whose outputs are these: name, value, and whether it is an index.
///
/// # Errors
/// A text, where a description cannot say what the network does.
pub fn describe(network: &Network, outputs: &[(String, usize, bool)], head: &Head) -> Result<Described, String> {
    let mut printer = Printer::new(network, outputs)?;
    printer.name_stages();
    printer.name_values();
    printer.check()?;
    let weights = printer.weights();
    let source = printer.print(head);
    Ok(Described { source, weights, stages: printer.body.len() })
}

/// One output of the file.
struct Output<'a> {
    name: &'a str,
    /// The value in the body that the release starts from.
    from: usize,
    /// The stages of the release itself: the search for an index.
    tail: Vec<usize>,
}

struct Printer<'a> {
    network: &'a Network,
    outputs: Vec<Output<'a>>,
    /// The value that the last pipe gives.
    main: usize,
    /// The live stages of the body, in order.
    body: Vec<usize>,
    /// Whether a value has a name, because it is read more than once or together with others.
    named: Vec<bool>,
    stages: HashMap<usize, String>,
    prefixes: HashMap<usize, String>,
    values: HashMap<usize, String>,
    taken: HashSet<String>,
}

impl<'a> Printer<'a> {
    fn new(network: &'a Network, outputs: &'a [(String, usize, bool)]) -> Result<Self, String> {
        let layer = |id: usize| if let What::Stage(layer) = &network.made[id].what { Some(layer) } else { None };
        let outputs: Vec<Output> = outputs
            .iter()
            .map(|(name, id, index)| {
                let (mut from, mut tail) = (*id, vec![]);
                while *index && let Some(found) = layer(from) {
                    tail.insert(0, from);
                    from = network.made[from].inputs[0];
                    if matches!(found.name, "ArgMax" | "TopK") {
                        break;
                    }
                }
                Output { name, from, tail }
            })
            .collect();
        let first = outputs.iter().find(|o| o.tail.is_empty()).or(outputs.first()).ok_or("has no output")?;
        let main = first.from;
        if layer(main).is_none() {
            return Err(format!("has the output `{}`, which is an input as it is", shown(first.name)));
        }
        let roots: Vec<usize> = outputs.iter().map(|o| o.from).collect();
        let live = network.live(&roots);
        let body: Vec<usize> = (0..network.made.len()).filter(|id| live[*id] && layer(*id).is_some()).collect();
        let mut uses = vec![0; network.made.len()];
        let mut named = vec![false; network.made.len()];
        for id in &body {
            let inputs = &network.made[*id].inputs;
            for input in inputs {
                uses[*input] += 1;
                named[*input] |= inputs.len() > 1;
            }
        }
        uses[main] += 1;
        for output in outputs.iter().filter(|o| o.from != main) {
            named[output.from] = true;
        }
        for (id, named) in named.iter_mut().enumerate() {
            *named |= live[id] && (uses[id] > 1 || layer(id).is_none());
        }
        let (stages, prefixes, values) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(Self { network, outputs, main, body, named, stages, prefixes, values, taken: HashSet::new() })
    }

    fn check(&self) -> Result<(), String> {
        if self.body.len() > MOST_STAGES {
            return Err(format!("has {} stages, and a description has at most {MOST_STAGES}", self.body.len()));
        }
        let inputs = self.values.keys().filter(|id| matches!(self.network.made[**id].what, What::Input(_))).count();
        if inputs > 4 {
            return Err(format!("has {inputs} inputs, and a model that runs has at most 4: join some before the export"));
        }
        let edge = self.outputs.iter().map(|o| o.tail.last().copied().unwrap_or(o.from)).chain([self.main]);
        match edge.map(|id| &self.network.made[id].shape).find(|shape| shape.len() > 4) {
            Some(shape) => Err(format!("has an output of shape {shape:?}: an output has at most 4 axes beside that of the samples")),
            None => Ok(()),
        }
    }

    fn layer(&self, id: usize) -> Option<&'a Layer> {
        if let What::Stage(layer) = &self.network.made[id].what { Some(layer) } else { None }
    }

    /// Stages with weights are called like the modules that those come from; all others have their automatic names.
    fn name_stages(&mut self) {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for id in self.body.iter().chain(self.outputs.iter().flat_map(|o| &o.tail)) {
            let Some(layer) = self.layer(*id).filter(|l| l.weights.is_empty()) else { continue };
            let base = snake(layer.name);
            let count = counts.entry(base.clone()).or_insert(0);
            *count += 1;
            self.taken.insert(format!("{base}_{count}"));
        }
        let mut keys = HashSet::new();
        for id in self.body.clone() {
            let Some(layer) = self.layer(id).filter(|l| !l.weights.is_empty()) else { continue };
            let own: String =
                layer.prefix.chars().take(200).map(|c| if c.is_ascii_alphanumeric() || "_.:/-".contains(c) { c } else { '_' }).collect();
            let base = match identifier(&own) {
                name if name.is_empty() => snake(layer.name),
                name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("{}_{name}", snake(layer.name)),
                name => name,
            };
            let name = self.unique(&base, own.is_empty());
            // weights that several layers share are given to each of them
            let mut key = if own.is_empty() { name.clone() } else { own };
            if !keys.insert(key.clone()) {
                key.clone_from(&name);
                while !keys.insert(key.clone()) {
                    key.push('_');
                }
            }
            self.stages.insert(id, name);
            self.prefixes.insert(id, key);
        }
    }

    /// A name that nothing has yet, compared without case.
    fn unique(&mut self, base: &str, numbered: bool) -> String {
        let mut name = if numbered { format!("{base}_1") } else { base.to_owned() };
        let mut n = 1;
        while !self.taken.insert(name.to_lowercase()) {
            n += 1;
            name = format!("{base}_{n}");
        }
        name
    }

    fn name_values(&mut self) {
        for id in 0..self.named.len() {
            if !self.named[id] {
                continue;
            }
            let made = &self.network.made[id];
            let base = match &made.what {
                What::Input(name) => identifier(name),
                What::Stage(_) => identifier(&made.scope),
            };
            let plain = base.is_empty() || base.starts_with(|c: char| c.is_ascii_digit());
            let name = match &made.what {
                What::Input(_) if plain => self.unique("x", false),
                What::Stage(_) if plain => self.unique("x", true),
                _ => self.unique(&base, false),
            };
            self.values.insert(id, name);
        }
    }

    fn weights(&self) -> Weights {
        let mut weights = Weights::empty();
        for id in &self.body {
            let (Some(layer), Some(prefix)) = (self.layer(*id), self.prefixes.get(id)) else { continue };
            for weight in &layer.weights {
                let shape = undertone_runtime::Shape::from_slice(&weight.shape);
                weights.insert(format!("{prefix}.{}", weight.name), shape, weight.values.to_vec());
            }
        }
        weights
    }

    fn print(&self, head: &Head) -> String {
        let mut out = String::new();
        for line in [format!("Translated by `undertone import` from {}.", head.origin)].iter().chain(head.notes) {
            _ = writeln!(out, "// {line}");
        }
        let mut inputs: Vec<usize> = self.values.keys().copied().filter(|id| self.layer(*id).is_none()).collect();
        inputs.sort_unstable();
        let inputs: Vec<String> = inputs.iter().map(|id| format!("{}: {:?}", self.values[id], self.network.made[*id].shape)).collect();
        _ = write!(out, "\nuse undertone::prelude::*;\n\nsecure_model! {{\n    /// {}.\n    pub model {}(", head.origin, head.model);
        _ = writeln!(out, "{}) -> {:?} {{", inputs.join(", "), self.network.made[self.main].shape);
        for pipe in self.pipes() {
            let last = pipe.stages.last().copied().unwrap_or(self.main);
            let name = (self.named[last] && self.values.contains_key(&last)).then(|| &self.values[&last]);
            let start = name.map_or(String::new(), |name| format!("let {name} = "));
            let end = if name.is_some() { ";" } else { "" };
            self.pipe(&mut out, &start, &pipe, end);
        }
        if self.named[self.main] {
            _ = writeln!(out, "        {}", self.values[&self.main]);
        }
        out.push_str("    }\n");
        self.releases(&mut out);
        out.push_str("}\n");
        out
    }

    fn releases(&self, out: &mut String) {
        if let [only] = self.outputs.as_slice()
            && only.tail.is_empty()
        {
            return;
        }
        let mut names: HashSet<String> = HashSet::new();
        for output in &self.outputs {
            let source = if output.from == self.main { "output" } else { &self.values[&output.from] };
            let last = output.tail.last().copied().unwrap_or(output.from);
            if last == self.main {
                if names.insert("output".into()) {
                    out.push_str("    release output to client\n");
                }
                continue;
            }
            let mut name = match identifier(output.name) {
                name if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) => format!("value_{name}"),
                name => name,
            };
            while name == "output" || !names.insert(name.clone()) {
                name.push('_');
            }
            let stages = output.tail.iter().fold(String::new(), |all, id| all + " -> " + &self.stage(*id));
            _ = writeln!(out, "    release {name}: {:?} = {source}{stages} to client", self.network.made[last].shape);
        }
    }

    /// The pipes in an order in which what they read comes before them; the last one gives the output.
    fn pipes(&self) -> Vec<Pipe> {
        let mut open: HashMap<usize, Pipe> = HashMap::new();
        let mut done = vec![];
        for id in &self.body {
            let inputs = &self.network.made[*id].inputs;
            let mut pipe = match inputs.as_slice() {
                [one] if !self.named[*one] => open.remove(one).unwrap_or_default(),
                all => Pipe { sources: all.iter().map(|i| self.values[i].clone()).collect(), stages: vec![] },
            };
            pipe.stages.push(*id);
            if self.named[*id] {
                done.push(pipe);
            } else {
                open.insert(*id, pipe);
            }
        }
        done.extend(open.remove(&self.main));
        done
    }

    /// One pipe: a new line for each stage with weights, and where a line is full.
    fn pipe(&self, out: &mut String, start: &str, pipe: &Pipe, end: &str) {
        let source = if let [one] = pipe.sources.as_slice() { one.clone() } else { format!("({})", pipe.sources.join(", ")) };
        let mut line = format!("        {start}{source}");
        let stages: Vec<String> = pipe.stages.iter().map(|id| self.stage(*id)).collect();
        let whole = line.len() + stages.iter().map(|s| s.len() + 4).sum::<usize>() + end.len();
        let weighted = pipe.stages.iter().filter(|id| self.stages.contains_key(id)).count();
        let short = whole <= WIDTH && weighted <= 1;
        for (i, (id, stage)) in pipe.stages.iter().zip(&stages).enumerate() {
            let first = i == 0 && !short;
            let breaks = !short && i > 0 && self.stages.contains_key(id);
            if first || breaks || line.len() + stage.len() + 4 > WIDTH {
                _ = writeln!(out, "{line}");
                line = format!("            -> {stage}");
            } else {
                _ = write!(line, " -> {stage}");
            }
        }
        _ = writeln!(out, "{line}{end}");
    }

    /// A stage as a description writes it.
    fn stage(&self, id: usize) -> String {
        let Some(layer) = self.layer(id) else { return String::new() };
        let mut out = String::new();
        if let (Some(name), Some(prefix)) = (self.stages.get(&id), self.prefixes.get(&id)) {
            if prefix != name {
                _ = write!(out, "#[weights(\"{prefix}\")] ");
            }
            _ = write!(out, "{name}: ");
        }
        out.push_str(layer.name);
        if !layer.fields.is_empty() {
            let fields: Vec<String> = layer.fields.iter().map(|(field, value)| format!("{field}: {value}")).collect();
            _ = write!(out, " {{ {} }}", fields.join(", "));
        }
        out
    }
}

#[derive(Default)]
struct Pipe {
    sources: Vec<String>,
    stages: Vec<usize>,
}

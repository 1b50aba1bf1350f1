//! The plan: an ordered list of protocol steps for one sample. It is data, public, and the same for all parties and the dealer.
//!
//! A plan is made of a graph and [`Settings`]; the batch is a parameter of a run. Its [hash](Plan::hash) is what the parties compare before anything moves.

pub(crate) mod affine;
mod budget;
mod calibration;
mod choice;
mod cost;
mod deployment;
mod file;
pub(crate) mod fit;
mod listing;
mod lower;
mod memory;
mod order;
pub mod passes;
mod peak;
mod product;
mod protocols;
mod range;
mod scaling;
mod settings;
mod sparse;
mod step;
mod transposed;
mod variants;
mod verify;
mod waves;
mod weights;
mod widths;
mod wire;

pub use crate::protocol::open::Opening;
pub use affine::{Numbers, Plus, Times};
pub use budget::within_budget;
pub use calibration::{Calibration, Seen, SeenStage, Size};
pub use cost::{CostTable, Row};
pub use deployment::{Deployment, Place};
pub use memory::Layout;
pub use peak::Peak;
pub use product::{Polynomial, Product};
pub use range::Range;
pub use scaling::Scaling;
pub use settings::{Calibrated, Settings, Widths};
pub use sparse::Sparse;
pub use step::{Copy, Geometry, Kind, Step, Sum};
pub use transposed::Transposed;
pub(crate) use weights::encode;
pub use weights::{EncodedWeight, Magnitude, Named, Norm, Recipe, WeightSpec};

pub(crate) use step::windows;

use crate::error::Result;
use crate::graph::Graph;
use serde::{Deserialize, Serialize};
use undertone_ring::Conv;
use undertone_shape::Shape;

/// The version of the plan's encoding; it is part of the hash.
pub const SCHEMA: u32 = 6;

/// A row of the reports: one stage of the description, and the steps that it became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The name in the description.
    pub name: String,
    /// The shape of one sample of its result.
    pub shape: Vec<usize>,
    /// The step whose value the stage hands on, and how it lies in memory.
    pub result: Value,
    /// What is known about the size of its values.
    pub range: Range,
}

/// A value as a plan holds it: the share `v` of `v / (2^bits factor)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The step that computes it.
    pub step: usize,
    /// How its axes lie in memory.
    pub layout: Layout,
    /// Fraction bits: f, or 2f after a product.
    pub bits: u32,
    /// A public factor: an average pool leaves its division here.
    pub factor: u64,
    /// For indices: q, where the value is an integer mod 2^q and not a fraction.
    pub integer: Option<u32>,
}

impl Value {
    /// What an integer of this value stands for.
    pub fn decode(&self, v: i64) -> f64 {
        v as f64 / self.scale()
    }

    /// The integer that stands for 1.
    pub(crate) fn scale(&self) -> f64 {
        (1u64 << self.bits) as f64 * self.factor as f64
    }
}

/// An input of the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSpec {
    /// The name in the description.
    pub name: String,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// Who has it.
    pub owner: Place,
    /// What its owner does to it in the clear, before it is encoded.
    pub scaling: Scaling,
    /// The magnitude of its integers stays below 2^(m - 2), by N units; beyond, it is refused.
    pub m: u32,
}

/// A value that is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSpec {
    /// The name in the description.
    pub name: String,
    /// The value.
    pub value: Value,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// Bits that a released element has.
    pub m: u32,
    /// Who learns it.
    pub to: Vec<Place>,
}

/// Steps, weights and stages of a model under some settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of the encoding.
    pub schema: u32,
    /// The model's name.
    pub model: String,
    /// How numbers are represented.
    pub settings: Widths,
    /// The margin in bits of the calibration that the widths were chosen by; `None` without one.
    pub margin: Option<u32>,
    /// The inputs, in the order of the description.
    pub inputs: Vec<InputSpec>,
    /// The weights, as their owner encodes them.
    pub weights: Vec<WeightSpec>,
    /// The steps, in the order of their waves.
    pub steps: Vec<Step>,
    /// The rows of the reports.
    pub stages: Vec<Stage>,
    /// The roles of the description, and where each lives.
    pub roles: Vec<(String, Place)>,
    /// Who has the weights. A party keeps them to itself and its peers do no products online; a client shares them among the parties.
    pub weights_owner: Place,
    /// What is opened, and who learns it; the last steps, one each.
    pub releases: Vec<ReleaseSpec>,
}

impl Plan {
    /// The plan of a traced model whose roles live where their order puts them: see [`Deployment`].
    ///
    /// # Errors
    /// As [`deployed`](Self::deployed).
    pub fn new(graph: &Graph, settings: &Settings) -> Result<Self> {
        Self::deployed(graph, settings, &Deployment::default())
    }

    /// The plan of a traced model under a deployment.
    ///
    /// # Errors
    /// When the settings cannot be used, a role has no place, the protocols of today cannot compute an operation, or a calibration is one of another description or
    /// leaves no choice that fits.
    pub fn deployed(graph: &Graph, settings: &Settings, deployment: &Deployment) -> Result<Self> {
        settings.check()?;
        graph.verify()?;
        let roles = deployment.places(graph, settings.parties)?;
        if let Some(calibrated) = &settings.calibrated {
            return choice::choose(graph, settings, calibrated, &roles);
        }
        let plan = lower::lower(&passes::optimise(graph, &settings.widths()), settings.widths(), &roles, None)?;
        Ok(variants::fewer_rounds(plan, 1))
    }

    /// BLAKE3 over a canonical encoding: what parties and dealer compare.
    pub fn hash(&self) -> [u8; 32] {
        digest(self)
    }

    /// One hash a step, so that a disagreement can be traced to the first step that differs.
    pub fn step_hashes(&self) -> Vec<[u8; 32]> {
        self.steps.iter().map(digest).collect()
    }

    /// Rounds, bytes and multiply-adds, stage by stage, for `batch` samples.
    pub fn cost(&self, batch: usize) -> CostTable {
        cost::table(self, batch)
    }

    /// Whether the widths were chosen by what calibration saw.
    pub fn is_calibrated(&self) -> bool {
        self.margin.is_some()
    }

    /// Where a role lives.
    pub fn place(&self, role: &str) -> Option<Place> {
        self.roles.iter().find(|(name, _)| name == role).map(|(_, place)| *place)
    }

    /// The number of clients: roles that do not compute.
    pub fn clients(&self) -> usize {
        let client = |(_, place): &(String, Place)| if let Place::Client(c) = place { c + 1 } else { 0 };
        self.roles.iter().map(client).max().unwrap_or(0)
    }

    /// The party that keeps the weights to itself; `None` when they are shared.
    pub fn keeper(&self) -> Option<usize> {
        self.weights_owner.party()
    }

    /// Whether a product reads an opening that was sent under a mask; otherwise it is its reader's own affair.
    pub(crate) fn is_masked(&self, linear: &Step) -> bool {
        is_masked(&self.steps, linear)
    }

    /// Whether a step opens a value, or moves the elements of one that was opened.
    pub(crate) fn is_wire(&self, step: usize) -> bool {
        wire::opening(&self.steps, step).is_some()
    }

    /// The party that adds the public term of a product of secrets: that which has the operands by itself, or party 0.
    pub(crate) fn adds(&self, product: &Step) -> usize {
        let opening = product.inputs.first().and_then(|i| wire::opening(&self.steps, *i));
        opening.filter(|o| !o.is_sent()).and_then(|o| o.from).unwrap_or(0)
    }

    /// For each step, whether a product of secrets reads it, which needs the parts of its mask online.
    pub(crate) fn multiplied(&self) -> Vec<bool> {
        let mut multiplied = vec![false; self.steps.len()];
        let products = self.steps.iter().filter(|s| matches!(s.kind, Kind::Product(_) | Kind::Polynomial(_)));
        products.flat_map(|s| &s.inputs).for_each(|i| multiplied[*i] = true);
        multiplied
    }

    /// The shape of one sample of a step that no stage hands on: a release has its own.
    pub(crate) fn shape_of(&self, step: &Step) -> Vec<usize> {
        if let Kind::Release(r) = step.kind { self.releases[r].shape.clone() } else { vec![step.len] }
    }

    /// For each step, the last step that reads it.
    pub fn last_use(&self) -> Vec<usize> {
        let mut last: Vec<usize> = (0..self.steps.len()).collect();
        for (k, step) in self.steps.iter().enumerate() {
            step.inputs.iter().for_each(|i| last[*i] = k);
        }
        last
    }

    /// For each step, how many times it is read.
    pub(crate) fn readers(&self) -> Vec<usize> {
        let mut readers = vec![0; self.steps.len()];
        self.steps.iter().flat_map(|s| &s.inputs).for_each(|i| readers[*i] += 1);
        readers
    }

    /// The number of elements of one sample of input `k`.
    pub fn input_len(&self, k: usize) -> usize {
        self.inputs[k].shape.iter().product()
    }

    /// The geometry in which each weight is used. Every weight of a plan belongs to exactly one step.
    pub(crate) fn geometries(&self) -> Vec<Conv> {
        let mut all: Vec<Option<Conv>> = vec![None; self.weights.len()];
        for step in &self.steps {
            if let Kind::Linear { geometry, weight } = &step.kind {
                all[*weight] = Some(geometry.conv());
            }
        }
        all.into_iter().flatten().collect()
    }

    /// The name of the stage that step `k` belongs to.
    pub fn stage_name(&self, k: usize) -> &str {
        match self.steps.get(k) {
            Some(s) if s.stage.is_empty() => "input",
            Some(s) => &s.stage,
            None => "",
        }
    }
}

fn digest(value: &(impl Serialize + core::fmt::Debug)) -> [u8; 32] {
    // writing plain data to memory does not fail; if it ever did, the text would still tell two values apart
    let bytes = postcard::to_allocvec(value).unwrap_or_else(|_| format!("{value:?}").into_bytes());
    *blake3::Hasher::new_derive_key("undertone plan").update(&bytes).finalize().as_bytes()
}

fn is_masked(steps: &[Step], linear: &Step) -> bool {
    linear.inputs.first().and_then(|i| wire::opening(steps, *i)).is_some_and(Opening::is_sent)
}

fn dims(shape: Shape) -> Vec<usize> {
    shape.dims().to_vec()
}

impl Plan {
    /// Folds and encodes the weights of this plan.
    ///
    /// # Errors
    /// [`Error::Weights`](crate::Error::Weights), naming everything that is missing, not finite or out of range.
    pub fn encode(&self, weights: &crate::Weights) -> Result<Vec<EncodedWeight>> {
        weights::encode_all(self, weights)
    }
}

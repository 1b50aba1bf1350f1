//! The values of every stage of a recorded run, put together from all parties' shares.

use crate::plan::{Kind, Layout, Plan};
use undertone_shape::Shape;

/// The values of all stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Stages {
    /// In the order of the plan.
    pub all: Vec<StageValues>,
}

/// The values of one stage.
#[derive(Clone, PartialEq)]
pub struct StageValues {
    /// The stage.
    pub name: String,
    /// The shape of one sample.
    pub shape: Vec<usize>,
    /// All samples, row-major.
    pub values: Vec<f32>,
    /// All samples, as integers in the plan's layout.
    pub integers: Vec<i64>,
}

impl core::fmt::Debug for StageValues {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}{:?}", self.name, self.shape)
    }
}

impl Stages {
    pub(crate) fn new(plan: &Plan) -> Self {
        let all = plan.stages.iter();
        Self { all: all.map(|s| StageValues { name: s.name.clone(), shape: s.shape.clone(), values: vec![], integers: vec![] }).collect() }
    }

    pub(crate) fn push(&mut self, plan: &Plan, stage: usize, batch: usize, sum: &[u64]) {
        let (value, into) = (&plan.stages[stage].result, &mut self.all[stage]);
        let bits = match &plan.steps[value.step].kind {
            Kind::Max { compare, narrow: true, .. } | Kind::MaxOver { compare, narrow: true, .. } => compare.m,
            _ => plan.settings.ring,
        };
        let signed = |v: u64| ((v << (64 - bits)) as i64) >> (64 - bits);
        let integers: Vec<i64> = match value.integer {
            Some(q) => sum.iter().map(|v| (v & (u64::MAX >> (64 - q))) as i64).collect(),
            None => sum.iter().map(|v| signed(*v)).collect(),
        };
        let shape = Shape::from_slice(&into.shape);
        let (len, copy) = (shape.numel(), value.layout.to(&Layout::natural(shape.rank()), &shape));
        for sample in integers.chunks_exact(len).take(batch) {
            let raw: Vec<u64> = sample.iter().map(|v| *v as u64).collect();
            let mut natural = vec![0u64; len];
            copy.run(&raw, &mut natural);
            into.values.extend(natural.iter().map(|v| value.decode(*v as i64) as f32));
        }
        into.integers.extend(integers);
    }
}

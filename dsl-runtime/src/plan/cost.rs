//! What a plan costs, stage by stage: the sum of what its protocols say, so it equals what a run measures.

use super::Plan;
use crate::protocol::Cost;
use crate::time::Load;
use core::fmt;

/// The costs of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct CostTable {
    /// The model's name.
    pub model: String,
    /// The number of samples.
    pub batch: usize,
    /// The number of computing parties.
    pub parties: usize,
    /// The stages in order, then the releases.
    pub rows: Vec<Row>,
}

/// The cost of one stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The stage.
    pub stage: String,
    /// The shape of one sample of its result.
    pub shape: Vec<usize>,
    /// What is known about the size of its values.
    pub range: String,
    /// What it costs: `sent` is that of the party that sends most in this stage, and rounds that it shares with other stages are counted with the first of them.
    pub cost: Cost,
    /// What its steps make a machine do.
    pub(crate) loads: Vec<Load>,
}

impl CostTable {
    /// What all stages cost together. `sent` is what the busiest party sends in all of them: less than the sum of the rows where one party sends most in one stage and
    /// another one in the next.
    pub fn total(&self) -> Cost {
        self.rows.iter().map(|r| r.cost).sum()
    }
}

pub(super) fn table(plan: &Plan, batch: usize) -> CostTable {
    let mut rows: Vec<Row> = plan
        .stages
        .iter()
        .map(|s| Row { stage: s.name.clone(), shape: s.shape.clone(), range: s.range.to_string(), cost: Cost::default(), loads: vec![] })
        .collect();
    for (s, rounds) in plan.steps.iter().zip(plan.rounds(batch)) {
        let mut load = Load::of(plan, s, batch);
        load.cost.rounds = rounds;
        match rows.iter_mut().find(|r| r.stage == s.stage) {
            Some(row) => {
                row.cost += load.cost;
                row.loads.push(load);
            }
            None if s.stage.is_empty() => {}
            None => {
                let shape = plan.shape_of(s);
                rows.push(Row { stage: s.stage.clone(), shape, range: String::new(), cost: load.cost, loads: vec![load] });
            }
        }
    }
    CostTable { model: plan.model.clone(), batch, parties: plan.settings.parties, rows }
}

impl fmt::Display for CostTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|r| r.stage.len()).max().unwrap_or(0).max(8);
        writeln!(f, "{} x {}: per party; offline bytes go to one party", self.model, self.batch)?;
        writeln!(
            f,
            "{:width$}  {:<16} {:>6} {:>12} {:>12} {:>14}  range",
            "stage", "shape", "rounds", "sent B", "offline B", "multiply-adds"
        )?;
        let total = Row { stage: "total".into(), shape: vec![], range: String::new(), cost: self.total(), loads: vec![] };
        for row in self.rows.iter().chain([&total]) {
            let shape = if row.shape.is_empty() { String::new() } else { format!("{:?}", row.shape) };
            let c = row.cost;
            writeln!(
                f,
                "{:width$}  {shape:<16} {:>6} {:>12} {:>12} {:>14}  {}",
                row.stage, c.rounds, c.sent, c.corrections, c.multiply_adds, row.range
            )?;
        }
        Ok(())
    }
}

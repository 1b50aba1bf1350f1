//! The report of a run: shape, rounds, bytes and time of every stage, and the totals.

use crate::party::Outcome;
use crate::plan::Plan;
use crate::protocol::{PARTIES, most};
use crate::topology::Topology;
use core::fmt;
use std::time::Duration;

/// What a run measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The model.
    pub model: String,
    /// The number of samples.
    pub samples: usize,
    /// The number of runs that the samples were split into.
    pub runs: usize,
    /// Who computes and who deals.
    pub topology: Topology,
    /// The number of computing parties; of three of which one deals, in each slice two of them.
    pub parties: usize,
    /// Bits of the ring.
    pub ring: u32,
    /// Fraction bits.
    pub fraction: u32,
    /// The stages, then the releases.
    pub rows: Vec<ReportRow>,
    /// Sharing the weights, once for all runs: the slowest party, the dealer's masks included. Part of neither half.
    pub setup: Duration,
    /// The offline half of all runs: the slowest party, the dealer's work included.
    pub offline: Duration,
    /// The online half of all runs: the slowest party.
    pub online: Duration,
}

/// What one stage measured, all runs together. Rounds are those of one run.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ReportRow {
    /// The stage.
    pub stage: String,
    /// The shape of one sample of its result.
    pub shape: Vec<usize>,
    /// Simultaneous exchanges of one run; those that several stages share are counted with the first of them, and so is the time that was waited for them.
    pub rounds: u64,
    /// Bytes that the party sent that sends most in this stage, to all others together.
    pub sent: u64,
    /// Bytes of corrections from the dealer, or from the party that deals most.
    pub corrections: u64,
    /// Online time of the slowest party, waiting included.
    pub time: Duration,
    /// Bytes that each party sent; `sent` is the largest.
    pub(super) by_party: [u64; PARTIES],
}

impl Report {
    pub(crate) fn new(plan: &Plan, samples: usize, parties: &[Vec<Outcome>]) -> Self {
        let mut rows: Vec<ReportRow> =
            plan.stages.iter().map(|s| ReportRow { stage: s.name.clone(), shape: s.shape.clone(), ..ReportRow::default() }).collect();
        let runs = parties[0].len();
        for run in 0..runs {
            for (k, step) in plan.steps.iter().enumerate() {
                let row = rows.iter().position(|r| r.stage == step.stage).unwrap_or_else(|| {
                    rows.push(ReportRow { stage: step.stage.clone(), shape: plan.shape_of(step), ..ReportRow::default() });
                    rows.len() - 1
                });
                let of = |f: &dyn Fn(&crate::party::Measured) -> u64| parties.iter().map(|p| f(&p[run].steps[k])).max().unwrap_or(0);
                if run == 0 {
                    rows[row].rounds += of(&|m| m.rounds);
                }
                for (sum, party) in rows[row].by_party.iter_mut().zip(parties) {
                    *sum += party[run].steps[k].sent;
                }
                rows[row].corrections += of(&|m| m.corrections);
                rows[row].time += parties.iter().map(|p| p[run].steps[k].time).max().unwrap_or_default();
            }
        }
        for row in &mut rows {
            row.sent = most(row.by_party);
        }
        rows.retain(|r| !r.stage.is_empty());
        let slowest =
            |f: &dyn Fn(&Outcome) -> Duration| (0..runs).map(|r| parties.iter().map(|p| f(&p[r])).max().unwrap_or_default()).sum();
        Self {
            model: plan.model.clone(),
            samples,
            runs,
            topology: Topology::Dealer,
            parties: plan.settings.parties,
            ring: plan.settings.ring,
            fraction: plan.settings.fraction,
            rows,
            setup: slowest(&|o| o.setup),
            offline: slowest(&|o| o.offline),
            online: slowest(&|o| o.online),
        }
    }

    /// Simultaneous exchanges of one run.
    pub fn rounds(&self) -> u64 {
        self.rows.iter().map(|r| r.rounds).sum()
    }

    /// Bytes that the busiest party sent, to all others together, in all stages and runs together: less than the sum of the rows where one party sends most in one stage and
    /// another one in the next. What is counted is what a [`Cost`](crate::protocol::Cost) counts.
    pub fn sent(&self) -> u64 {
        let by_party = self.rows.iter().fold([0; PARTIES], |sum, r| core::array::from_fn(|k| sum[k] + r.by_party[k]));
        most(by_party)
    }

    /// Bytes of corrections from the dealer, all runs together.
    pub fn corrections(&self) -> u64 {
        self.rows.iter().map(|r| r.corrections).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|r| r.stage.len()).max().unwrap_or(0).max(8);
        writeln!(f, "{:width$}  {:<16} {:>6} {:>12} {:>12} {:>10}", "stage", "shape", "rounds", "sent B", "offline B", "ms")?;
        for r in &self.rows {
            let shape = format!("{:?}", r.shape);
            let ms = r.time.as_secs_f64() * 1e3;
            writeln!(f, "{:width$}  {shape:<16} {:>6} {:>12} {:>12} {ms:>10.2}", r.stage, r.rounds, r.sent, r.corrections)?;
        }
        writeln!(
            f,
            "{:width$}  {:<16} {:>6} {:>12} {:>12} {:>10.2}",
            "total",
            "",
            self.rounds(),
            self.sent(),
            self.corrections(),
            self.online.as_secs_f64() * 1e3
        )?;
        write!(
            f,
            "{} samples in {} runs, {} parties {} (semi-honest), ring of {} bits, {} of them a fraction; sharing the weights once {:.3} s, offline {:.3} s, online {:.3} s",
            self.samples,
            self.runs,
            self.parties,
            match self.topology {
                Topology::Dealer => "and a dealer",
                Topology::ThirdDeals => "of which one deals",
            },
            self.ring,
            self.fraction,
            self.setup.as_secs_f64(),
            self.offline.as_secs_f64(),
            self.online.as_secs_f64()
        )
    }
}

//! The report of three parties of which one deals.

use super::{Report, ReportRow};
use crate::party::{Lane, Rotated, Rotation};
use crate::protocol::most;
use crate::topology::Topology;
use std::time::Duration;

impl Report {
    /// Rounds and times of the lane with most of them, since lanes run side by side; bytes of the busiest party, which computes in two lanes and deals in
    /// the third: what it sends in its lanes is added up.
    pub(crate) fn rotated(rotation: &Rotation, samples: usize, parties: &[Vec<Rotated>]) -> Self {
        let plan = rotation.whole();
        let mut rows: Vec<ReportRow> =
            plan.stages.iter().map(|s| ReportRow { stage: s.name.clone(), shape: s.shape.clone(), ..ReportRow::default() }).collect();
        let runs = parties.first().map_or(0, Vec::len);
        for run in 0..runs {
            let (mut rounds, mut times) = (vec![[0; 3]; rows.len()], vec![[Duration::ZERO; 3]; rows.len()]);
            let mut corrections = vec![[0; 3]; rows.len()];
            for (party, lane) in parties.iter().enumerate().flat_map(|(p, runs)| runs[run].lanes.iter().map(move |lane| (p, lane))) {
                let plan = &rotation.lanes()[lane.dealer];
                for (step, measured) in plan.steps.iter().zip(&lane.outcome.steps) {
                    let row = rows.iter().position(|r| r.stage == step.stage).unwrap_or_else(|| {
                        rows.push(ReportRow { stage: step.stage.clone(), shape: plan.shape_of(step), ..ReportRow::default() });
                        rounds.push([0; 3]);
                        times.push([Duration::ZERO; 3]);
                        corrections.push([0; 3]);
                        rows.len() - 1
                    });
                    rows[row].by_party[party] += measured.sent;
                    // both parties of a lane say the same about what does not differ between them
                    if party == (lane.dealer + 1) % 3 {
                        rounds[row][lane.dealer] += measured.rounds;
                        times[row][lane.dealer] += measured.time;
                        corrections[row][lane.dealer] += measured.corrections;
                    }
                }
            }
            let largest = |all: &[u64; 3]| all.iter().copied().max().unwrap_or(0);
            for (k, row) in rows.iter_mut().enumerate() {
                row.rounds = row.rounds.max(largest(&rounds[k]));
                row.corrections += largest(&corrections[k]);
                row.time += times[k].into_iter().max().unwrap_or_default();
            }
        }
        for row in &mut rows {
            row.sent = most(row.by_party);
        }
        rows.retain(|r| !r.stage.is_empty());
        let slowest = |f: &dyn Fn(&Lane) -> Duration| {
            let of_run = |run: usize| parties.iter().flat_map(|p| &p[run].lanes).map(f).max().unwrap_or_default();
            (0..runs).map(of_run).sum()
        };
        Self {
            model: plan.model.clone(),
            samples,
            runs,
            topology: Topology::ThirdDeals,
            parties: parties.len(),
            ring: plan.settings.ring,
            fraction: plan.settings.fraction,
            rows,
            setup: slowest(&|lane| lane.outcome.setup),
            offline: slowest(&|lane| lane.outcome.offline),
            online: slowest(&|lane| lane.outcome.online),
        }
    }
}

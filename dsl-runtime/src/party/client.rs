//! A client's side of a run: it gives its inputs, and gets what is released to it.

use super::Session;
use super::encode;
use super::kept::Stored;
use super::offline::Arranged;
use super::online::Outcome;
use crate::error::Result;
use crate::plan::{Kind, Plan};
use crate::protocol::{Round, padded};
use std::time::Instant;

impl Session {
    /// Shares of its inputs to all parties, and what is released to it, in the order of the steps.
    pub(super) fn run_client<W: Stored>(&mut self, plan: &Plan, prepared: &Arranged, mine: &[Option<Vec<u64>>]) -> Result<Outcome> {
        let parties = self.table.parties;
        for party in 0..parties {
            self.links.send(party, &crate::wire::encode(&prepared.number), "run")?;
        }
        let start = Instant::now();
        let mut outcome = Outcome { batch: prepared.batch, setup: prepared.setup, offline: prepared.time, ..Outcome::default() };
        for step in &plan.steps {
            match &step.kind {
                Kind::Input(k) => {
                    if let Some(values) = mine.get(*k).and_then(Option::as_ref) {
                        self.share_among_parties::<W>(values, plan.settings.ring, &format!("input `{}`", plan.inputs[*k].name))?;
                    }
                }
                Kind::Release(r) if plan.releases[*r].to.contains(&self.place) => {
                    let (spec, len) = (&plan.releases[*r], prepared.batch * step.len);
                    let (release, during) = (plan.release(spec), format!("release `{}`", spec.name));
                    let bytes = release.bytes(padded(len));
                    let mut messages = vec![Vec::new(); parties];
                    for (party, message) in messages.iter_mut().enumerate() {
                        // the parties run all of the plan before they send it
                        self.links.unhurried(|links| links.receive_exactly(party, bytes, message, &during))?;
                    }
                    let values = release.combine::<W>(Round { own: &messages[0], peers: &messages[1..] }, len);
                    outcome.opened.push(&spec.name, encode::outputs(plan, spec, &values));
                }
                _ => {}
            }
        }
        outcome.online = start.elapsed();
        Ok(outcome)
    }
}

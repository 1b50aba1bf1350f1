//! One run of three parties: its header, the lanes side by side, and its end.

use super::Rotation;
use super::slices::slices;
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::opened::Opened;
use crate::party::handshake::{Header, agree};
use crate::party::roles::{Samples, batch_of};
use crate::party::world::all_or_worst;
use crate::party::{Mine, Outcome, Session};
use crate::plan::{Place, Plan};
use crate::weights::Weights;
use core::ops::Range;
use std::sync::Arc;

/// What one endpoint has of a run.
#[derive(Clone, Debug, Default)]
pub struct Rotated {
    /// What was released to this endpoint, of all samples.
    pub opened: Opened,
    /// The lanes that had samples, in the order of the samples.
    pub lanes: Vec<Lane>,
}

/// What one endpoint has of a slice.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Who deals in it.
    pub dealer: usize,
    /// The samples of the run that were its.
    pub samples: Range<usize>,
    /// What the run of the lane left; what was released is in [`Rotated::opened`].
    pub outcome: Outcome,
}

impl Rotated {
    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.lanes.last().map_or(0, |lane| lane.samples.end)
    }

    /// Rounds: lanes run side by side, so those of the lane with most of them.
    pub fn rounds(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.outcome.steps.iter().map(|step| step.rounds).sum()).max().unwrap_or(0)
    }

    /// Bytes that this endpoint has sent as one who computes, both lanes together.
    pub fn sent(&self) -> u64 {
        self.lanes.iter().flat_map(|lane| &lane.outcome.steps).map(|step| step.sent).sum()
    }
}

impl Session {
    /// One run of a model as a role, or without one.
    pub(in crate::party) fn rotate_graph(
        &mut self,
        graph: &Graph,
        role: Option<&str>,
        inputs: &[(usize, &dyn Samples)],
        weights: Option<&Weights>,
    ) -> Result<Opened> {
        let rotation = self.rotation(graph)?;
        self.check_role(rotation.whole(), role)?;
        let mine: Vec<(usize, &[f32])> = inputs.iter().map(|(k, samples)| (*k, samples.values())).collect();
        Ok(self.rotate(&rotation, weights, batch_of(inputs)?, &mine)?.opened)
    }

    /// One run of three parties: every endpoint gives the inputs and weights that it owns and gets what is released to it. `batch` is said by the owner of the first input,
    /// and may be said by the owners of others. Weights are shared in each lane once. Lanes run side by side, each on a thread of its own.
    ///
    /// Cost: the messages of two parties' protocols for a third of the batch in each lane, and two rounds of a few dozen bytes.
    ///
    /// # Errors
    /// In a session with a dealer; when an input is missing, has the wrong length, is not finite or out of range (before anything is sent); when the endpoints disagree on
    /// plans or batch; as [`prepare`](Self::prepare) and [`run`](Self::run). Any error ends the session, in all lanes.
    pub fn rotate(&mut self, rotation: &Rotation, weights: Option<&Weights>, batch: Option<usize>, inputs: &Mine<'_>) -> Result<Rotated> {
        self.guarded(|session| session.rotate_run(rotation, weights, batch, inputs))
    }

    fn rotate_run(&mut self, rotation: &Rotation, weights: Option<&Weights>, batch: Option<usize>, inputs: &Mine<'_>) -> Result<Rotated> {
        self.third()?;
        let whole = rotation.whole();
        if whole.clients() > self.table.clients {
            let message = format!("the plans are for {} clients, the session has {}", whole.clients(), self.table.clients);
            return Err(self.links.failed("run header", message));
        }
        // the lanes would find out when others have begun
        whole.check_inputs(self.place, inputs, batch.unwrap_or(0))?;
        self.check_weights(rotation, weights)?;
        let too_many = |_| Error::Input { name: "all".into(), message: "there are too many samples for one run".into() };
        let announced = batch.map(u32::try_from).transpose().map_err(too_many)?;
        self.runs += 1;
        let run = self.runs;
        // ids of weights are drawn in each lane; here only their owner's word that there are some
        let set = (whole.weights_owner == self.place).then_some([0; 16]);
        let header = Header { plan: rotation.hash(), batch: announced, run, set, dealing: None, claimed: 0, streams: false };
        let agreed = agree(self.table, &mut self.links, whole, &header)?;
        let slices = slices(agreed.batch, run - 1);
        let lanes = self.run_lanes(rotation, weights, &slices, inputs)?;
        if self.place.party().is_some() {
            self.same_everywhere("end of run", run)?;
        }
        let mut rotated = Rotated::default();
        for ((dealer, samples), mut outcome) in slices.into_iter().zip(lanes) {
            rotated.opened.append(core::mem::take(&mut outcome.opened));
            rotated.lanes.push(Lane { dealer, samples, outcome });
        }
        Ok(rotated)
    }

    /// What is wrong with the weights, before anybody hears of the run; those that a lane has accepted are not looked at again.
    fn check_weights(&mut self, rotation: &Rotation, weights: Option<&Weights>) -> Result<()> {
        let (owner, whole) = (rotation.whole().weights_owner == self.place, rotation.whole());
        let message = match weights {
            Some(weights) if owner => {
                let fingerprint = weights.fingerprint();
                let known = |(lane, plan): (&Session, &Arc<Plan>)| lane.own.contains_key(&(plan.hash(), fingerprint));
                if self.third()?.lanes.iter().zip(rotation.lanes()).any(known) {
                    return Ok(());
                }
                return whole.encode(weights).map(|_| ());
            }
            None if !owner || whole.weights.is_empty() => return Ok(()),
            Some(_) => "only their owner gives weights",
            None => "their owner gives the weights, but none are given",
        };
        Err(Error::Weights { model: whole.model.clone(), problems: vec![message.into()] })
    }

    /// Runs the lanes that have samples, and waits for all of them.
    fn run_lanes(
        &mut self,
        rotation: &Rotation,
        weights: Option<&Weights>,
        slices: &[(usize, Range<usize>)],
        inputs: &Mine<'_>,
    ) -> Result<Vec<Outcome>> {
        let (me, name) = (self.place, self.links.name(self.links.me));
        let third = self.third()?;
        let mut sessions: Vec<Option<&mut Session>> = third.lanes.iter_mut().map(Some).collect();
        let results: Vec<Result<Outcome>> = std::thread::scope(|scope| {
            let threads: Vec<_> = slices
                .iter()
                .filter_map(|(lane, samples)| {
                    let (session, plan) = (sessions.get_mut(*lane)?.take()?, &rotation.lanes()[*lane]);
                    let thread = std::thread::Builder::new().name(format!("lane {lane}"));
                    Some(thread.spawn_scoped(scope, move || session.run_slice(plan, weights, samples, inputs)))
                })
                .collect();
            let broken = |why: &str| Error::Peer { party: name.clone(), during: "run".into(), message: why.into() };
            let joined = threads.into_iter().map(|thread| match thread {
                Ok(thread) => thread.join().unwrap_or_else(|_| Err(broken("a lane has panicked: this is a bug in Undertone"))),
                Err(e) => Err(broken(&format!("no thread for a lane: {e}"))),
            });
            joined.collect()
        });
        // in the middle of a run of three, nobody leaves in order
        let left = |e| match e {
            Error::Ended { party, peer } => {
                Error::Gone { party, during: "run".into(), message: format!("{peer} has closed the connection") }
            }
            other => other,
        };
        let mut results: Vec<_> =
            slices.iter().map(|(lane, _)| *lane).zip(results.into_iter().map(|result| result.map_err(left))).collect();
        if results.iter().any(|(_, result)| result.is_err()) {
            // a client waits for whoever waits for others: those who compute know better who is missing
            results.sort_by_key(|(lane, _)| me == Place::Party(*lane));
        }
        all_or_worst(results.into_iter().map(|(_, result)| result).collect())
    }

    /// One slice, in the session of its lane.
    fn run_slice<'a>(&mut self, plan: &Plan, weights: Option<&Weights>, samples: &Range<usize>, inputs: &Mine<'a>) -> Result<Outcome> {
        let part = |k: usize, values: &'a [f32]| {
            let len = plan.input_len(k);
            (k, values.get(samples.start * len..samples.end * len).unwrap_or_default())
        };
        let mine: Vec<(usize, &[f32])> = inputs.iter().map(|(k, values)| part(*k, values)).collect();
        self.run_once(plan, weights, (!inputs.is_empty()).then_some(samples.len()), &mine)
    }
}

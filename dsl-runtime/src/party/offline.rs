//! The offline half of a run: agreeing on it, sharing weights that are new, claiming a tape, and [unpacking](super::unpack) it unless that is left to the run.
//!
//! Keys, seeds, shares of weights, inputs and values are wiped before their memory is given back, masks of wires with them. The correlations of comparisons and
//! truncations are not: wiping them would cost as much as using them, and each serves one opening that is over by then.

use super::Session;
use super::handshake::{Agreed, Header, agree};
use super::kept::Stored;
use super::unpack::{Count, Steps, Unpacking};
use super::weights::WeightSet;
use crate::error::{Error, Result};
use crate::plan::{EncodedWeight, Place, Plan};
use crate::weights::Weights;
use crate::wire::ELEMENTS;
use std::sync::Arc;
use std::time::{Duration, Instant};
use undertone_ring::Word;

/// One endpoint's part of one run that was agreed on, with its correlations: made once, consumed by the run.
pub struct Prepared {
    pub(super) run: Arranged,
    pub(super) work: Work,
}

/// A run that was agreed on.
pub(super) struct Arranged {
    pub batch: usize,
    pub number: u64,
    /// What it was prepared for.
    pub plan: [u8; 32],
    pub session: [u8; 16],
    /// Bytes of corrections that each step takes; nothing with a client.
    pub corrections: Vec<u64>,
    /// Whether some party unpacks its tape as it runs.
    pub streams: bool,
    /// Bytes of correlations that are there.
    pub count: Arc<Count>,
    /// Encoding and sharing the weights, if that had to be done.
    pub setup: Duration,
    /// The rest of the offline half, from the agreement on.
    pub time: Duration,
}

/// Weights and correlations, in the words of the plan's ring.
pub(super) enum Work {
    Narrow(Ready<u32>),
    Wide(Ready<u64>),
}

/// Weights and correlations.
pub(super) struct Ready<W: Word> {
    pub set: Arc<WeightSet<W>>,
    pub steps: Steps<W>,
}

/// The offline half in words of one size.
struct Unpacked<W: Word> {
    ready: Ready<W>,
    corrections: Vec<u64>,
    /// What sharing the weights took.
    sharing: Duration,
}

impl Session {
    /// Agrees on a run with everybody and unpacks this party's tape. The owner of the weights gives them, with every run; they are shared once. The owner of the
    /// first input says how many samples there are, and whoever owns another one may.
    ///
    /// Memory: the whole tape, unpacked; what a step takes of it is given back when the step has ended. Values come on top ([`Plan::peak`]).
    /// [`run_streamed`](Self::run_streamed) has no more of the tape unpacked than the steps need that are under way.
    ///
    /// # Errors
    /// When weights are missing, not finite or out of range (before anything is sent), when the endpoints disagree on plan, weights or batch, when there is no tape,
    /// or when a tape does not fit the plan. Any error ends the session.
    pub fn prepare(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>) -> Result<Prepared> {
        self.guarded(|session| session.arrange(plan, weights, batch, false))
    }

    /// Agrees on a run and claims its tape, which is unpacked now or, if the run `streams`, later.
    pub(super) fn arrange(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>, streams: bool) -> Result<Prepared> {
        plan.verify(ELEMENTS)?;
        if self.third.is_some() {
            return Err(self.links.failed("prepare", "one of three parties deals: such a session runs rotations, not plans".into()));
        }
        // whoever deals in a lane is its client, and may have no role
        if plan.settings.parties != self.table.parties || plan.clients() > self.table.clients {
            let message = format!(
                "the plan is for {} parties and {} clients, the session has {} and {}: use one deployment for both",
                plan.settings.parties,
                plan.clients(),
                self.table.parties,
                self.table.clients
            );
            return Err(self.links.failed("prepare", message));
        }
        let too_many = |_| Error::Input { name: "all".into(), message: "there are too many samples for one run".into() };
        let batch = batch.map(u32::try_from).transpose().map_err(too_many)?;
        if batch == Some(0) {
            return Err(Error::Input { name: "all".into(), message: "there are no samples".into() });
        }
        let from = Instant::now();
        let (set, mine) = self.own_weights(plan, weights)?;
        let encoding = from.elapsed();
        self.runs += 1;
        let (run, hash) = (self.runs, plan.hash());
        let (dealing, claimed) = self.source_of().map_or((None, 0), |s| (Some(s.dealing()), s.claimed()));
        let header = Header { plan: hash, batch, run, set, dealing, claimed, streams: streams && self.place.party().is_some() };
        let agreed = agree(self.table, &mut self.links, plan, &header)?;
        // whoever waited here waited for others to begin, or to encode their weights
        let start = Instant::now();
        plan.check_batch(agreed.batch, ELEMENTS).map_err(|message| self.links.failed("prepare", message))?;
        let count = Arc::default();
        let (work, corrections, sharing) = if plan.settings.is_narrow() {
            let Unpacked { ready, corrections, sharing } = self.unpack(plan, agreed, &mine, streams, &count)?;
            (Work::Narrow(ready), corrections, sharing)
        } else {
            let Unpacked { ready, corrections, sharing } = self.unpack(plan, agreed, &mine, streams, &count)?;
            (Work::Wide(ready), corrections, sharing)
        };
        let (setup, time) = (encoding + sharing, start.elapsed().saturating_sub(sharing));
        let (batch, streams) = (agreed.batch, agreed.streams);
        let run = Arranged { batch, number: run, plan: hash, session: self.id, corrections, streams, count, setup, time };
        Ok(Prepared { run, work })
    }

    fn unpack<W: Stored>(
        &mut self,
        plan: &Plan,
        agreed: Agreed,
        mine: &[EncodedWeight],
        streams: bool,
        count: &Arc<Count>,
    ) -> Result<Unpacked<W>> {
        let from = Instant::now();
        let set = self.weight_set(plan, &agreed, mine)?;
        let sharing = from.elapsed();
        let (steps, corrections) = match self.place {
            Place::Party(_) => {
                let mut tape = Unpacking::claim(self, plan, set.id, agreed, count)?;
                let corrections = tape.corrections.clone();
                if streams {
                    (Steps::Claimed(Box::new(tape)), corrections)
                } else {
                    let all: Vec<_> = (0..plan.steps.len()).map(|k| tape.next(self, plan, &set, k)).collect::<Result<_>>()?;
                    (Steps::Unpacked(all.into_iter()), corrections)
                }
            }
            Place::Client(_) => (Steps::Unpacked(vec![].into_iter()), vec![]),
        };
        Ok(Unpacked { ready: Ready { set, steps }, corrections, sharing })
    }
}

impl Prepared {
    /// The number of samples that the run is for.
    pub fn batch(&self) -> usize {
        self.run.batch
    }

    /// How long the offline half took this endpoint, without sharing the weights.
    pub fn time(&self) -> Duration {
        self.run.time
    }
}

impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepared[run {}, {} samples]", self.run.number, self.run.batch)
    }
}

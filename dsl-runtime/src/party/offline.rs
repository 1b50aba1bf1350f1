//! The offline half of a run: agreeing on it, sharing weights that are new, claiming a tape, unpacking it step by step.
//!
//! Keys, seeds, shares of weights, inputs and values are wiped before their memory is given back, masks of wires with them. The correlations of comparisons and
//! truncations are not: wiping them would cost as much as using them, and each serves one opening that is over by then.

use super::Session;
use super::handshake::{Agreed, Header, agree};
use super::kept::Stored;
use super::weights::WeightSet;
use crate::entropy::Purpose;
use crate::error::{Error, Result};
use crate::plan::{EncodedWeight, Kind, Place, Plan};
use crate::protocol::{Correlations, Tape, TapeError, Traffic, open};
use crate::weights::Weights;
use crate::wire::{ELEMENTS, tape_id};
use std::sync::Arc;
use std::time::{Duration, Instant};
use undertone_ring::Word;
use undertone_ring::conv::Scratch;
use zeroize::Zeroizing;

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
    /// Bytes of corrections that each step took.
    pub corrections: Vec<u64>,
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
    /// One a step; a client has none.
    pub steps: Vec<Material<W>>,
}

/// The correlations of one step.
pub(super) enum Material<W: Word> {
    None,
    /// This party's part of a wire's mask, of an opening or of what moves it; nothing if it does not send.
    Wire(Option<Zeroizing<Vec<W>>>),
    /// K_i of a linear step, or C_i of a product of secrets, which becomes its result.
    Product(Zeroizing<Vec<W>>),
    /// Shares of the powers of a wire's mask.
    Powers(Zeroizing<Vec<W>>),
    /// Those of a protocol, and what it will send.
    Protocol(Traffic, Box<dyn Correlations<W>>),
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
    ///
    /// # Errors
    /// When weights are missing, not finite or out of range (before anything is sent), when the endpoints disagree on plan, weights or batch, when there is no tape,
    /// or when a tape does not fit the plan. Any error ends the session.
    pub fn prepare(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>) -> Result<Prepared> {
        self.guarded(|session| session.prepare_run(plan, weights, batch))
    }

    fn prepare_run(&mut self, plan: &Plan, weights: Option<&Weights>, batch: Option<usize>) -> Result<Prepared> {
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
        let header = Header { plan: hash, batch, run, set, dealing, claimed };
        let agreed = agree(self.table, &mut self.links, plan, &header)?;
        // whoever waited here waited for others to begin, or to encode their weights
        let start = Instant::now();
        plan.check_batch(agreed.batch, ELEMENTS).map_err(|message| self.links.failed("prepare", message))?;
        let (work, corrections, sharing) = if plan.settings.is_narrow() {
            let Unpacked { ready, corrections, sharing } = self.unpack(plan, agreed, &mine)?;
            (Work::Narrow(ready), corrections, sharing)
        } else {
            let Unpacked { ready, corrections, sharing } = self.unpack(plan, agreed, &mine)?;
            (Work::Wide(ready), corrections, sharing)
        };
        let (setup, time) = (encoding + sharing, start.elapsed().saturating_sub(sharing));
        let run = Arranged { batch: agreed.batch, number: run, plan: hash, session: self.id, corrections, setup, time };
        Ok(Prepared { run, work })
    }

    fn unpack<W: Stored>(&mut self, plan: &Plan, agreed: Agreed, mine: &[EncodedWeight]) -> Result<Unpacked<W>> {
        let from = Instant::now();
        let set = self.weight_set(plan, &agreed, mine)?;
        let sharing = from.elapsed();
        let (steps, corrections) = match self.place {
            Place::Party(_) => self.expand(plan, &set, agreed)?,
            Place::Client(_) => (vec![], vec![0; plan.steps.len()]),
        };
        Ok(Unpacked { ready: Ready { set, steps }, corrections, sharing })
    }

    fn expand<W: Stored>(&mut self, plan: &Plan, set: &WeightSet<W>, agreed: Agreed) -> Result<(Vec<Material<W>>, Vec<u64>)> {
        let batch = agreed.batch;
        let tape = self.source()?.tape(set.id, plan, batch, agreed.claimed)?;
        self.same_everywhere("tape", tape)?;
        let key = self.key(Purpose::Tape, &tape_id(tape))?;
        let seat = self.seat()?;
        let mut scratch = Scratch::with(&self.threads);
        let mut message = Vec::new();
        let mut steps: Vec<Material<W>> = Vec::with_capacity(plan.steps.len());
        let mut corrections = vec![0; plan.steps.len()];
        for (k, step) in plan.steps.iter().enumerate() {
            let expected = plan.step_cost(step, batch).corrections;
            corrections[k] = expected;
            message.clear();
            if expected > 0 && seat.is_last() {
                self.source()?.corrections(expected as usize, &mut message)?;
            }
            let mut tape = Tape::new(&key, seat.is_last().then_some(message.as_slice()));
            let (id, len) = (k as u32, batch * step.len);
            let material = (|| -> Result<Material<W>, TapeError> {
                if let Kind::Open(opening) = &step.kind {
                    return Ok(Material::Wire(opening.sends(seat.party).then(|| Zeroizing::new(open::mask(&tape, id, len)))));
                }
                if let (Kind::Move(copies), Some(Material::Wire(mask))) = (&step.kind, step.inputs.first().map(|from| &steps[*from])) {
                    let from = plan.steps[step.inputs[0]].len;
                    let moved = |mask: &Zeroizing<Vec<W>>| Zeroizing::new(copies[0].whole(mask, from, step.len, batch));
                    return Ok(Material::Wire(mask.as_ref().map(moved)));
                }
                if let Some((linear, weight)) = plan.linear(step, batch) {
                    let weight = &set.weights[weight];
                    let wire = match &steps[step.inputs[0]] {
                        Material::Wire(Some(mask)) => Some(mask.as_slice()),
                        _ => None,
                    };
                    // the keeper of the weights masks only what products of secrets read too, and has no masked weight
                    let wire = wire.zip(weight.masked.as_ref().or(weight.online.as_ref()));
                    let z = linear.expand(plan.is_masked(step), wire, &weight.bias, &mut tape, id, &mut scratch)?;
                    return Ok(Material::Product(Zeroizing::new(z)));
                }
                if let Some((product, _)) = plan.product(step, batch) {
                    return Ok(Material::Product(Zeroizing::new(product.expand(plan.is_masked(step), &mut tape, id)?)));
                }
                if let Some(powers) = plan.powers(step, batch) {
                    return Ok(Material::Powers(Zeroizing::new(powers.expand(plan.is_masked(step), &mut tape, id)?)));
                }
                Ok(match plan.protocol::<W>(step, batch) {
                    Some(protocol) => Material::Protocol(protocol.traffic(), protocol.expand(&mut tape, id)?),
                    None => Material::None,
                })
            })();
            let links = &self.links;
            let bad = |e: TapeError| links.failed(&format!("tape, stage `{}`", plan.stage_name(k)), e.to_string());
            steps.push(material.map_err(bad)?);
            tape.finish().map_err(bad)?;
        }
        self.source()?.finish()?;
        Ok((steps, corrections))
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

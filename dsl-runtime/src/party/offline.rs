//! The offline half of a run: agreeing on it, claiming a tape, unpacking it step by step.
//!
//! Keys, seeds, shares of weights, inputs and values are wiped before their memory is given back, masks of wires with them. The correlations of comparisons and
//! truncations are not: wiping them would cost as much as using them, and each serves one opening that is over by then.

use super::handshake::{Header, agree, link};
use super::{Session, WeightSet};
use crate::entropy::Purpose;
use crate::error::{Error, Result};
use crate::plan::{Kind, Plan, step_cost};
use crate::protocol::{Tape, TapeError, max, open, padded, relu, truncate};
use crate::wire::{Answer, Request, tape_id};
use std::time::{Duration, Instant};
use undertone_ring::conv::Scratch;

/// One party's correlations for one run: made once, consumed by it.
pub struct Prepared {
    pub(super) batch: usize,
    pub(super) run: u64,
    /// What it was prepared for.
    pub(super) plan: [u8; 32],
    pub(super) set: [u8; 16],
    pub(super) session: [u8; 16],
    pub(super) steps: Vec<Material>,
    /// Bytes of corrections that each step took.
    pub(super) corrections: Vec<u64>,
    /// Seconds that the whole offline half took.
    pub(super) time: Duration,
}

/// The correlations of one step.
pub(super) enum Material {
    None,
    /// This party's share of a wire's mask.
    Wire(Vec<u64>),
    /// K_i of a linear step, which becomes its result.
    Linear(Vec<u64>),
    Truncate(truncate::Material<u64>),
    Relu(Box<(relu::Relu, relu::Material<u64>)>),
    Max(Box<(max::Max, max::Materials<u64>)>),
}

impl Session {
    /// Agrees on a run with the peers and the dealer and unpacks this party's tape. The owner of the inputs says how many samples there are.
    ///
    /// # Errors
    /// When the parties disagree on plan, weights or batch, when the dealer refuses, or when its tape does not fit the plan. Any error ends the session.
    pub fn prepare(&mut self, plan: &Plan, set: &WeightSet, batch: Option<usize>) -> Result<Prepared> {
        self.guarded(|session| session.prepare_run(plan, set, batch))
    }

    fn prepare_run(&mut self, plan: &Plan, set: &WeightSet, batch: Option<usize>) -> Result<Prepared> {
        let start = Instant::now();
        let hash = plan.hash();
        if set.plan != hash {
            let message = format!("the weights were shared for another plan than that of `{}`: share them again", plan.model);
            return Err(Error::Peer { party: self.seat.party, during: "prepare".into(), message });
        }
        self.runs += 1;
        let run = self.runs;
        let too_many = |_| Error::Input { name: "all".into(), message: "there are too many samples for one run".into() };
        let header = Header { plan: hash, batch: batch.map(u32::try_from).transpose().map_err(too_many)?, run, set: set.id };
        let batch = agree(self.seat, self.transport()?, plan, &header)?;
        let tape = match self.ask(&Request::Tape { set: set.id, batch: batch as u32 })? {
            Answer::Tape(tape) => tape,
            other => {
                return Err(Error::Peer {
                    party: self.seat.party,
                    during: "tape".into(),
                    message: format!("the dealer answers {other:?}"),
                });
            }
        };
        self.claim(tape)?;
        self.same_everywhere("tape", tape)?;
        let (steps, corrections) = self.expand(plan, set, batch, tape)?;
        Ok(Prepared { batch, run, plan: hash, set: set.id, session: self.id, steps, corrections, time: start.elapsed() })
    }

    fn expand(&mut self, plan: &Plan, set: &WeightSet, batch: usize, tape: u64) -> Result<(Vec<Material>, Vec<u64>)> {
        let key = self.key(Purpose::Tape, &tape_id(tape));
        let (seat, s) = (self.seat, plan.settings);
        let mut scratch = Scratch::new();
        let mut message = Vec::new();
        let mut steps: Vec<Material> = Vec::with_capacity(plan.steps.len());
        let mut corrections = vec![0; plan.steps.len()];
        for (k, step) in plan.steps.iter().enumerate() {
            let expected = step_cost(plan, step, batch).corrections;
            corrections[k] = expected;
            let during = || format!("tape, stage `{}`", plan.stage_name(k));
            if expected > 0 && seat.is_last() {
                self.transport()?.receive(seat.parties, expected as usize, &mut message).map_err(|e| link(seat, &during(), e))?;
            } else {
                message.clear();
            }
            let mut tape = Tape::new(&key, seat.is_last().then_some(message.as_slice()));
            let (id, len) = (k as u32, batch * step.len);
            let material = (|| -> Result<Material, TapeError> {
                Ok(match &step.kind {
                    Kind::Open => Material::Wire(open::mask(&tape, id, len)),
                    Kind::Linear { geometry, weight } => {
                        let weight = &set.weights[*weight];
                        let none = Vec::new();
                        let wire = match &steps[step.inputs[0]] {
                            Material::Wire(mask) => mask,
                            _ => &none, // a verified plan reads an opened wire here
                        };
                        let k = s.linear(geometry, batch).expand(wire, &weight.opened, &weight.bias, &mut tape, id, &mut scratch)?;
                        Material::Linear(k)
                    }
                    Kind::Truncate { t } => Material::Truncate(s.truncate(*t).expand(seat.parties, &mut tape, id, padded(len))?),
                    Kind::Relu { t } => {
                        let relu = s.relu(*t);
                        let material = relu.expand(&mut tape, id, 0, padded(len))?;
                        Material::Relu(Box::new((relu, material)))
                    }
                    Kind::Max { windows, m, narrow } => {
                        let max = s.max(windows, *m, *narrow, batch);
                        let material = max.expand(&mut tape, id)?;
                        Material::Max(Box::new((max, material)))
                    }
                    Kind::Input(_) | Kind::Sum(_) | Kind::Times { .. } | Kind::Add | Kind::Move(_) => Material::None,
                })
            })();
            let bad = |e: TapeError| Error::Peer { party: seat.party, during: during(), message: e.to_string() };
            steps.push(material.map_err(bad)?);
            tape.finish().map_err(bad)?;
        }
        Ok((steps, corrections))
    }
}

impl Prepared {
    /// The number of samples that the run is for.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// How long the offline half took this party.
    pub fn time(&self) -> Duration {
        self.time
    }
}

impl core::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Prepared[run {}, {} samples]", self.run, self.batch)
    }
}

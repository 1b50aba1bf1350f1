//! The online half of a run: the steps of the plan, one after the other, and the release.

use super::handshake::link;
use super::offline::{Material, Prepared};
use super::pool::Pool;
use super::{CLIENT, Session, WeightSet, encode};
use crate::error::{Error, Result};
use crate::plan::{Kind, Plan};
use crate::protocol::{Phases, Round, open, padded, release as zero};
use std::time::{Duration, Instant};
use undertone_ring::conv::Scratch;
use zeroize::{Zeroize, Zeroizing};

/// What a run leaves with one party.
#[derive(Clone, Default)]
pub struct Outcome {
    /// The released output, sample after sample, row-major; empty for a party that learns nothing.
    pub output: Vec<f32>,
    /// What each step measured; the last entry is the release.
    pub steps: Vec<Measured>,
    /// Seconds of the offline half.
    pub offline: Duration,
    /// Seconds of the online half.
    pub online: Duration,
    /// This party's shares of every stage, if the world records.
    pub(crate) recorded: Vec<Recorded>,
}

/// What one step measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Simultaneous exchanges.
    pub rounds: u64,
    /// Bytes sent to each peer.
    pub sent: u64,
    /// Bytes of corrections from the dealer to the last party.
    pub corrections: u64,
    /// How long it took, waiting included.
    pub time: Duration,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Outcome[{} values, online {:?}]", self.output.len(), self.online)
    }
}

/// One party's share of the value of a stage.
#[derive(Clone)]
pub struct Recorded {
    /// The index into the plan's stages.
    pub(crate) stage: usize,
    pub(crate) share: Vec<u64>,
}

impl core::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Recorded[stage {}, {} elements]", self.stage, self.share.len())
    }
}

impl Session {
    /// Runs a prepared batch: `inputs` are given by the client, who gets the output. The parties first compare which run it is, eight bytes that no cost counts;
    /// the online time starts after it.
    ///
    /// # Errors
    /// When an input has the wrong length, is not finite or out of range (before anything is sent), when the run was prepared for another plan, other weights or in
    /// another session, or a peer vanishes. Any error ends the session.
    pub fn run(&mut self, plan: &Plan, set: &WeightSet, prepared: Prepared, inputs: Option<&[&[f32]]>) -> Result<Outcome> {
        self.guarded(|session| session.run_online(plan, set, prepared, inputs))
    }

    fn run_online(&mut self, plan: &Plan, set: &WeightSet, prepared: Prepared, inputs: Option<&[&[f32]]>) -> Result<Outcome> {
        if (prepared.plan, prepared.set, prepared.session) != (plan.hash(), set.id, self.id) {
            let message = "it was prepared for another plan, other weights or in another session".into();
            return Err(Error::Peer { party: self.seat.party, during: format!("run {}", prepared.run), message });
        }
        let mine = match inputs {
            Some(inputs) if self.seat.party == CLIENT => Zeroizing::new(encode::inputs(plan, inputs, prepared.batch)?),
            None if self.seat.party != CLIENT => Zeroizing::new(vec![]),
            _ => return Err(Error::Input { name: "all".into(), message: "the client, and nobody else, gives the inputs".into() }),
        };
        // a prepared run that met another one would open values under crossed masks
        self.same_everywhere("run", prepared.run)?;
        let start = Instant::now();
        let (last_use, spare) = (plan.last_use(), core::mem::take(&mut self.spare));
        let mut run = Run { plan, set, batch: prepared.batch, values: vec![], buffers: Buffers::default(), scratch: Scratch::new(), spare };
        let mut outcome = Outcome { offline: prepared.time, ..Outcome::default() };
        for (k, material) in prepared.steps.into_iter().enumerate() {
            let from = Instant::now();
            let (rounds, sent) = run.step(self, k, material, &mine)?;
            outcome.steps.push(Measured { rounds, sent, corrections: prepared.corrections[k], time: from.elapsed() });
            if self.record {
                let stages = plan.stages.iter().enumerate().filter(|(_, s)| s.result.step == k);
                let len = run.batch * plan.steps[k].len;
                outcome.recorded.extend(stages.map(|(stage, _)| Recorded { stage, share: run.values[k][..len].to_vec() }));
            }
            for input in &plan.steps[k].inputs {
                if last_use[*input] == k {
                    let value = core::mem::take(&mut run.values[*input]);
                    run.spare.give(value);
                }
            }
        }
        let from = Instant::now();
        let (output, sent) = run.release(self, prepared.run)?;
        outcome.output = output;
        outcome.steps.push(Measured { rounds: 1, sent, corrections: 0, time: from.elapsed() });
        outcome.online = start.elapsed();
        let mut spare = core::mem::take(&mut run.spare);
        for value in core::mem::take(&mut run.values) {
            spare.give(value);
        }
        self.spare = spare;
        Ok(outcome)
    }
}

struct Run<'a> {
    plan: &'a Plan,
    set: &'a WeightSet,
    batch: usize,
    /// The share, or the opened value, of each step that is still needed; padded to whole groups.
    values: Vec<Vec<u64>>,
    buffers: Buffers,
    scratch: Scratch<u64>,
    /// Values that nobody needs any more: their memory is used again, by later runs of the session too.
    spare: Pool,
}

/// This party's messages of two rounds, reused.
#[derive(Default)]
struct Buffers {
    own: Vec<u8>,
    next: Vec<u8>,
}

impl Run<'_> {
    /// Runs step `k`; returns its rounds and the bytes sent to each peer.
    fn step(&mut self, session: &mut Session, k: usize, material: Material, mine: &[Vec<u64>]) -> Result<(u64, u64)> {
        let step = &self.plan.steps[k];
        let (seat, len, s) = (session.seat, self.batch * step.len, self.plan.settings);
        let mut result = match &material {
            Material::Linear(_) => vec![],
            _ => self.spare.zeros(padded(len)),
        };
        let x = |i: usize| self.values[step.inputs[i]].as_slice();
        let (buffers, stage) = (&mut self.buffers, step.stage.as_str());
        let mut drive = |phases: &mut dyn Phases<u64>, result: &mut [u64]| buffers.drive(session, stage, phases, result);
        let counts = match (&step.kind, material) {
            (Kind::Open, Material::Wire(mask)) => {
                let counts = drive(&mut open::run(s.ring, x(0), &mask), &mut result)?;
                self.spare.give(mask);
                counts
            }
            (Kind::Linear { geometry, weight }, Material::Linear(z)) => {
                result = z;
                let linear = s.linear(geometry, self.batch);
                linear.run(x(0), &self.set.weights[*weight].share, &mut result, &mut self.scratch);
                result.resize(padded(len), 0);
                (0, 0)
            }
            (Kind::Truncate { t }, Material::Truncate(material)) => {
                let truncate = s.truncate(*t);
                drive(&mut truncate.run(seat, &material, x(0)), &mut result)?
            }
            (Kind::Relu { .. }, Material::Relu(relu)) => drive(&mut relu.0.run(seat, &relu.1, x(0)), &mut result)?,
            (Kind::Max { .. }, Material::Max(max)) => {
                drive(&mut max.0.run(seat, &max.1, &x(0)[..self.batch * self.plan.steps[step.inputs[0]].len]), &mut result)?
            }
            (kind, Material::None) => {
                self.local(kind, k, mine, &mut result);
                (0, 0)
            }
            (kind, _) => {
                let message = format!("the correlations of step {k} are not those of {kind:?}");
                return Err(Error::Peer { party: seat.party, during: step.stage.clone(), message });
            }
        };
        self.values.push(result);
        Ok(counts)
    }

    /// Steps without communication, sample by sample.
    fn local(&self, kind: &Kind, k: usize, mine: &[Vec<u64>], result: &mut [u64]) {
        let step = &self.plan.steps[k];
        let x = |i: usize| (self.values[step.inputs[i]].as_slice(), self.plan.steps[step.inputs[i]].len);
        match kind {
            // the owner's share is the value, the others' is zero: every opening adds a mask of each party's own
            Kind::Input(i) => {
                if let Some(values) = mine.get(*i) {
                    result[..values.len()].copy_from_slice(values);
                }
            }
            Kind::Times { factor } => result.iter_mut().zip(x(0).0).for_each(|(r, x)| *r = x.wrapping_mul(*factor)),
            Kind::Add => result.iter_mut().zip(x(0).0.iter().zip(x(1).0)).for_each(|(r, (a, b))| *r = a.wrapping_add(*b)),
            Kind::Sum(sum) => {
                let (from, n) = x(0);
                for (to, from) in result.chunks_exact_mut(step.len).zip(from.chunks_exact(n)).take(self.batch) {
                    sum.run(from, to);
                }
            }
            Kind::Move(copies) => {
                for (i, copy) in copies.iter().enumerate() {
                    let (from, n) = x(i);
                    for (to, from) in result.chunks_exact_mut(step.len).zip(from.chunks_exact(n)).take(self.batch) {
                        copy.run(from, to);
                    }
                }
            }
            Kind::Open | Kind::Linear { .. } | Kind::Truncate { .. } | Kind::Relu { .. } | Kind::Max { .. } => {}
        }
    }

    /// Releases the output to the client; returns it there, and the bytes sent.
    fn release(&mut self, session: &mut Session, run: u64) -> Result<(Vec<f32>, u64)> {
        let (seat, output) = (session.seat, &self.plan.output);
        let share = &self.values[output.step];
        let pairs = session.zero_keys(run);
        let zeta = zero::zero(seat, &pairs, output.step as u32, share.len());
        let release = self.plan.settings.release(output);
        let own = release.message(seat, share, &zeta);
        if seat.party != CLIENT {
            session.transport()?.send(CLIENT, &own).map_err(|e| link(seat, "release", e))?;
            return Ok((vec![], own.len() as u64));
        }
        let mut peers = core::mem::take(&mut session.peers);
        for (k, message) in peers.iter_mut().enumerate() {
            session.transport()?.receive(k + 1, own.len(), message).map_err(|e| link(seat, "release", e))?;
            if message.len() != own.len() {
                let message = format!("party {} sent {} bytes where {} were expected", k + 1, message.len(), own.len());
                return Err(Error::Peer { party: seat.party, during: "release".into(), message });
            }
        }
        let len = self.batch * self.plan.steps[output.step].len;
        let values = release.combine::<u64>(Round { own: &own, peers: &peers }, len);
        session.peers = peers;
        Ok((encode::outputs(self.plan, &values), 0))
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Buffers {
    /// Drives the phases of a step over the transport.
    fn drive(&mut self, session: &mut Session, stage: &str, phases: &mut dyn Phases<u64>, result: &mut [u64]) -> Result<(u64, u64)> {
        let rounds = phases.rounds();
        let mut sent = 0;
        self.own.clear();
        for k in 0..=rounds {
            self.next.clear();
            let round = if k == 0 { Round::NONE } else { Round { own: &self.own, peers: &session.peers } };
            phases.phase(k, round, &mut self.next, result);
            if k < rounds {
                session.exchange(stage, &self.next)?;
                sent += self.next.len() as u64;
            }
            core::mem::swap(&mut self.own, &mut self.next);
        }
        Ok((rounds as u64, sent))
    }
}

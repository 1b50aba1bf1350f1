//! The online half of a run: the steps of the plan, one after the other, and the release.

use super::Session;
use super::encode::{self, Mine};
use super::kept::Stored;
use super::offline::{Arranged, Material, Prepared, Ready, Work};
use super::one_way::{open_one_way, release};
use super::pool::Pool;
use super::weights::WeightSet;
use crate::error::Result;
use crate::opened::Opened;
use crate::plan::{Kind, Opening, Place, Plan};
use crate::protocol::king::{self, Wires};
use crate::protocol::{Phases, Round, Seat, Traffic, open, padded, release as zero};
use std::time::{Duration, Instant};
use undertone_ring::Word;
use undertone_ring::conv::Scratch;
use zeroize::{Zeroize, Zeroizing};

/// What a run leaves with one party.
#[derive(Clone, Default)]
pub struct Outcome {
    /// What was released to this endpoint.
    pub opened: Opened,
    /// What each step measured; nothing with a client.
    pub steps: Vec<Measured>,
    /// Seconds of encoding and sharing the weights; next to nothing when they were shared before.
    pub setup: Duration,
    /// Seconds of the rest of the offline half, from the agreement on.
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
    /// Bytes that this party sent, to all peers together.
    pub sent: u64,
    /// Bytes of corrections from the dealer to the last party.
    pub corrections: u64,
    /// How long it took, waiting included.
    pub time: Duration,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Outcome[{:?}, online {:?}]", self.opened, self.online)
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
    /// Runs a prepared batch: every endpoint gives the inputs that it owns and gets what is released to it. The parties first compare which run it is, eight bytes that no
    /// cost counts; the online time starts after it.
    ///
    /// # Errors
    /// When an input is missing, has the wrong length, is not finite or out of range (before anything is sent), when the run was prepared for another plan or in
    /// another session, or another endpoint vanishes. Any error ends the session.
    pub fn run(&mut self, plan: &Plan, prepared: Prepared, inputs: &Mine<'_>) -> Result<Outcome> {
        self.guarded(|session| session.run_online(plan, prepared, inputs))
    }

    fn run_online(&mut self, plan: &Plan, prepared: Prepared, inputs: &Mine<'_>) -> Result<Outcome> {
        if (prepared.run.plan, prepared.run.session) != (plan.hash(), self.id) {
            return Err(self
                .links
                .failed(&format!("run {}", prepared.run.number), "it was prepared for another plan or in another session".into()));
        }
        let mine = Zeroizing::new(encode::inputs(plan, self.place, inputs, prepared.run.batch)?);
        let Prepared { run, work } = prepared;
        match (self.place, work) {
            (Place::Party(_), Work::Narrow(ready)) => self.run_party(plan, &run, ready, &mine),
            (Place::Party(_), Work::Wide(ready)) => self.run_party(plan, &run, ready, &mine),
            (Place::Client(_), Work::Narrow(_)) => self.run_client::<u32>(plan, &run, &mine),
            (Place::Client(_), Work::Wide(_)) => self.run_client::<u64>(plan, &run, &mine),
        }
    }

    fn run_party<W: Stored>(&mut self, plan: &Plan, prepared: &Arranged, ready: Ready<W>, mine: &[Option<Vec<u64>>]) -> Result<Outcome> {
        // a prepared run that met another one would open values under crossed masks
        self.same_everywhere("run", prepared.number)?;
        for client in self.table.parties + 1..=self.table.parties + self.table.clients {
            let theirs: u64 = self.links.receive(client, "run")?;
            if theirs != prepared.number {
                return Err(self.links.differs(client, format!("run {} starts here, run {theirs} there", prepared.number)));
            }
        }
        let start = Instant::now();
        let (seat, last_use, spare) = (self.seat()?, plan.last_use(), core::mem::take(&mut W::kept(self).spare));
        let (set, batch, number) = (&ready.set, prepared.batch, prepared.number);
        let mut run = Run {
            plan,
            seat,
            set,
            batch,
            number,
            values: vec![],
            buffers: Buffers::default(),
            scratch: Scratch::with(&self.threads),
            spare,
        };
        let mut outcome = Outcome { setup: prepared.setup, offline: prepared.time, ..Outcome::default() };
        for (k, material) in ready.steps.into_iter().enumerate() {
            let from = Instant::now();
            let (rounds, sent) = run.step(self, k, material, mine, &mut outcome.opened)?;
            outcome.steps.push(Measured { rounds, sent, corrections: prepared.corrections[k], time: from.elapsed() });
            if self.record {
                let stages = plan.stages.iter().enumerate().filter(|(_, s)| s.result.step == k);
                let len = run.batch * plan.steps[k].len;
                outcome
                    .recorded
                    .extend(stages.map(|(stage, _)| Recorded { stage, share: run.values[k][..len].iter().map(|w| w.to_u64()).collect() }));
            }
            for input in &plan.steps[k].inputs {
                if last_use[*input] == k {
                    let value = core::mem::take(&mut run.values[*input]);
                    run.spare.give(value);
                }
            }
        }
        outcome.online = start.elapsed();
        let mut spare = core::mem::take(&mut run.spare);
        for value in core::mem::take(&mut run.values) {
            spare.give(value);
        }
        W::kept(self).spare = spare;
        Ok(outcome)
    }
}

struct Run<'a, W: Word> {
    plan: &'a Plan,
    seat: Seat,
    set: &'a WeightSet<W>,
    batch: usize,
    /// The number of this run.
    number: u64,
    /// The share, or the opened value, of each step that is still needed; padded to whole groups.
    values: Vec<Vec<W>>,
    buffers: Buffers,
    scratch: Scratch<W>,
    /// Values that nobody needs any more: their memory is used again, by later runs of the session too.
    spare: Pool<W>,
}

/// This party's messages of two rounds, reused.
#[derive(Default)]
struct Buffers {
    own: Vec<u8>,
    next: Vec<u8>,
}

impl<W: Stored> Run<'_, W> {
    /// Runs step `k`; returns its rounds and the bytes that this party sent.
    fn step(
        &mut self,
        session: &mut Session,
        k: usize,
        material: Material<W>,
        mine: &[Option<Vec<u64>>],
        opened: &mut Opened,
    ) -> Result<(u64, u64)> {
        let (plan, step) = (self.plan, &self.plan.steps[k]);
        let (seat, len, n, wires) = (self.seat, self.batch * step.len, plan.settings.ring, plan.wires());
        let mut result = match (&material, &step.kind) {
            (Material::Linear(_), _) | (_, Kind::Release(_)) => vec![],
            _ => self.spare.zeros(padded(len)),
        };
        let x = |i: usize| self.values[step.inputs[i]].as_slice();
        let (buffers, stage) = (&mut self.buffers, step.stage.as_str());
        let counts = match (&step.kind, material) {
            (_, Material::Protocol(traffic, correlations)) => {
                let mut phases = correlations.run(seat, x(0));
                buffers.drive(session, stage, wires, &traffic, phases.as_mut(), &mut result)?
            }
            (Kind::Open(opening), Material::Wire(mask)) => {
                let counts = match &mask {
                    Some(mask) if *opening == Opening::default() => {
                        let mut phases = open::run(n, x(0), mask);
                        buffers.drive(session, stage, wires, &open::traffic::<W>(n, len), &mut phases, &mut result)?
                    }
                    _ => {
                        let mask = mask.as_ref().map(|m| m.as_slice());
                        open_one_way(session, *opening, stage, n, &x(0)[..len], mask, &mut result[..len])?
                    }
                };
                self.spare.give(mask.map(|mut mask| core::mem::take(&mut *mask)).unwrap_or_default());
                counts
            }
            (Kind::Linear { .. }, Material::Linear(mut z)) => {
                // grown before it holds a share: the memory that it leaves is not wiped
                result = core::mem::take(&mut *z);
                result.resize(padded(len), W::from_u64(0));
                if let Some((linear, weight)) = plan.linear(step, self.batch)
                    && let Some(online) = &self.set.weights[weight].online
                {
                    linear.run(x(0), online, &mut result[..len], &mut self.scratch);
                }
                (0, 0)
            }
            (Kind::Input(i), Material::None) => {
                self.input(session, *i, mine.get(*i).and_then(Option::as_ref), &mut result[..len])?;
                (0, 0)
            }
            (Kind::Release(r), Material::None) => {
                let zeta: Vec<W> = zero::zero(seat, &session.zero_keys(self.number), k as u32, x(0).len());
                release(session, plan, *r, &zeta, x(0), len, opened)?
            }
            (kind, Material::None) => {
                self.local(kind, k, &mut result);
                (0, 0)
            }
            (kind, _) => return Err(session.links.failed(stage, format!("the correlations of step {k} are not those of {kind:?}"))),
        };
        self.values.push(result);
        Ok(counts)
    }

    /// Steps without communication, sample by sample.
    fn local(&self, kind: &Kind, k: usize, result: &mut [W]) {
        let step = &self.plan.steps[k];
        let x = |i: usize| (self.values[step.inputs[i]].as_slice(), self.plan.steps[step.inputs[i]].len);
        match kind {
            Kind::Times { factor } => {
                let factor = W::from_u64(*factor);
                result.iter_mut().zip(x(0).0).for_each(|(r, x)| *r = x.mul(factor));
            }
            Kind::Add => result.iter_mut().zip(x(0).0.iter().zip(x(1).0)).for_each(|(r, (a, b))| *r = a.add(*b)),
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
            Kind::Input(_)
            | Kind::Open(_)
            | Kind::Linear { .. }
            | Kind::Truncate { .. }
            | Kind::Relu { .. }
            | Kind::Max { .. }
            | Kind::ArgMax { .. }
            | Kind::Release(_) => {}
        }
    }

    /// An input. A party's own is its share as it is, those of the others being zero: every opening adds a mask of each sender's own.
    fn input(&self, session: &mut Session, k: usize, mine: Option<&Vec<u64>>, result: &mut [W]) -> Result<()> {
        let spec = &self.plan.inputs[k];
        if let Some(values) = mine {
            result.iter_mut().zip(values).for_each(|(r, v)| *r = W::from_u64(*v));
        } else if spec.owner.party().is_none() {
            let client = spec.owner.endpoint(self.seat.parties);
            let mut message = Vec::new();
            let share =
                session.client_share(client, self.plan.settings.ring, result.len(), &mut message, &format!("input `{}`", spec.name))?;
            result.copy_from_slice(&share);
        }
        Ok(())
    }
}

impl<W: Word> Drop for Run<'_, W> {
    fn drop(&mut self) {
        self.values.zeroize();
    }
}

impl Buffers {
    /// Drives the phases of a step over the transport.
    fn drive<W: Word>(
        &mut self,
        session: &mut Session,
        stage: &str,
        wires: Wires,
        traffic: &Traffic,
        phases: &mut dyn Phases<W>,
        result: &mut [W],
    ) -> Result<(u64, u64)> {
        let (mut rounds, mut sent) = (0, 0);
        self.own.clear();
        for k in 0..=traffic.rounds.len() {
            self.next.clear();
            // a round that went through kings has left the sum, and no messages of peers
            let kings = k > 0 && wires.kings(&traffic.rounds[k - 1]);
            let round = match k {
                0 => Round::NONE,
                _ => Round { own: &self.own, peers: if kings { &[] } else { &session.peers } },
            };
            phases.phase(k, round, &mut self.next, result);
            if let Some(message) = traffic.rounds.get(k) {
                debug_assert_eq!(king::length(message), self.next.len(), "round {k} of {stage}");
                let counts = session.round(stage, wires, message, &mut self.next)?;
                rounds += counts.0;
                sent += counts.1;
            }
            core::mem::swap(&mut self.own, &mut self.next);
        }
        Ok((rounds, sent))
    }
}

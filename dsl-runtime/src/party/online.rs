//! The online half of a run: the steps of the plan, wave by wave, and the releases.
//!
//! A step begins when its wave has come, and ends when its last message is there. All steps that are under way exchange together ([`post`](Session::post)), so steps that
//! do not depend on each other share their rounds. Rounds, and the time that was waited for them, are counted with the first of the steps that share them.

use super::Session;
use super::encode::{self, Mine};
use super::kept::Stored;
use super::mail::{Mail, Way};
use super::offline::{Arranged, Prepared, Ready, Work};
use super::pool::Pool;
use super::under_way::{self as work, Ended, UnderWay, Value};
use super::unpack::{Mask, Material};
use super::weights::WeightSet;
use crate::error::Result;
use crate::opened::Opened;
use crate::plan::{Kind, Opening, Place, Plan, Step, affine};
use crate::protocol::product::Operand;
use crate::protocol::{Seat, Segment, open, padded, release as zero};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use undertone_ring::Word;
use undertone_ring::conv::Scratch;
use zeroize::Zeroizing;

/// What a run leaves with one party.
#[derive(Clone, Default)]
pub struct Outcome {
    /// What was released to this endpoint.
    pub opened: Opened,
    /// The number of samples.
    pub batch: usize,
    /// What each step measured; nothing with a client.
    pub steps: Vec<Measured>,
    /// Encoding and sharing the weights; next to nothing when they were shared before.
    pub setup: Duration,
    /// The rest of the offline half, from the agreement on: claiming and unpacking the tape, with the wait for the dealer; also what a streamed run does of it between its
    /// steps.
    pub offline: Duration,
    /// The online half; also what is waited there for peers that unpack their tapes as they run.
    pub online: Duration,
    /// The most elements that values took at one time ([`Plan::peak`]); nothing with a client.
    pub peak: usize,
    /// The most bytes that correlations took at one time, about: all of them where the tape was unpacked before the run, those of the steps that were under way
    /// together where the run was streamed; nothing with a client.
    pub correlations: usize,
    /// This party's shares of every stage, if the world records.
    pub(crate) recorded: Vec<Recorded>,
}

/// What one step measured.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Simultaneous exchanges; those that several steps share are counted with the first of them.
    pub rounds: u64,
    /// Bytes that this party sent, to all peers together.
    pub sent: u64,
    /// Bytes of corrections from the dealer to the last party.
    pub corrections: u64,
    /// How long it took, and how long was waited for the exchanges that are counted here.
    pub time: Duration,
    /// How much of it went into those exchanges: packing is over by then, and what is left is the wire and the peers.
    pub waiting: Duration,
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

    pub(super) fn run_online(&mut self, plan: &Plan, prepared: Prepared, inputs: &Mine<'_>) -> Result<Outcome> {
        if (prepared.run.plan, prepared.run.session) != (plan.hash(), self.id) {
            return Err(self
                .links
                .failed(&format!("run {}", prepared.run.number), "it was prepared for another plan or in another session".into()));
        }
        let mine = Zeroizing::new(encode::inputs(plan, self.place, inputs, prepared.run.batch)?);
        let Prepared { run, work } = prepared;
        self.links.slowly(run.streams);
        let outcome = match (self.place, work) {
            (Place::Party(_), Work::Narrow(ready)) => self.run_party(plan, &run, ready, &mine),
            (Place::Party(_), Work::Wide(ready)) => self.run_party(plan, &run, ready, &mine),
            (Place::Client(_), Work::Narrow(_)) => self.run_client::<u32>(plan, &run, &mine),
            (Place::Client(_), Work::Wide(_)) => self.run_client::<u64>(plan, &run, &mine),
        };
        self.links.slowly(false);
        outcome
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
        let (seat, set, batch, number) = (self.seat()?, ready.set, prepared.batch, prepared.number);
        let readers = plan.readers();
        let measured = prepared.corrections.iter().map(|bytes| Measured { corrections: *bytes, ..Measured::default() });
        let mut run = Run {
            plan,
            seat,
            set: &set,
            batch,
            number,
            values: plan.steps.iter().map(|_| None).collect(),
            masks: plan.steps.iter().map(|_| None).collect(),
            multiplied: plan.multiplied(),
            readers,
            live: 0,
            scratch: Scratch::with(&self.threads),
            spare: core::mem::take(&mut W::kept(self).spare),
            mails: vec![],
            record: self.record,
            outcome: Outcome { batch, setup: prepared.setup, steps: measured.collect(), ..Outcome::default() },
        };
        let (mut steps, mut next, mut under_way, mut wave, mut unpacking) = (ready.steps, 0, vec![], 0, Duration::ZERO);
        loop {
            while let Some(k) = Some(next).filter(|k| plan.steps.get(*k).is_some_and(|step| step.wave <= wave)) {
                let from = Instant::now();
                let material = steps.next(self, plan, &set, k)?;
                let begins = Instant::now();
                unpacking += begins - from;
                let begun = run.begin(self, k, material, mine)?;
                run.outcome.steps[k].time += begins.elapsed();
                under_way.extend(begun);
                next += 1;
            }
            match plan.steps.get(next) {
                _ if !under_way.is_empty() => {
                    run.exchange(self, &mut under_way)?;
                    wave += 1;
                }
                Some(step) => wave = step.wave,
                None => break,
            }
        }
        run.outcome.online = start.elapsed().saturating_sub(unpacking);
        run.outcome.offline = prepared.time + unpacking;
        run.outcome.correlations = prepared.count.most();
        for value in core::mem::take(&mut run.values).into_iter().flatten() {
            run.give_back(value);
        }
        W::kept(self).spare = core::mem::take(&mut run.spare);
        Ok(run.outcome)
    }
}

struct Run<'a, W: Word> {
    plan: &'a Plan,
    seat: Seat,
    set: &'a WeightSet<W>,
    batch: usize,
    /// The number of this run.
    number: u64,
    /// The value of each step that is still needed.
    values: Vec<Option<Rc<Value<W>>>>,
    /// This party's part of the mask of each wire that a product of secrets still reads.
    masks: Vec<Option<Mask<W>>>,
    /// Which wires those are.
    multiplied: Vec<bool>,
    /// How many times the value of each step will still be read.
    readers: Vec<usize>,
    /// The elements of all values.
    live: usize,
    scratch: Scratch<W>,
    /// Values that nobody needs any more: their memory is used again, by later runs of the session too.
    spare: Pool<W>,
    /// Messages of steps that have ended: their memory is used again.
    mails: Vec<Mail>,
    /// Whether shares of stages are kept.
    record: bool,
    outcome: Outcome,
}

impl<W: Stored> Run<'_, W> {
    /// Begins step `k`: whatever waits for no exchange is done at once.
    fn begin(&mut self, session: &mut Session, k: usize, material: Material<W>, mine: &[Option<Vec<u64>>]) -> Result<Option<UnderWay<W>>> {
        let (plan, step) = (self.plan, &self.plan.steps[k]);
        let (seat, len, n) = (self.seat, self.batch * step.len, plan.settings.ring);
        let mut x: Vec<Rc<Value<W>>> = step.inputs.iter().filter_map(|i| self.values.get(*i).cloned().flatten()).collect();
        if x.len() != step.inputs.len() {
            return Err(session.links.failed(&step.stage, format!("step {k} begins before what it reads is there")));
        }
        let mut result: Value<W> = Zeroizing::new(match (&material, &step.kind) {
            (Material::Product(_), _) | (_, Kind::Release(_)) => vec![],
            // whoever opens a wire writes every element, and so does the owner of an input; protocols may leave zeros
            (Material::Wire(_), Kind::Open(_)) => self.spare.unwritten(len, padded(len)),
            (_, Kind::Input(i)) if mine.get(*i).is_some_and(Option::is_some) => self.spare.unwritten(len, padded(len)),
            _ => self.spare.zeros(padded(len)),
        });
        self.claim(result.len());
        let mail = Rc::new(RefCell::new(self.mails.pop().unwrap_or_default().cleared(seat.parties)));
        let all_or_kings = |message: &Vec<Segment>| if plan.wires().kings(message) { Way::Kings(message.clone()) } else { Way::All };
        let begun = match (&step.kind, material) {
            (_, Material::Protocol(traffic, correlations)) => {
                let ways = traffic.rounds.iter().map(all_or_kings).collect();
                UnderWay::new(k, ways, &mail, work::protocol(seat, correlations, x.remove(0), traffic.rounds.len(), mail.clone(), result))
            }
            (Kind::Open(opening), Material::Wire(mask)) => match mask {
                Some(mask) if *opening == Opening::default() => {
                    let ways = open::traffic::<W>(n, len).rounds.iter().map(all_or_kings).collect();
                    UnderWay::new(k, ways, &mail, work::opening(n, x.remove(0), mask, mail.clone(), result))
                }
                mask => {
                    let who = |is: &dyn Fn(usize) -> bool| (0..seat.parties).filter(|p| is(*p)).collect::<Vec<usize>>();
                    let way = Way::Some { from: who(&|p| opening.sends(p)), to: who(&|p| opening.learns(p)) };
                    UnderWay::new(k, vec![way], &mail, work::one_way((*opening, seat, n), len, x.remove(0), mask, mail.clone(), result))
                }
            },
            (Kind::Release(r), Material::None) => {
                let spec = &plan.releases[*r];
                let to: Vec<usize> = spec.to.iter().map(|place| place.endpoint(seat.parties)).collect();
                let zeta = Zeroizing::new(zero::zero(seat, &session.zero_keys(self.number), k as u32, x[0].len()));
                let (learns, release) = (to.contains(&seat.party), plan.release(spec));
                let way = Way::Some { from: (0..seat.parties).collect(), to };
                UnderWay::new(k, vec![way], &mail, work::release((release, seat), len, x.remove(0), zeta, learns, mail.clone()))
            }
            (Kind::Linear { .. }, Material::Product(mut z)) => {
                // grown before it holds a share: the memory that it leaves is not wiped
                let mut result = core::mem::take(&mut *z);
                result.resize(padded(len), W::from_u64(0));
                self.claim(result.len());
                if let Some((linear, weight)) = plan.linear(step, self.batch)
                    && let Some(online) = &self.set.weights[weight].online
                {
                    linear.run(&x[0], online, &mut result[..len], &mut self.scratch);
                }
                drop(x);
                self.end(k, result);
                return Ok(None);
            }
            (Kind::Product(_), Material::Product(mut z)) => {
                let mut result = core::mem::take(&mut *z);
                result.resize(padded(len), W::from_u64(0));
                self.claim(result.len());
                if let Some((product, reads)) = plan.product(step, self.batch) {
                    let operand = |k: usize| {
                        let (from, each) = (step.inputs[k], plan.steps[step.inputs[k]].len);
                        let all = self.batch * each;
                        Operand {
                            opened: reads.operand(k, &x[k][..all], each),
                            mask: self.masks[from].as_ref().map(|mask| reads.operand(k, &mask[..all], each)),
                        }
                    };
                    let (left, right) = (operand(0), operand(1));
                    product.run(plan.adds(step) == seat.party, &left, &right, &mut result[..len], &mut self.scratch);
                }
                drop(x);
                self.end(k, result);
                return Ok(None);
            }
            (Kind::Polynomial(_), Material::Powers(shares)) => {
                if let Some(powers) = plan.powers(step, self.batch) {
                    let mask = self.masks[step.inputs[0]].as_ref().map(|mask| &mask[..len]);
                    powers.run(plan.adds(step) == seat.party, &x[0][..len], mask, &shares, &mut result[..len]);
                }
                drop(x);
                self.end(k, result);
                return Ok(None);
            }
            (Kind::Input(i), Material::None) => {
                self.input(session, *i, mine.get(*i).and_then(Option::as_ref), &mut result[..len])?;
                self.end(k, result);
                return Ok(None);
            }
            (kind, material @ (Material::None | Material::Wire(_))) => {
                self.local(kind, k, &x, &mut result);
                if let Material::Wire(mask) = material {
                    self.keep(k, mask);
                }
                drop(x);
                self.end(k, result);
                return Ok(None);
            }
            (kind, _) => return Err(session.links.failed(&step.stage, format!("the correlations of step {k} are not those of {kind:?}"))),
        };
        drop(x);
        Ok(self.go_on(begun))
    }

    /// Goes on with a step: it comes back if it waits for an exchange.
    fn go_on(&mut self, mut step: UnderWay<W>) -> Option<UnderWay<W>> {
        let Some(ended) = step.go_on() else { return Some(step) };
        let k = step.step;
        self.mails.extend(step.ended());
        match ended {
            Ended::Value(value) => self.end(k, value),
            Ended::Opened(value, mask) => {
                self.keep(k, mask);
                self.end(k, value);
            }
            Ended::Released(values) => {
                if let (Some(values), Kind::Release(r)) = (values, &self.plan.steps[k].kind) {
                    let spec = &self.plan.releases[*r];
                    self.outcome.opened.push(&spec.name, encode::outputs(self.plan, spec, &values));
                }
                self.end(k, Zeroizing::new(vec![]));
            }
        }
        None
    }

    /// One exchange for all steps that are under way; those that are over are gone from the list.
    fn exchange(&mut self, session: &mut Session, under_way: &mut Vec<UnderWay<W>>) -> Result<()> {
        let from = Instant::now();
        let during = match &self.plan.steps[under_way[0].step] {
            Step { kind: Kind::Release(r), .. } => format!("release `{}`", self.plan.releases[*r].name),
            step => step.stage.clone(),
        };
        let ways: Vec<Option<Way>> = under_way.iter_mut().map(|step| step.ways.next()).collect();
        let mut mails: Vec<_> = under_way.iter().map(|step| step.mail.borrow_mut()).collect();
        let mut all: Vec<(&mut Mail, Way)> = mails.iter_mut().zip(ways).filter_map(|(mail, way)| Some((&mut **mail, way?))).collect();
        let (rounds, sent) = session.post(&during, &mut all)?;
        drop(all);
        drop(mails);
        // rounds that several steps share are counted once, and so is the wait
        let first = under_way[0].step;
        self.outcome.steps[first].rounds += rounds;
        let waited = from.elapsed();
        self.outcome.steps[first].time += waited;
        self.outcome.steps[first].waiting += waited;
        for (step, sent) in core::mem::take(under_way).into_iter().zip(sent) {
            let (k, from) = (step.step, Instant::now());
            self.outcome.steps[k].sent += sent;
            under_way.extend(self.go_on(step));
            self.outcome.steps[k].time += from.elapsed();
        }
        Ok(())
    }

    /// Keeps the value of step `k` as long as somebody reads it, and gives back what nobody else reads.
    fn end(&mut self, k: usize, value: Value<W>) {
        let step = &self.plan.steps[k];
        if self.record {
            let stages = self.plan.stages.iter().enumerate().filter(|(_, s)| s.result.step == k);
            let share = || value[..self.batch * step.len].iter().map(|w| w.to_u64()).collect();
            self.outcome.recorded.extend(stages.map(|(stage, _)| Recorded { stage, share: share() }));
        }
        self.values[k] = Some(Rc::new(value));
        for input in &step.inputs {
            self.readers[*input] -= 1;
        }
        for i in step.inputs.iter().chain([&k]) {
            if self.readers[*i] == 0
                && let Some(value) = self.values[*i].take()
            {
                self.live -= value.len();
                self.give_back(value);
                let mask = self.masks[*i].take();
                self.give_mask(mask);
            }
        }
    }

    /// Keeps this party's part of a wire's mask if a product of secrets reads the wire; otherwise its memory is used again.
    fn keep(&mut self, k: usize, mask: Option<Mask<W>>) {
        if self.multiplied[k] {
            self.masks[k] = mask;
        } else {
            self.give_mask(mask);
        }
    }

    /// The memory of a mask is used again, unless a later step is unpacked with it.
    fn give_mask(&mut self, mask: Option<Mask<W>>) {
        if let Some(mut mask) = mask.and_then(Arc::into_inner) {
            self.spare.give(core::mem::take(&mut **mask));
        }
    }

    /// Counts the elements of a value that begins.
    fn claim(&mut self, elements: usize) {
        self.live += elements;
        self.outcome.peak = self.outcome.peak.max(self.live);
    }

    /// The memory of a value that nobody else reads is used again.
    fn give_back(&mut self, value: Rc<Value<W>>) {
        if let Some(mut value) = Rc::into_inner(value) {
            self.spare.give(core::mem::take(&mut *value));
        }
    }

    /// Steps without communication, sample by sample.
    fn local(&self, kind: &Kind, k: usize, x: &[Rc<Value<W>>], result: &mut [W]) {
        let step = &self.plan.steps[k];
        let len = self.batch * step.len;
        let x = |i: usize| (x[i].as_slice(), self.plan.steps[step.inputs[i]].len);
        match kind {
            Kind::Times(times) => times.numbers.run(x(0).0, result, W::mul),
            // what lies behind the samples stays zero
            Kind::Plus(plus) if plus.by == self.seat.party => plus.numbers.run(&x(0).0[..len], &mut result[..len], W::add),
            Kind::Plus(_) => result.copy_from_slice(x(0).0),
            Kind::Round { t } => {
                let n = self.plan.settings.ring;
                result.iter_mut().zip(x(0).0).for_each(|(r, x)| *r = affine::round(n, *t, *x));
            }
            Kind::Add => result.iter_mut().zip(x(0).0.iter().zip(x(1).0)).for_each(|(r, (a, b))| *r = a.add(*b)),
            Kind::Sum(sum) => {
                let (from, n) = x(0);
                for (to, from) in result.chunks_exact_mut(step.len).zip(from.chunks_exact(n)).take(self.batch) {
                    sum.run(from, to);
                }
            }
            Kind::Sparse(sparse) => {
                let (from, n) = x(0);
                for (to, from) in result.chunks_exact_mut(step.len).zip(from.chunks_exact(n)).take(self.batch) {
                    sparse.run(from, to, self.seat.is_first());
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
            | Kind::Product(_)
            | Kind::Polynomial(_)
            | Kind::Truncate { .. }
            | Kind::Relu { .. }
            | Kind::Piecewise { .. }
            | Kind::Curve { .. }
            | Kind::Compact { .. }
            | Kind::Above { .. }
            | Kind::Max { .. }
            | Kind::MaxOver { .. }
            | Kind::ArgMax { .. }
            | Kind::TopK { .. }
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

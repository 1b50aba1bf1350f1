//! A party's tape, unpacked step by step: all of it before a run, or each step's part just before the step begins.
//!
//! The tape is claimed as a whole before its first byte, and read from its first byte to its last. A linear step is unpacked with this party's part of the mask of the wire
//! that it reads, and so is a move of a wire: such masks stay until the last step that is unpacked with them. They are held together with the opening that they hide, which
//! adds them to its message; neither makes them a second time, for no block of a generator is asked for twice.

use super::Session;
use super::handshake::Agreed;
use super::kept::Stored;
use super::source::Source;
use super::under_way::Value;
use super::weights::WeightSet;
use crate::entropy::Purpose;
use crate::error::{Error, Result};
use crate::plan::{Kind, Plan};
use crate::protocol::{Correlations, Reader, Seat, Tape, TapeError, Traffic, open};
use crate::wire::tape_id;
use core::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use undertone_ring::Word;
use undertone_ring::conv::Scratch;
use undertone_ring::prg::Prg;
use zeroize::Zeroizing;

/// The correlations of one step.
pub(super) enum Material<W: Word> {
    None,
    /// This party's part of a wire's mask, of an opening or of what moves it; nothing if it does not send.
    Wire(Option<Mask<W>>),
    /// K_i of a linear step, or C_i of a product of secrets, which becomes its result.
    Product(Counted<Value<W>>),
    /// Shares of the powers of a wire's mask.
    Powers(Counted<Value<W>>),
    /// Those of a protocol, and what it will send.
    Protocol(Traffic, Counted<Box<dyn Correlations<W>>>),
}

/// This party's part of the mask of a wire.
pub(super) type Mask<W> = Arc<Counted<Value<W>>>;

/// The correlations of a run, in the order of its steps.
pub(super) enum Steps<W: Word> {
    /// All of them, unpacked; a client has none.
    Unpacked(std::vec::IntoIter<Material<W>>),
    /// A tape that was claimed.
    Claimed(Box<Unpacking<W>>),
}

impl<W: Stored> Steps<W> {
    /// Those of step `k`, the next one.
    pub(super) fn next(&mut self, session: &mut Session, plan: &Plan, set: &WeightSet<W>, k: usize) -> Result<Material<W>> {
        let missing = || format!("step {k} has no correlations");
        match self {
            Self::Unpacked(steps) => steps.next().ok_or_else(|| session.links.failed(plan.stage_name(k), missing())),
            Self::Claimed(tape) => tape.next(session, plan, set, k),
        }
    }
}

/// A tape that is being unpacked.
pub(super) struct Unpacking<W: Word> {
    seat: Seat,
    key: Arc<Prg>,
    batch: usize,
    scratch: Scratch<W>,
    /// Bytes of corrections that each step takes.
    pub corrections: Vec<u64>,
    /// This party's part of the mask of each wire that a later step is unpacked with.
    wires: Vec<Option<Mask<W>>>,
    /// The last step that is unpacked with each wire; 0: none is.
    last: Vec<usize>,
    count: Arc<Count>,
}

impl<W: Stored> Unpacking<W> {
    /// Claims a tape, the same one as all parties, before anything of it is used.
    pub(super) fn claim(session: &mut Session, plan: &Plan, set: [u8; 16], agreed: Agreed, count: &Arc<Count>) -> Result<Self> {
        let tape = session.source()?.tape(set, plan, agreed.batch, agreed.claimed)?;
        session.same_everywhere("tape", tape)?;
        let key = Arc::new(session.key(Purpose::Tape, &tape_id(tape))?);
        let mut last = vec![0; plan.steps.len()];
        for (k, step) in plan.steps.iter().enumerate().filter(|(_, step)| matches!(step.kind, Kind::Linear { .. } | Kind::Move(_))) {
            step.inputs.iter().for_each(|i| last[*i] = k);
        }
        Ok(Self {
            seat: session.seat()?,
            key,
            batch: agreed.batch,
            corrections: plan.steps.iter().map(|step| plan.step_cost(step, agreed.batch).corrections).collect(),
            scratch: Scratch::with(&session.threads),
            wires: plan.steps.iter().map(|_| None).collect(),
            last,
            count: count.clone(),
        })
    }

    /// The correlations of step `k`, which comes after the one that was asked for before. With the last step, the tape ends.
    pub(super) fn next(&mut self, session: &mut Session, plan: &Plan, set: &WeightSet<W>, k: usize) -> Result<Material<W>> {
        let (step, during) = (&plan.steps[k], || format!("tape, stage `{}`", plan.stage_name(k)));
        let (key, corrections) = (self.key.clone(), self.corrections[k] as usize);
        let mut reading = Reading { source: session.source()?, failed: None };
        let unpacked = {
            let sent = self.seat.is_last().then_some((&mut reading as &mut dyn Reader, corrections));
            let mut tape = Tape::reading(&key, sent);
            self.unpack(plan, set, k, &mut tape).and_then(|material| tape.finish().map(|()| material))
        };
        let failed = reading.failed;
        let material = unpacked.map_err(|e| failed.unwrap_or_else(|| session.links.failed(&during(), e.to_string())))?;
        if let Material::Wire(Some(mask)) = &material
            && self.last[k] > k
        {
            self.wires[k] = Some(mask.clone());
        }
        for input in &step.inputs {
            if self.last[*input] == k {
                self.wires[*input] = None;
            }
        }
        if k + 1 == plan.steps.len() {
            session.source()?.finish()?;
        }
        Ok(material)
    }

    fn unpack(&mut self, plan: &Plan, set: &WeightSet<W>, k: usize, tape: &mut Tape<'_>) -> Result<Material<W>, TapeError> {
        let (step, batch, id) = (&plan.steps[k], self.batch, k as u32);
        let count = self.count.clone();
        let words = |words: Vec<W>| count.words(words);
        let wire = step.inputs.first().and_then(|from| self.wires[*from].as_ref());
        match &step.kind {
            Kind::Open(opening) => {
                let mask = opening.sends(self.seat.party).then(|| open::mask(tape, id, batch * step.len));
                return Ok(Material::Wire(mask.map(|mask| Arc::new(words(mask)))));
            }
            Kind::Move(copies) if plan.is_wire(k) => {
                let from = plan.steps[step.inputs[0]].len;
                let moved = wire.map(|mask| copies[0].whole(mask.as_slice(), from, step.len, batch));
                return Ok(Material::Wire(moved.map(|mask| Arc::new(words(mask)))));
            }
            _ => {}
        }
        if let Some((linear, weight)) = plan.linear(step, batch) {
            let weight = &set.weights[weight];
            // the keeper of the weights masks only what products of secrets read too, and has no masked weight
            let wire = wire.map(|mask| mask.as_slice()).zip(weight.masked.as_ref().or(weight.online.as_ref()));
            let z = linear.expand(plan.is_masked(step), wire, &weight.bias, tape, id, &mut self.scratch)?;
            return Ok(Material::Product(words(z)));
        }
        if let Some((product, _)) = plan.product(step, batch) {
            return Ok(Material::Product(words(product.expand(plan.is_masked(step), tape, id)?)));
        }
        if let Some(powers) = plan.powers(step, batch) {
            return Ok(Material::Powers(words(powers.expand(plan.is_masked(step), tape, id)?)));
        }
        Ok(match plan.protocol::<W>(step, batch) {
            Some(protocol) => {
                let correlations = protocol.expand(tape, id)?;
                Material::Protocol(protocol.traffic(), count.count(correlations, tape.given()))
            }
            None => Material::None,
        })
    }
}

/// Reads corrections for a step, and keeps why they could not be read.
struct Reading<'a> {
    source: &'a mut dyn Source,
    failed: Option<Error>,
}

impl Reader for Reading<'_> {
    fn read(&mut self, len: usize) -> Option<&[u8]> {
        match self.source.corrections(len) {
            Ok(bytes) => Some(bytes),
            Err(e) => {
                self.failed = Some(e);
                None
            }
        }
    }
}

/// Bytes of correlations that are there.
#[derive(Default)]
pub(super) struct Count {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Count {
    /// The most there ever were.
    pub(super) fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    fn words<W: Word>(self: &Arc<Self>, words: Vec<W>) -> Counted<Value<W>> {
        let bytes = size_of_val(words.as_slice());
        self.count(Zeroizing::new(words), bytes)
    }

    fn count<T>(self: &Arc<Self>, what: T, bytes: usize) -> Counted<T> {
        let now = self.now.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.most.fetch_max(now, Ordering::Relaxed);
        Counted { what, bytes, count: self.clone() }
    }
}

/// What is counted for as long as it is there.
pub(super) struct Counted<T> {
    what: T,
    bytes: usize,
    count: Arc<Count>,
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.what
    }
}

impl<T> DerefMut for Counted<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.what
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.count.now.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

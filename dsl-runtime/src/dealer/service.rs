//! The dealer's service: one session with N parties over a transport. It prepares the masks of weight sets and writes tapes, each under an id that it gives once.
//!
//! Whoever has asked for a tape will ask for another like it: the next one is dealt while the parties run, and waits for them. If they ask for something else it is
//! thrown away, and its id with it.

use super::WeightMasks;
use super::ahead::{Ahead, Maker, Set};
use crate::config::Timeouts;
use crate::entropy::{Entropy, Purpose, Seed};
use crate::error::{Error, Result};
use crate::net::{LinkError, Transport};
use crate::plan::Plan;
use crate::wire::{Answer, ELEMENTS, LIMIT, PIECE, Request, VERSION, Welcome, decode, encode, tape_id};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use undertone_ring::prg::Prg;
use zeroize::Zeroize;

/// The largest number of weight sets that one session may keep.
const SETS: usize = 64;

/// How often a session without requests looks whether it is over.
const LOOK: Duration = Duration::from_millis(500);

/// Bytes of the next tape that wait for the parties, unless a service is told otherwise.
pub const AHEAD: usize = 64 << 20;

/// What a service spends on one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest number of elements of one tape, at most 2^28: all samples and steps together, with comparisons and padding. All sets of weights together may
    /// have as many weights.
    pub elements: usize,
    /// The largest number of bytes of the next tape that are dealt before anybody asks for it; 0: none is.
    pub ahead: usize,
}

impl Default for Limits {
    /// As much as the parties themselves allow, and [`AHEAD`] bytes.
    fn default() -> Self {
        Self { elements: ELEMENTS, ahead: AHEAD }
    }
}

/// Serves `parties` parties until they are gone. Seeds come from the operating system. The transport's patience must hold what the last party does between two pieces of a
/// tape: where it [streams](crate::Session::run_streamed), whole steps.
///
/// # Errors
/// When there is no randomness, or the dealer itself fails. A party that leaves ends the service without an error: its peers report it.
pub fn serve(transport: &mut dyn Transport, parties: usize) -> Result<()> {
    serve_limited(transport, parties, &Limits::default())
}

/// As [`serve`], within limits.
///
/// # Errors
/// As [`serve`].
pub fn serve_limited(transport: &mut dyn Transport, parties: usize, limits: &Limits) -> Result<()> {
    serve_as(transport, parties, &mut Entropy::System, &mut |_| {}, limits)
}

/// As [`serve`], but nothing is dealt ahead: in one process it would take the parties' time. `prepare` sees every generator before it is used.
pub(crate) fn serve_with(
    transport: &mut dyn Transport,
    parties: usize,
    entropy: &mut Entropy,
    prepare: &mut dyn FnMut(&mut Prg),
) -> Result<()> {
    serve_as(transport, parties, entropy, prepare, &Limits { ahead: 0, ..Limits::default() })
}

/// As [`serve_with`], within limits, for as long as the parties like.
pub(super) fn serve_as(
    transport: &mut dyn Transport,
    parties: usize,
    entropy: &mut Entropy,
    prepare: &mut dyn FnMut(&mut Prg),
    limits: &Limits,
) -> Result<()> {
    let wait = Wait { idle: Duration::MAX, reader: None, stop: None };
    serve_waiting(transport, parties, entropy, prepare, limits, &wait).map(|_| ())
}

/// As [`serve`], until `stop` is set, or the parties have asked for nothing, or one of them has read nothing, for as long as they may.
pub(crate) fn serve_until(transport: &mut dyn Transport, parties: usize, timeouts: &Timeouts, stop: &AtomicBool) -> Result<()> {
    let wait = Wait { idle: timeouts.idle, reader: Some(timeouts.prepare), stop: Some(stop) };
    serve_waiting(transport, parties, &mut Entropy::System, &mut |_| {}, &Limits::default(), &wait).map(|_| ())
}

/// How long a session waits for its parties.
pub(super) struct Wait<'a> {
    /// From one request to the next.
    pub idle: Duration,
    /// For a party to take a piece of a tape, which it may read step by step; as long as for any message where nothing is said.
    pub reader: Option<Duration>,
    /// Once it is set, no request is waited for.
    pub stop: Option<&'a AtomicBool>,
}

/// What a session was.
pub(super) struct Served {
    /// Tapes that were sent.
    pub tapes: u64,
    /// Why it is over.
    pub why: String,
}

/// All of it.
pub(super) fn serve_waiting(
    transport: &mut dyn Transport,
    parties: usize,
    entropy: &mut Entropy,
    prepare: &mut dyn FnMut(&mut Prg),
    limits: &Limits,
    wait: &Wait<'_>,
) -> Result<Served> {
    let seeds: Vec<Seed> = (0..parties).map(|_| entropy.seed()).collect::<Result<_>>()?;
    let dealing = entropy.bytes()?;
    let limits = Limits { elements: limits.elements.min(ELEMENTS), ..*limits };
    let mut session = Service {
        transport,
        seeds,
        limits,
        sets: HashMap::new(),
        weights: 0,
        next_tape: 1,
        sent: 0,
        ahead: None,
        maker: Maker::default(),
        spare: vec![],
        prepare,
    };
    let ended = session.welcome(dealing).map_err(Stop::from).and_then(|()| {
        loop {
            let request = session.request(wait)?;
            session.answer(request, wait)?;
        }
    });
    match ended {
        // a session ends when a party leaves, and the parties report why; they hear who it was, in case they only notice the dealer
        Err(Stop::Left(gone, why)) => {
            if let Some(gone) = gone {
                let last_words = encode(&Answer::Left(gone as u32));
                for party in (0..parties).filter(|party| *party != gone) {
                    let _ = session.transport.send(party, &last_words); // it may be gone too
                }
            }
            Ok(Served { tapes: session.sent, why })
        }
        Err(Stop::Failed(e)) => Err(e),
        Ok(never) => never,
    }
}

/// Why a session ends.
enum Stop {
    /// A party is gone, or the session is over for another reason.
    Left(Option<usize>, String),
    /// The dealer cannot go on.
    Failed(Error),
}

impl From<LinkError> for Stop {
    fn from(e: LinkError) -> Self {
        let who = match e {
            LinkError::Closed(party) | LinkError::Unknown(party) => party,
            LinkError::Stalled { endpoint, .. } | LinkError::Length { endpoint, .. } | LinkError::Corrupt { endpoint, .. } => endpoint,
        };
        Self::Left(Some(who), e.to_string())
    }
}

struct Service<'a> {
    transport: &'a mut dyn Transport,
    seeds: Vec<Seed>,
    limits: Limits,
    sets: HashMap<[u8; 16], Set>,
    /// The number of weights of all sets.
    weights: usize,
    /// Tape ids are given once, in ascending order.
    next_tape: u64,
    /// Tapes that were sent.
    sent: u64,
    /// The tape that will probably be asked for next.
    ahead: Option<Ahead>,
    /// Who deals it; gone after it.
    maker: Maker,
    /// The memory of the last tape's pieces.
    spare: Vec<Vec<u8>>,
    prepare: &'a mut dyn FnMut(&mut Prg),
}

impl Service<'_> {
    /// Gives each party its seed.
    fn welcome(&mut self, dealing: [u8; 16]) -> Result<(), LinkError> {
        let parties = self.seeds.len() as u32;
        for (party, seed) in self.seeds.iter().enumerate() {
            let mut welcome = Welcome { version: VERSION, parties, dealing, seed: *seed.bytes() };
            let mut bytes = encode(&welcome);
            let sent = self.transport.send(party, &bytes);
            bytes.zeroize();
            welcome.seed.zeroize();
            sent?;
        }
        Ok(())
    }

    /// The request of all parties, or why there is none that they agree on. Party 0 may take its time between two requests; its peers then follow at once.
    fn request(&mut self, wait: &Wait<'_>) -> Result<Result<Request, String>, Stop> {
        let (mut first, since) = (Vec::new(), Instant::now());
        self.transport.patience(Some(LOOK));
        loop {
            match self.transport.receive(0, LIMIT, &mut first) {
                Ok(()) => break,
                Err(LinkError::Stalled { .. }) if wait.stop.is_some_and(|stop| stop.load(Ordering::SeqCst)) => {
                    return Err(Stop::Left(None, "the dealer is stopped".into()));
                }
                Err(LinkError::Stalled { .. }) if since.elapsed() < wait.idle => {}
                Err(LinkError::Stalled { .. }) => return Err(Stop::Left(None, format!("no request for {} s", wait.idle.as_secs()))),
                Err(e) => return Err(e.into()),
            }
        }
        self.transport.patience(None);
        let (mut agreed, mut message) = (Ok(()), Vec::new());
        for party in 1..self.seeds.len() {
            self.transport.receive(party, LIMIT, &mut message)?;
            if message != first {
                agreed = Err(format!("parties 0 and {party} ask for different things: they do not run the same plan, batch or weights"));
            }
        }
        Ok(agreed.and_then(|()| decode(&first)))
    }

    fn answer(&mut self, request: Result<Request, String>, wait: &Wait<'_>) -> Result<(), Stop> {
        match request {
            Err(message) => self.tell(&Answer::Refused(message)),
            Ok(Request::Weights { set, plan }) => {
                if let Err(message) = self.admit(set, &plan) {
                    return self.tell(&Answer::Refused(message));
                }
                let masks = WeightMasks::new(&plan, &self.keys(Purpose::Weights, &set));
                self.weights += plan.packed_weights();
                self.sets.insert(set, Arc::new((*plan, masks)));
                self.tell(&Answer::Ready)
            }
            Ok(Request::Tape { set, batch }) => {
                let refused = match self.sets.get(&set).map(|set| set.0.check_batch(batch as usize, self.limits.elements)) {
                    None => "no such set of weights".to_owned(),
                    Some(Err(message)) => message,
                    Some(Ok(())) => return self.tape(set, batch as usize, wait),
                };
                self.tell(&Answer::Refused(refused))
            }
        }
    }

    fn admit(&self, set: [u8; 16], plan: &Plan) -> Result<(), String> {
        plan.verify(self.limits.elements).map_err(|e| e.to_string())?;
        if plan.settings.parties != self.seeds.len() {
            return Err(format!("the plan is for {} parties, the dealer serves {}", plan.settings.parties, self.seeds.len()));
        }
        if self.sets.contains_key(&set) {
            return Err("this weight-set id was used before; draw a new one".into());
        }
        if self.sets.len() >= SETS {
            return Err(format!("a session keeps at most {SETS} sets of weights"));
        }
        if plan.packed_weights().saturating_add(self.weights) > self.limits.elements {
            return Err(format!("a session keeps at most {} weights, all sets together", self.limits.elements));
        }
        Ok(())
    }

    /// Sends a tape, the one that was dealt ahead if it is what they want; then deals the next one.
    fn tape(&mut self, set: [u8; 16], batch: usize, wait: &Wait<'_>) -> Result<(), Stop> {
        let tape = match self.ahead.take().filter(|ahead| ahead.serves == (set, batch)) {
            Some(tape) => tape,
            None => self.start(set, batch)?,
        };
        self.tell(&Answer::Tape(tape.tape))?;
        let (transport, last) = (&mut self.transport, self.seeds.len() - 1);
        transport.patience(wait.reader);
        let sent = tape.send(|piece| match wait.stop {
            Some(stop) if stop.load(Ordering::SeqCst) => Err(Stop::Left(None, "the dealer is stopped".into())),
            _ => Ok(transport.send(last, piece)?),
        })?;
        transport.patience(None);
        let Some(spare) = sent else {
            return Err(failed("the thread that dealt it has panicked: this is a bug in Undertone"));
        };
        self.spare = spare;
        self.sent += 1;
        if self.limits.ahead > 0 {
            self.ahead = Some(self.start(set, batch)?);
        }
        Ok(())
    }

    /// Starts to deal a tape under a new id.
    fn start(&mut self, set: [u8; 16], batch: usize) -> Result<Ahead, Stop> {
        let tape = self.next_tape;
        self.next_tape += 1;
        let keys = self.keys(Purpose::Tape, &tape_id(tape));
        let Some(of) = self.sets.get(&set) else { return Err(failed("there is no such set of weights")) };
        // while a tape is sent, a few pieces are on their way
        let limit = self.limits.ahead.max(4 * PIECE);
        let spare = core::mem::take(&mut self.spare);
        self.maker.start((tape, limit), (set, batch), of.clone(), keys, spare).map_err(|e| failed(&format!("no thread for it: {e}")))
    }

    fn keys(&mut self, purpose: Purpose, id: &[u8; 16]) -> Vec<Prg> {
        let mut keys: Vec<Prg> = self.seeds.iter().map(|seed| Prg::new(&seed.key(purpose, id))).collect();
        for key in &mut keys {
            (self.prepare)(key);
        }
        keys
    }

    fn tell(&mut self, answer: &Answer) -> Result<(), Stop> {
        let bytes = encode(answer);
        Ok((0..self.seeds.len()).try_for_each(|party| self.transport.send(party, &bytes))?)
    }
}

fn failed(message: &str) -> Stop {
    Stop::Failed(Error::Peer { party: "the dealer".into(), during: "tape".into(), message: message.into() })
}

//! The dealer's service: one session with N parties over a transport. It prepares the masks of weight sets and writes tapes, each under an id that it gives once.

use super::{WeightMasks, deal};
use crate::entropy::{Entropy, Purpose, Seed};
use crate::error::Result;
use crate::net::{LinkError, Transport};
use crate::plan::Plan;
use crate::wire::{Answer, ELEMENTS, LIMIT, Request, VERSION, Welcome, decode, encode, tape_id};
use std::collections::HashMap;
use undertone_ring::prg::Prg;
use zeroize::Zeroize;

/// The largest number of weight sets that one session may keep.
const SETS: usize = 64;

/// Serves `parties` parties until they are gone. Seeds come from the operating system.
///
/// # Errors
/// When there is no randomness. A party that leaves ends the service without an error: its peers report it.
pub fn serve(transport: &mut dyn Transport, parties: usize) -> Result<()> {
    serve_with(transport, parties, &mut Entropy::System, &mut |_| {})
}

/// As [`serve`]; `prepare` sees every generator before it is used.
pub(crate) fn serve_with(
    transport: &mut dyn Transport,
    parties: usize,
    entropy: &mut Entropy,
    prepare: &mut dyn FnMut(&mut Prg),
) -> Result<()> {
    let seeds: Vec<Seed> = (0..parties).map(|_| entropy.seed()).collect::<Result<_>>()?;
    let mut session = Service { transport, seeds, sets: HashMap::new(), next_tape: 1, prepare };
    for party in 0..parties {
        let mut welcome = Welcome { version: VERSION, parties: parties as u32, seed: *session.seeds[party].bytes() };
        let mut bytes = encode(&welcome);
        let sent = session.transport.send(party, &bytes);
        bytes.zeroize();
        welcome.seed.zeroize();
        if sent.is_err() {
            return Ok(());
        }
    }
    // a session ends when a party leaves, and the parties report why
    while let Ok(request) = session.request() {
        if session.answer(request).is_err() {
            break;
        }
    }
    Ok(())
}

struct Service<'a> {
    transport: &'a mut dyn Transport,
    seeds: Vec<Seed>,
    sets: HashMap<[u8; 16], (Plan, WeightMasks)>,
    /// Tape ids are given once, in ascending order.
    next_tape: u64,
    prepare: &'a mut dyn FnMut(&mut Prg),
}

impl Service<'_> {
    /// The request of all parties, or why there is none that they agree on.
    fn request(&mut self) -> Result<Result<Request, String>, LinkError> {
        let mut first = Vec::new();
        let mut agreed = Ok(());
        for party in 0..self.seeds.len() {
            let mut message = Vec::new();
            // a party may take as long as it likes between two requests; its peers then follow at once
            while let Err(e) = self.transport.receive(party, LIMIT, &mut message) {
                if party > 0 || !matches!(e, LinkError::Stalled { .. }) {
                    return Err(e);
                }
            }
            if party == 0 {
                first = message;
            } else if message != first {
                agreed = Err(format!("parties 0 and {party} ask for different things: they do not run the same plan, batch or weights"));
            }
        }
        Ok(agreed.and_then(|()| decode(&first)))
    }

    fn answer(&mut self, request: Result<Request, String>) -> Result<(), LinkError> {
        match request {
            Err(message) => self.tell(&Answer::Refused(message)),
            Ok(Request::Weights { set, plan }) => {
                if let Err(message) = self.admit(set, &plan) {
                    return self.tell(&Answer::Refused(message));
                }
                let masks = WeightMasks::new(&plan, &self.keys(Purpose::Weights, &set));
                self.sets.insert(set, (*plan, masks));
                self.tell(&Answer::Ready)
            }
            Ok(Request::Tape { set, batch }) => {
                let largest = self.sets.get(&set).map(|(plan, _)| plan.steps.iter().map(|s| s.len).sum::<usize>());
                let refused = match largest {
                    None => "no such set of weights",
                    Some(_) if batch == 0 => "a batch without samples",
                    Some(largest) if largest.saturating_mul(batch as usize) > ELEMENTS => "the batch is too large; use a smaller one",
                    Some(_) => return self.tape(set, batch as usize),
                };
                self.tell(&Answer::Refused(refused.to_owned()))
            }
        }
    }

    fn admit(&self, set: [u8; 16], plan: &Plan) -> Result<(), String> {
        plan.verify(ELEMENTS).map_err(|e| e.to_string())?;
        if plan.settings.parties != self.seeds.len() {
            return Err(format!("the plan is for {} parties, the dealer serves {}", plan.settings.parties, self.seeds.len()));
        }
        if self.sets.contains_key(&set) {
            return Err("this weight-set id was used before; draw a new one".into());
        }
        if self.sets.len() >= SETS {
            return Err(format!("a session keeps at most {SETS} sets of weights"));
        }
        Ok(())
    }

    fn tape(&mut self, set: [u8; 16], batch: usize) -> Result<(), LinkError> {
        let tape = self.next_tape;
        self.next_tape += 1;
        self.tell(&Answer::Tape(tape))?;
        let keys = self.keys(Purpose::Tape, &tape_id(tape));
        let Some((plan, masks)) = self.sets.get(&set) else { return Ok(()) };
        let last = self.seeds.len() - 1;
        let transport = &mut self.transport;
        deal(plan, masks, &keys, batch, |_, bytes| transport.send(last, bytes))
    }

    fn keys(&mut self, purpose: Purpose, id: &[u8; 16]) -> Vec<Prg> {
        let mut keys: Vec<Prg> = self.seeds.iter().map(|seed| Prg::new(&seed.key(purpose, id))).collect();
        for key in &mut keys {
            (self.prepare)(key);
        }
        keys
    }

    fn tell(&mut self, answer: &Answer) -> Result<(), LinkError> {
        let bytes = encode(answer);
        (0..self.seeds.len()).try_for_each(|party| self.transport.send(party, &bytes))
    }
}

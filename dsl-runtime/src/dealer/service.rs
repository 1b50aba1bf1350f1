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
    let dealing = entropy.bytes()?;
    let mut session = Service { transport, seeds, sets: HashMap::new(), next_tape: 1, prepare };
    for party in 0..parties {
        let mut welcome = Welcome { version: VERSION, parties: parties as u32, dealing, seed: *session.seeds[party].bytes() };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::trace;
    use crate::net::{Memory, network};
    use crate::plan::Settings;
    use undertone_shape::Shape;

    /// Both parties ask for these, one after the other; what party 0 is answered each time.
    fn answers(requests: &[(Request, Request)]) -> Vec<Answer> {
        let mut links = network(3);
        let mut dealer = links.remove(2);
        std::thread::scope(|scope| {
            scope.spawn(move || serve_with(&mut dealer, 2, &mut Entropy::seeded(3), &mut |_| {}));
            let receive = |link: &mut Memory| {
                let mut bytes = vec![];
                link.receive(2, LIMIT, &mut bytes).unwrap();
                bytes
            };
            let welcomes: Vec<Vec<u8>> = links.iter_mut().map(receive).collect();
            let seed = |bytes: &[u8]| decode::<Welcome>(bytes).unwrap().seed;
            assert_ne!(seed(&welcomes[0]), seed(&welcomes[1]), "each party has a seed of its own");
            let mut all = vec![];
            for (a, b) in requests {
                links[0].send(2, &encode(a)).unwrap();
                links[1].send(2, &encode(b)).unwrap();
                all.push(decode(&receive(&mut links[0])).unwrap());
                assert_eq!(decode::<Answer>(&receive(&mut links[1])).as_ref(), Ok(&all[all.len() - 1]), "all parties hear the same");
                if let Some(Answer::Tape(_)) = all.last() {
                    receive(&mut links[1]); // the corrections of the one step
                }
            }
            drop(links);
            all
        })
    }

    fn plan() -> Plan {
        let graph = trace("M", &[("x", Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        Plan::new(&graph, &Settings::default()).unwrap()
    }

    fn refused(answer: &Answer, text: &str) {
        assert!(matches!(answer, Answer::Refused(message) if message.contains(text)), "`{text}` is not in {answer:?}");
    }

    #[test]
    fn tapes_have_ids_that_are_given_once() {
        let weights = Request::Weights { set: [1; 16], plan: Box::new(plan()) };
        let tape = Request::Tape { set: [1; 16], batch: 3 };
        let all = answers(&[(weights.clone(), weights), (tape.clone(), tape.clone()), (tape.clone(), tape)]);
        assert_eq!(all, [Answer::Ready, Answer::Tape(1), Answer::Tape(2)]);
    }

    #[test]
    fn what_cannot_be_dealt_is_refused_and_the_session_goes_on() {
        let weights = |set| Request::Weights { set: [set; 16], plan: Box::new(plan()) };
        let tape = |set, batch| Request::Tape { set: [set; 16], batch };
        let spoilt = |f: fn(&mut Plan)| {
            let mut plan = plan();
            f(&mut plan);
            Request::Weights { set: [9; 16], plan: Box::new(plan) }
        };
        let both = |r: Request| (r.clone(), r);
        let all = answers(&[
            both(tape(1, 1)),
            both(weights(1)),
            both(weights(1)),
            (tape(1, 1), tape(1, 2)),
            (weights(2), weights(3)),
            both(tape(1, 0)),
            both(tape(1, u32::MAX)),
            both(spoilt(|p| p.steps[0].len = usize::MAX)),
            both(spoilt(|p| p.settings.parties = 3)),
            both(tape(1, 1)),
        ]);
        refused(&all[0], "no such set of weights");
        assert_eq!(all[1], Answer::Ready);
        refused(&all[2], "was used before");
        refused(&all[3], "ask for different things");
        refused(&all[4], "ask for different things");
        refused(&all[5], "a batch without samples");
        refused(&all[6], "the batch is too large");
        refused(&all[7], "elements");
        refused(&all[8], "only 2 and a dealer are built");
        assert_eq!(all[9], Answer::Tape(1), "a refusal costs nothing");
    }

    #[test]
    fn a_session_keeps_a_limited_number_of_weight_sets() {
        let requests: Vec<(Request, Request)> = (0..=SETS as u8)
            .map(|set| {
                let request = Request::Weights { set: [set; 16], plan: Box::new(plan()) };
                (request.clone(), request)
            })
            .collect();
        let all = answers(&requests);
        assert!(all[..SETS].iter().all(|a| *a == Answer::Ready));
        refused(&all[SETS], "at most 64 sets");
    }
}

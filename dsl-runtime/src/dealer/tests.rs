//! The dealer against the clock of nobody: what it answers, what it deals ahead, and how much memory that takes.

use super::service::serve_as;
use super::*;
use crate::entropy::Entropy;
use crate::graph::trace;
use crate::net::{Memory, Transport, network};
use crate::plan::Settings;
use crate::wire::{Answer, LIMIT, PIECE, Request, Welcome, decode, encode};
use std::time::{Duration, Instant};
use undertone_ring::conv::{Conv, accumulate};
use undertone_ring::prg::{Key, Log};
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
    refused(&all[8], "the plan is for 3 parties, the dealer serves 2");
    assert_eq!(all[9], Answer::Tape(1), "a refusal costs nothing");
}

#[test]
fn a_session_keeps_a_limited_number_of_weight_sets() {
    let requests: Vec<(Request, Request)> = (0..=64u8)
        .map(|set| {
            let request = Request::Weights { set: [set; 16], plan: Box::new(plan()) };
            (request.clone(), request)
        })
        .collect();
    let all = answers(&requests);
    assert!(all[..64].iter().all(|a| *a == Answer::Ready));
    refused(&all[64], "at most 64 sets");
}

/// Dealer and two parties that talk to it; every generator of the dealer writes to the log.
struct Talk {
    links: Vec<Memory>,
    log: Log,
    dealer: Option<std::thread::JoinHandle<crate::Result<()>>>,
}

impl Talk {
    fn new(limits: Limits) -> Self {
        let (mut links, log) = (network(3), Log::default());
        let (mut link, watch) = (links.remove(2), log.clone());
        let dealer =
            std::thread::spawn(move || serve_as(&mut link, 2, &mut Entropy::seeded(3), &mut |key| key.audit(watch.clone()), &limits));
        let mut talk = Self { links, log, dealer: Some(dealer) };
        for party in 0..2 {
            talk.receive(party);
        }
        talk
    }

    fn receive(&mut self, party: usize) -> Vec<u8> {
        let mut bytes = vec![];
        self.links[party].receive(2, LIMIT, &mut bytes).unwrap();
        bytes
    }

    fn ask(&mut self, request: &Request) -> Answer {
        for link in &mut self.links {
            link.send(2, &encode(request)).unwrap();
        }
        let all = [self.receive(0), self.receive(1)];
        assert_eq!(all[0], all[1]);
        decode(&all[0]).unwrap()
    }

    /// The corrections of a tape of `len` bytes.
    fn corrections(&mut self, len: usize) -> Vec<u8> {
        let mut all = vec![];
        while all.len() < len {
            let piece = self.receive(1);
            assert!(!piece.is_empty() && piece.len() <= PIECE, "a piece of {} bytes", piece.len());
            all.extend(piece);
        }
        assert_eq!(all.len(), len);
        all
    }

    /// Waits until the dealer has asked its generators `count` times; false if it does not within `time`.
    fn asked(&self, count: usize, time: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < time {
            if self.log.lock().unwrap().len() >= count {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }

    fn end(mut self) -> Vec<undertone_ring::prg::Request> {
        self.links.clear();
        self.dealer.take().unwrap().join().unwrap().unwrap();
        core::mem::take(&mut self.log.lock().unwrap())
    }
}

fn bytes(batch: usize) -> usize {
    let plan = plan();
    plan.steps.iter().map(|s| plan.step_cost(s, batch).corrections as usize).sum()
}

#[test]
fn the_next_tape_is_dealt_before_it_is_asked_for_and_burnt_when_another_is_wanted() {
    let mut talk = Talk::new(Limits::default());
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan()) }), Answer::Ready);
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(talk.log.lock().unwrap().len(), 0, "nobody has asked for a tape yet");
    let tape = |batch| Request::Tape { set: [1; 16], batch };
    assert_eq!(talk.ask(&tape(3000)), Answer::Tape(1));
    let first = talk.corrections(bytes(3000));
    // the requests of one tape, then those of the next one, which nobody has asked for
    let key = |log: &Log, k: usize| log.lock().unwrap()[k].key_fingerprint;
    let of_first = {
        let one = key(&talk.log, 0);
        assert!(talk.asked(3, Duration::from_secs(5)));
        let all = talk.log.lock().unwrap();
        let two = all.iter().map(|r| r.key_fingerprint).find(|k| *k != one).unwrap();
        all.iter().filter(|r| [one, two].contains(&r.key_fingerprint)).count()
    };
    assert!(talk.asked(2 * of_first, Duration::from_secs(20)), "tape 2 is not dealt ahead");
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(talk.log.lock().unwrap().len(), 2 * of_first, "one tape ahead, not two");
    assert_eq!(talk.ask(&tape(3000)), Answer::Tape(2));
    let second = talk.corrections(bytes(3000));
    assert_ne!(first, second);
    // tape 3 is dealt for 3000 samples by now: nobody gets it
    assert_eq!(talk.ask(&tape(1000)), Answer::Tape(4));
    talk.corrections(bytes(1000));
    assert_eq!(talk.ask(&tape(0)), Answer::Refused("a batch without samples".into()));
    assert_eq!(talk.ask(&tape(1000)), Answer::Tape(5), "a refusal costs nothing");
    talk.corrections(bytes(1000));
    let mut seen = std::collections::HashSet::new();
    for request in talk.end() {
        for block in request.first_block..request.first_block + request.blocks {
            assert!(seen.insert((request.key_fingerprint, request.counter, block)), "{request:?}: block {block} twice");
        }
    }
}

#[test]
fn what_waits_for_the_parties_is_bounded() {
    let mut talk = Talk::new(Limits { ahead: 3 * PIECE, ..Limits::default() });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan()) }), Answer::Ready);
    let tape = Request::Tape { set: [1; 16], batch: 60_000 };
    assert!(bytes(60_000) > 10 * PIECE);
    assert_eq!(talk.ask(&tape), Answer::Tape(1));
    talk.corrections(bytes(60_000));
    let whole = {
        let log = talk.log.lock().unwrap();
        let first: std::collections::HashSet<u64> = log[..2].iter().map(|r| r.key_fingerprint).collect();
        log.iter().filter(|r| first.contains(&r.key_fingerprint)).count()
    };
    // the thread stops when four pieces wait
    let mut before = 0;
    loop {
        std::thread::sleep(Duration::from_millis(150));
        let now = talk.log.lock().unwrap().len();
        if now == before {
            break;
        }
        before = now;
    }
    assert!(before > whole && before < whole + whole * 8 / 10, "{whole} requests a tape, {before} in all");
    assert_eq!(talk.ask(&tape), Answer::Tape(2));
    talk.corrections(bytes(60_000));
    talk.end();
}

#[test]
fn nothing_is_dealt_ahead_where_it_is_not_wanted() {
    let mut talk = Talk::new(Limits { ahead: 0, ..Limits::default() });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan()) }), Answer::Ready);
    assert_eq!(talk.ask(&Request::Tape { set: [1; 16], batch: 100 }), Answer::Tape(1));
    talk.corrections(bytes(100));
    std::thread::sleep(Duration::from_millis(50));
    let keys: std::collections::HashSet<u64> = talk.end().iter().map(|r| r.key_fingerprint).collect();
    assert_eq!(keys.len(), 2, "one key a party");
}

#[test]
fn a_tighter_limit_refuses_what_the_parties_would_allow() {
    let mut talk = Talk::new(Limits { elements: 1000, ..Limits::default() });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan()) }), Answer::Ready);
    refused(&talk.ask(&Request::Tape { set: [1; 16], batch: 1000 }), "the batch is too large");
    let wide = trace("W", &[("x", Shape::new([20]))], |g, x| {
        let w = g.parameter("w", [30, 20], crate::graph::Init::Uniform { fan_in: 20 });
        g.linear(x[0], w, None)
    });
    let wide = Plan::new(&wide.unwrap(), &Settings::default()).unwrap();
    assert_eq!(talk.ask(&Request::Weights { set: [2; 16], plan: Box::new(wide.clone()) }), Answer::Ready);
    refused(&talk.ask(&Request::Weights { set: [3; 16], plan: Box::new(wide) }), "at most 1000 weights");
    talk.end();
}

#[test]
fn the_comparisons_of_a_batch_count_against_its_limit() {
    use crate::graph::op::MaxPool;
    // 21 positions: two windows of 20 compare 54 times by groups of 3, level by level in groups of 256
    let graph =
        trace("P", &[("x", Shape::new([1, 21]))], |g, x| g.max_pool(x[0], MaxPool { kernel: [20; 3], stride: [1; 3], padding: [0; 3] }));
    let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    let batch = 1024;
    let steps: usize = plan.steps.iter().map(|s| s.len * batch).sum();
    assert_eq!(plan.elements(batch), steps + 54 * batch);
    let mut talk = Talk::new(Limits { elements: steps + 54 * batch, ahead: 0 });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan.clone()) }), Answer::Ready);
    assert_eq!(talk.ask(&Request::Tape { set: [1; 16], batch: batch as u32 }), Answer::Tape(1));
    talk.corrections(plan.cost(batch).total().corrections as usize);
    talk.end();
    let mut talk = Talk::new(Limits { elements: steps + 54 * batch - 1, ahead: 0 });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan) }), Answer::Ready);
    refused(&talk.ask(&Request::Tape { set: [1; 16], batch: batch as u32 }), "the batch is too large");
    talk.end();
}

#[test]
fn weights_count_as_the_kernels_keep_them() {
    let graph = trace("G", &[("x", Shape::new([64, 3, 3]))], |g, x| {
        let w = g.parameter("w", [32, 2, 3, 3], crate::graph::Init::Constant(0.1));
        g.conv(x[0], w, None, crate::graph::op::Conv { groups: 32, ..crate::graph::op::Conv::PLAIN })
    });
    let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    assert_eq!((plan.weights[0].len, plan.packed_weights()), (576, 2304));
    let mut talk = Talk::new(Limits { elements: 2 * 2304 - 1, ahead: 0 });
    assert_eq!(talk.ask(&Request::Weights { set: [1; 16], plan: Box::new(plan.clone()) }), Answer::Ready);
    refused(&talk.ask(&Request::Weights { set: [2; 16], plan: Box::new(plan) }), "a session keeps at most 4607 weights");
    talk.end();
}

/// Takes everything, and is gone after it was asked so many times.
struct Leaving(std::cell::Cell<usize>);

impl Receiver for &Leaving {
    fn put(&mut self, _: &[u8]) -> bool {
        true
    }

    fn is_gone(&self) -> bool {
        self.0.set(self.0.get().saturating_sub(1));
        self.0.get() == 0
    }
}

#[test]
fn a_product_stops_between_slices_when_its_receiver_has_gone() {
    // one output a sample: no piece is complete before the end
    let (inputs, batch) = (1 << 12, 1 << 12);
    let graph = trace("L", &[("x", Shape::new([inputs]))], |g, x| {
        let w = g.parameter("w", [1, inputs], crate::graph::Init::Uniform { fan_in: inputs });
        g.linear(x[0], w, None)
    });
    let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    let asked = |looks: usize| {
        let (mut keys, log) = (keys(), Log::default());
        for key in &mut keys {
            key.audit(log.clone());
        }
        let masks = WeightMasks::new(&plan, &keys);
        log.lock().unwrap().clear();
        let complete = deal(&plan, &masks, &keys, batch, &Leaving(looks.into()));
        (complete, log.lock().unwrap().len())
    };
    let (complete, all) = asked(usize::MAX);
    assert!(complete && all > 100, "{all}");
    let (complete, some) = asked(6);
    assert!(!complete && some < all / 10, "{some} requests of {all}");
}

/// The corrections of a plan in one piece, and the largest piece.
fn dealt(plan: &Plan, keys: &[Prg], batch: usize) -> (Vec<u8>, usize) {
    let (mut all, mut largest) = (vec![], 0);
    assert!(deal(plan, &WeightMasks::new(plan, keys), keys, batch, |piece: &[u8]| {
        largest = largest.max(piece.len());
        all.extend_from_slice(piece);
        true
    }));
    (all, largest)
}

fn keys() -> Vec<Prg> {
    [1, 2].map(|k| Prg::new(&Key::from_bytes([k; 16]))).into()
}

#[test]
fn products_by_slices_of_the_batch_are_those_of_the_whole_batch() {
    // sizes that do not divide anything, and an odd sample at the end
    let (inputs, outputs, batch) = (7, 5, 40_001);
    let graph = trace("L", &[("x", Shape::new([inputs]))], |g, x| {
        let w = g.parameter("w", [outputs, inputs], crate::graph::Init::Uniform { fan_in: inputs });
        g.linear(x[0], w, None)
    });
    let plan = Plan::new(&graph.unwrap(), &Settings::default()).unwrap();
    let (open, product) = (
        plan.steps.iter().position(|s| matches!(s.kind, Kind::Open(_))).unwrap() as u32,
        plan.steps.iter().position(|s| matches!(s.kind, Kind::Linear { .. })).unwrap(),
    );
    let Kind::Open(opening) = plan.steps[open as usize].kind else { unreachable!() };
    let keys = keys();
    let mut expected = vec![];
    let mut d = Dealing::new(&keys, &mut expected);
    let wire = open::dealt::<u64>(&d, |party| opening.sends(party), open, batch * inputs);
    let mut c = vec![0u64; batch * outputs];
    let conv = Conv::linear(1, inputs, outputs);
    let WeightMasks::Wide(masks) = WeightMasks::new(&plan, &keys) else { unreachable!() };
    accumulate(&conv, batch, &wire, &masks.0[0], &mut c, &mut Scratch::new());
    d.share(undertone_ring::prg::Counter { step: product as u32, field: crate::protocol::field::PRODUCT }, 64, c);
    let (all, _) = dealt(&plan, &keys, batch);
    assert!(all[..expected.len()] == expected);
}

#[test]
fn a_deal_stops_when_nobody_wants_more() {
    let (plan, mut keys, log) = (plan(), keys(), Log::default());
    for key in &mut keys {
        key.audit(log.clone());
    }
    let mut taken = 0;
    let complete = deal(&plan, &WeightMasks::new(&plan, &keys), &keys, 60_000, |piece: &[u8]| {
        taken += piece.len();
        taken < 3 * PIECE
    });
    assert!(!complete);
    assert!((3 * PIECE..4 * PIECE).contains(&taken), "{taken} bytes");
    let until_then = log.lock().unwrap().len();
    assert!(dealt(&plan, &keys, 60_000).1 <= PIECE);
    assert!(log.lock().unwrap().len() > 3 * until_then, "{until_then} requests for a third of the tape");
}

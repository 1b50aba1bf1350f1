//! A world of N parties in lockstep, for tests of one protocol: real dealing, real tapes, messages handed over in memory.

use super::king::{self, Wires};
use super::{Cost, Dealing, Phases, Protocol, Round, Seat, Segment, Tape, padded};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use undertone_ring::Word;
use undertone_ring::prg::{Key, Prg};

/// Parties, their generators and a source of test values.
pub(crate) struct Lockstep {
    pub parties: usize,
    pub keys: Vec<Prg>,
    pub rng: StdRng,
    /// The corrections of the last deal.
    pub corrections: Vec<u8>,
    /// Bytes that each party sent to each peer.
    pub sent: Vec<usize>,
    pub rounds: usize,
    /// What party 0 sent, round by round.
    pub transcript: Vec<Vec<u8>>,
    /// What each party sent, round by round.
    pub messages: Vec<Vec<Vec<u8>>>,
}

/// Runs `phases` of all parties to the end.
pub(crate) type Party<'a, W = u64> = Box<dyn Phases<W> + 'a>;

impl Lockstep {
    pub(crate) fn new(parties: usize, seed: u64) -> Self {
        println!("{parties} parties, seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let keys = (0..parties).map(|_| Prg::new(&Key::from_bytes(rng.random()))).collect();
        Self { parties, keys, rng, corrections: vec![], sent: vec![0; parties], rounds: 0, transcript: vec![], messages: vec![] }
    }

    pub(crate) fn seat(&self, party: usize) -> Seat {
        Seat { party, parties: self.parties }
    }

    pub(crate) fn deal(&mut self, deal: impl FnOnce(&mut Dealing<'_>)) {
        self.corrections.clear();
        deal(&mut Dealing::new(&self.keys, &mut self.corrections));
    }

    /// Expands every party's material and checks that the tape is used up exactly.
    pub(crate) fn expand<M>(&self, expand: impl Fn(&mut Tape<'_>) -> Result<M, super::TapeError>) -> Vec<M> {
        (0..self.parties)
            .map(|i| {
                let mut tape = Tape::new(&self.keys[i], (i + 1 == self.parties).then_some(&self.corrections));
                let material = expand(&mut tape).expect("the dealer wrote enough");
                tape.finish().expect("every correction is used");
                material
            })
            .collect()
    }

    /// The same in words of any size.
    pub(crate) fn share_in<W: Word>(&mut self, values: &[i64]) -> Vec<Vec<W>> {
        let narrow = |share: Vec<u64>| share.into_iter().map(W::from_u64).collect();
        self.share(values).into_iter().map(narrow).collect()
    }

    /// Random shares of `values` mod 2^64 (also right for any smaller ring), padded to whole groups; every ninth element has extreme shares.
    pub(crate) fn share(&mut self, values: &[i64]) -> Vec<Vec<u64>> {
        const EXTREME: [u64; 6] = [0, 1, 1 << 63, u64::MAX, 1 << 16, (1 << 63) - 1];
        let len = padded(values.len());
        let mut shares = vec![vec![0u64; len]; self.parties];
        for k in 0..len {
            let mut rest = values.get(k).copied().unwrap_or(0) as u64;
            for share in &mut shares[1..] {
                share[k] = if k % 9 == 0 { EXTREME[k / 9 % 6] } else { self.rng.random() };
                rest = rest.wrapping_sub(share[k]);
            }
            shares[0][k] = rest;
        }
        shares
    }

    pub(crate) fn run<W: Word>(&mut self, mut parties: Vec<Party<'_, W>>, len: usize) -> Vec<Vec<W>> {
        let rounds = parties[0].rounds();
        let mut results = vec![vec![W::from_u64(0); len]; self.parties];
        let mut last: Vec<Vec<u8>> = vec![vec![]; self.parties];
        for k in 0..=rounds {
            let mut next = vec![vec![]; self.parties];
            for (i, party) in parties.iter_mut().enumerate() {
                let peers: Vec<Vec<u8>> = (0..self.parties).filter(|j| *j != i).map(|j| last[j].clone()).collect();
                let round = if k == 0 { Round::NONE } else { Round { own: &last[i], peers: &peers } };
                party.phase(k, round, &mut next[i], &mut results[i]);
            }
            assert!(next.iter().all(|m| m.len() == next[0].len()), "all parties send messages of one length");
            assert_eq!(k == rounds, next[0].is_empty(), "phase {k} of {rounds}");
            if k < rounds {
                self.rounds += 1;
                self.transcript.push(next[0].clone());
                self.messages.push(next.clone());
                self.sent.iter_mut().zip(&next).for_each(|(s, m)| *s += m.len());
            }
            last = next;
        }
        results
    }
}

impl Lockstep {
    /// Deals a protocol, runs it on the parties' shares and moves its messages as `wires` says, block by block where they go through kings. It takes what `wires`
    /// says that it costs.
    pub(crate) fn protocol<W: Word>(&mut self, protocol: &dyn Protocol<W>, wires: Wires, z: &[Vec<W>], results: usize) -> Vec<Vec<W>> {
        let (step, parties) = (11, self.parties);
        self.deal(|d| protocol.deal(d, step));
        let correlations = self.expand(|tape| protocol.expand(tape, step));
        let mut phases: Vec<Party<'_, W>> = (0..parties).map(|i| correlations[i].run(self.seat(i), &z[i])).collect();
        let (traffic, mut cost) = (protocol.traffic(), Cost { corrections: self.corrections.len() as u64, ..Cost::default() });
        assert_eq!(traffic.rounds.len(), phases[0].rounds());
        let mut sent = vec![0; parties];
        let mut received: Vec<(Vec<u8>, Vec<Vec<u8>>)> = vec![(vec![], vec![]); parties];
        let mut all = vec![vec![W::from_u64(0); results]; parties];
        for k in 0..=traffic.rounds.len() {
            let mut next = vec![vec![]; parties];
            for (i, phases) in phases.iter_mut().enumerate() {
                let (own, peers) = &received[i];
                let round = if k == 0 { Round::NONE } else { Round { own, peers } };
                phases.phase(k, round, &mut next[i], &mut all[i]);
            }
            let Some(message) = traffic.rounds.get(k) else { break };
            assert!(next.iter().all(|m| m.len() == king::length(message)), "round {k} is as long as was said");
            self.messages.push(next.clone());
            cost.rounds += if wires.kings(message) { 2 } else { 1 };
            received = if wires.kings(message) { through_kings(message, &next, &mut sent) } else { to_everybody(&next, &mut sent) };
        }
        cost += Cost::messages(0, parties, |i| sent[i]);
        assert_eq!(cost, wires.cost(&traffic), "{parties} parties");
        all
    }
}

/// Every message to every peer: what each party then has.
fn to_everybody(messages: &[Vec<u8>], sent: &mut [u64]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let peers = |i: usize| messages.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, m)| m.clone()).collect();
    for sent in sent {
        *sent += (messages[0].len() * (messages.len() - 1)) as u64;
    }
    (0..messages.len()).map(|i| (messages[i].clone(), peers(i))).collect()
}

/// Every block to its king, and the sum of it back: each party then has the sum of all messages and none of them.
fn through_kings(message: &[Segment], messages: &[Vec<u8>], sent: &mut [u64]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let parties = messages.len();
    let mut whole = vec![0; messages[0].len()];
    for ruler in 0..parties {
        let block = king::block(message, parties, ruler);
        let mut sum = vec![];
        king::cut(&block, &messages[ruler], &mut sum);
        for i in (0..parties).filter(|i| *i != ruler) {
            let mut part = vec![];
            king::cut(&block, &messages[i], &mut part);
            sent[i] += part.len() as u64;
            king::add(&block, &mut sum, &part);
        }
        sent[ruler] += (sum.len() * (parties - 1)) as u64;
        king::paste(&block, &sum, &mut whole);
    }
    vec![(whole, vec![]); parties]
}

/// The values that shares stand for, signed, mod 2^n.
pub(crate) fn reveal<W: Word>(shares: &[Vec<W>], n: u32) -> Vec<i64> {
    (0..shares[0].len())
        .map(|k| {
            let sum = shares.iter().fold(0u64, |s, share| s.wrapping_add(share[k].to_u64()));
            ((sum << (64 - n)) as i64) >> (64 - n)
        })
        .collect()
}

/// Values with t bits more than what is looked at: both ends of a range up to `reach`, three units around each threshold, values of every size and of either sign, and a
/// dense grid around 0 at f fraction bits, with every kind of fraction.
pub(crate) fn cases(world: &mut Lockstep, t: u32, reach: i64, f: u32, thresholds: &[i64]) -> Vec<i64> {
    // what rounding adds must stay inside
    let edge = reach - world.parties as i64;
    let near = thresholds.iter().flat_map(|p| (p - 3)..=(p + 3));
    let grid = (-1500..1500).map(|k| k * (12i64 << f) / 1500);
    let ends = [-edge, 1 - edge, edge / 2, edge - 1, edge, 0, 1, -1];
    let mut y: Vec<i64> = near.chain(grid).chain(ends).collect();
    y.extend((0..1500).map(|k| (1i64 << (k % 34)) + world.rng.random_range(0..1i64 << (k % 34))));
    y.extend((0..500).map(|_| world.rng.random_range(-edge..=edge)));
    y.retain(|y| (-edge..=edge).contains(y));
    let one = 1i64 << t;
    let fractions = if t == 0 { vec![0] } else { vec![0, 1, one - 1] };
    y.iter().enumerate().map(|(k, y)| y * one + fractions[k % fractions.len()]).collect()
}

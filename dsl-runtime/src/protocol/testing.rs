//! A world of N parties in lockstep, for tests of one protocol: real dealing, real tapes, messages handed over in memory.

use super::{Dealing, Phases, Round, Seat, Tape, padded};
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
}

/// Runs `phases` of all parties to the end.
pub(crate) type Party<'a, W = u64> = Box<dyn Phases<W> + 'a>;

impl Lockstep {
    pub(crate) fn new(parties: usize, seed: u64) -> Self {
        println!("{parties} parties, seed {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let keys = (0..parties).map(|_| Prg::new(&Key::from_bytes(rng.random()))).collect();
        Self { parties, keys, rng, corrections: vec![], sent: vec![0; parties], rounds: 0, transcript: vec![] }
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
                self.sent.iter_mut().zip(&next).for_each(|(s, m)| *s += m.len());
            }
            last = next;
        }
        results
    }
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

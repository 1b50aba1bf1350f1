//! One exchange of several steps: what they send goes together, in the order of the steps.
//!
//! To each party goes one message with the parts of all steps that send it something, and each part is as long as the plan says, so both ends know where the next one
//! begins. Where a step's message goes through kings, its blocks travel with the other steps' messages, and the sums in a second exchange. Clients get a message a step,
//! since they read the releases one by one.
//!
//! Who sends to whom follows from the plan, so all parties know whether any two have something for each other: only then does everybody send and receive at once, with
//! empty messages where there is nothing. Otherwise a party that has nothing to receive does not wait.

use super::Session;
use crate::error::Result;
use crate::protocol::king::{Block, add, block, block_length, cut, paste};
use crate::protocol::{Round, Segment};

/// How the message of a step travels.
pub(super) enum Way {
    /// From everybody to everybody.
    All,
    /// The same, block by block through kings.
    Kings(Vec<Segment>),
    /// From some parties to some endpoints.
    Some {
        /// The parties that send.
        from: Vec<usize>,
        /// The parties and clients that receive.
        to: Vec<usize>,
    },
}

/// A step's messages of two rounds, reused.
#[derive(Default)]
pub(super) struct Mail {
    /// What this party sent; after kings, the sum of all.
    own: Vec<u8>,
    /// What the peers sent, in the order of their indices; empty where one did not.
    peers: Vec<Vec<u8>>,
    next: Vec<u8>,
    /// Whether `own` is the sum of all.
    summed: bool,
}

/// What each party is king of, for each step whose message goes through kings.
type Blocks = Vec<Block>;

impl Way {
    /// Whether anything goes from one party to an endpoint.
    fn goes(&self, from: usize, to: usize) -> bool {
        let some = match self {
            Way::All | Way::Kings(_) => true,
            Way::Some { from: senders, to: receivers } => senders.contains(&from) && receivers.contains(&to),
        };
        some && from != to
    }
}

impl Mail {
    /// Runs a phase on what was exchanged, which is nothing before the first: it appends what is sent next.
    pub(super) fn phase(&mut self, first: bool, phase: impl FnOnce(Round<'_>, &mut Vec<u8>)) {
        self.next.clear();
        let peers: &[Vec<u8>] = if self.summed { &[] } else { &self.peers };
        phase(if first { Round::NONE } else { Round { own: &self.own, peers } }, &mut self.next);
        core::mem::swap(&mut self.own, &mut self.next);
    }

    /// For a new step, among so many parties.
    pub(super) fn cleared(mut self, parties: usize) -> Self {
        self.own.clear();
        self.peers.resize_with(parties - 1, Vec::new);
        self.summed = false;
        self
    }

    /// The length of this step's part from one party to another.
    fn part(&self, way: &Way, blocks: &[Block], from: usize, to: usize) -> usize {
        match way {
            Way::Kings(_) if from != to => block_length(&blocks[to]),
            way if way.goes(from, to) => self.own.len(),
            _ => 0,
        }
    }
}

impl Session {
    /// One exchange of the messages of several steps, in order. What each of them got is in its mail; returns the rounds, and the bytes that this party sent of each.
    pub(super) fn post(&mut self, stage: &str, all: &mut [(&mut Mail, Way)]) -> Result<(u64, Vec<u64>)> {
        let (me, parties) = (self.seat()?.party, self.table.parties);
        for (mail, way) in all.iter_mut() {
            mail.summed = matches!(way, Way::Kings(_));
        }
        if let [(mail, Way::All)] = all {
            self.links.exchange(&mail.own, &mut mail.peers, stage)?;
            return Ok((1, vec![(mail.own.len() * (parties - 1)) as u64]));
        }
        let blocks: Vec<Blocks> = all.iter().map(|(_, way)| blocks(way, parties)).collect();
        let mut sums = self.first_exchange(stage, me, all, &blocks)?;
        let kings = all.iter().any(|(mail, _)| mail.summed);
        if kings {
            self.second_exchange(stage, me, all, &blocks, &mut sums)?;
        }
        let mut sent = vec![];
        for ((mail, way), blocks) in all.iter().zip(&blocks) {
            let n = mail.own.len();
            sent.push(match way {
                Way::All => n * (parties - 1),
                Way::Kings(_) => n - block_length(&blocks[me]) + (parties - 1) * block_length(&blocks[me]),
                Way::Some { from, to } if from.contains(&me) => {
                    for client in to.iter().filter(|endpoint| **endpoint >= parties) {
                        self.links.send(*client, &mail.own, stage)?;
                    }
                    n * to.iter().filter(|endpoint| **endpoint != me).count()
                }
                Way::Some { .. } => 0,
            } as u64);
        }
        Ok((1 + u64::from(kings), sent))
    }

    /// Messages to parties, and blocks to their kings. Returns the block that this party has put together, for each step.
    fn first_exchange(&mut self, stage: &str, me: usize, all: &mut [(&mut Mail, Way)], blocks: &[Blocks]) -> Result<Vec<Vec<u8>>> {
        let parties = self.table.parties;
        let goes = |from: usize, to: usize| all.iter().any(|(_, way)| way.goes(from, to));
        let both = (0..parties).any(|p| (0..p).any(|q| goes(p, q) && goes(q, p)));
        let to_me: Vec<bool> = (0..parties).map(|p| goes(p, me)).collect();
        let from_me: Vec<bool> = (0..parties).map(|p| goes(me, p)).collect();
        let expected = |p: usize| all.iter().zip(blocks).map(|((mail, way), blocks)| mail.part(way, blocks, p, me)).sum::<usize>();
        let expected: Vec<usize> = (0..parties).map(expected).collect();
        let mut own = core::mem::take(&mut self.posts);
        own.resize_with(parties, Vec::new);
        for (p, out) in own.iter_mut().enumerate() {
            out.clear();
            for ((mail, way), blocks) in all.iter().zip(blocks) {
                match way {
                    // this party's own place holds nothing
                    Way::Kings(_) if p != me => cut(&blocks[p], &mail.own, out),
                    way if way.goes(me, p) => out.extend_from_slice(&mail.own),
                    _ => {}
                }
            }
        }
        // what is received takes the place of what was there
        let silent = (0..parties).filter(|p| *p != me && !both && !to_me[*p]);
        silent.for_each(|p| self.peers[p - usize::from(p > me)].clear());
        if both {
            self.links.exchange_each(&|p| &own[p], &|p| expected[p], &mut self.peers, stage)?;
        } else {
            for p in (0..parties).filter(|p| from_me[*p]) {
                self.links.send(p, &own[p], stage)?;
            }
            for p in (0..parties).filter(|p| to_me[*p]) {
                self.links.receive_exactly(p, expected[p], &mut self.peers[p - usize::from(p > me)], stage)?;
            }
        }
        self.posts = own;
        if let [(mail, Way::Some { .. })] = all {
            core::mem::swap(&mut mail.peers, &mut self.peers);
            return Ok(vec![vec![]]);
        }
        let mut sums = vec![];
        let mut at = vec![0; self.peers.len()];
        for ((mail, way), blocks) in all.iter_mut().zip(blocks) {
            let mut sum = vec![];
            if mail.summed {
                cut(&blocks[me], &mail.own, &mut sum);
            }
            for (k, from) in (0..parties).filter(|p| *p != me).enumerate() {
                let n = mail.part(way, blocks, from, me);
                let bytes = &self.peers[k][at[k]..at[k] + n];
                at[k] += n;
                if mail.summed {
                    add(&blocks[me], &mut sum, bytes);
                } else {
                    mail.peers[k].clear();
                    mail.peers[k].extend_from_slice(bytes);
                }
            }
            sums.push(sum);
        }
        Ok(sums)
    }

    /// The kings' blocks to everybody: what went through kings is the sum of all.
    fn second_exchange(
        &mut self,
        stage: &str,
        me: usize,
        all: &mut [(&mut Mail, Way)],
        blocks: &[Blocks],
        sums: &mut [Vec<u8>],
    ) -> Result<()> {
        let own = sums.concat();
        let expected = |king: usize| blocks.iter().filter_map(|blocks| blocks.get(king)).map(block_length).sum::<usize>();
        self.links.exchange_each(&|_| &own, &expected, &mut self.peers, stage)?;
        let mut at = vec![0; self.peers.len()];
        for ((mail, _), (blocks, sum)) in all.iter_mut().zip(blocks.iter().zip(sums)).filter(|(_, (blocks, _))| !blocks.is_empty()) {
            paste(&blocks[me], sum, &mut mail.own);
            for (k, king) in (0..self.table.parties).filter(|p| *p != me).enumerate() {
                let n = block_length(&blocks[king]);
                paste(&blocks[king], &self.peers[k][at[k]..at[k] + n], &mut mail.own);
                at[k] += n;
            }
        }
        Ok(())
    }
}

fn blocks(way: &Way, parties: usize) -> Blocks {
    match way {
        Way::Kings(message) => (0..parties).map(|king| block(message, parties, king)).collect(),
        _ => vec![],
    }
}

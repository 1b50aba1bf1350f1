//! Where a party's correlated randomness comes from: a dealer on a link of its own, or tapes on disk. The session asks for keys, claims tapes and reads corrections
//! in the order of the plan's steps; it never knows which of the two it is.

use super::links::Links;
use crate::entropy::{Purpose, Seed};
use crate::error::{Error, Result};
use crate::net::Transport;
use crate::plan::Plan;
use crate::wire::{Answer, Request, VERSION, Welcome};
use undertone_ring::prg::Key;
use zeroize::Zeroize;

/// A source of tapes for one party.
pub(crate) trait Source: Send {
    /// Which dealing this is: tapes of different dealings do not fit together.
    fn dealing(&self) -> [u8; 16];

    /// The weight-set id that all tapes were made for, where they were made before the weights were known.
    fn set(&self) -> Option<[u8; 16]>;

    /// The highest tape id that was ever claimed here.
    fn claimed(&self) -> u64;

    /// Makes the masks of a new set of weights available; refuses early what could not be dealt for this batch anyway.
    fn weights(&mut self, set: [u8; 16], plan: &Plan, batch: usize) -> Result<()>;

    /// The digest that the set of weights of these tapes is tied to, if it is remembered.
    fn bound(&self) -> Result<Option<[u8; 32]>>;

    /// Ties a set of weights to what its owner is about to send under the masks of its id, for ever: any other digest under the same id is refused. `claimed` is, with
    /// the owner, the highest tape that anybody has claimed: above 0, weights were sent before, and must be known here. 0 with all others.
    fn bind(&mut self, set: [u8; 16], digest: [u8; 32], claimed: u64) -> Result<()>;

    /// Claims a tape for `batch` samples, for ever, with an id above `above`, before the first byte of it is used; returns its id.
    fn tape(&mut self, set: [u8; 16], plan: &Plan, batch: usize, above: u64) -> Result<u64>;

    /// The key of this party for a purpose and an id.
    fn key(&self, purpose: Purpose, id: &[u8; 16]) -> Key;

    /// The next `len` bytes of corrections of the tape that was claimed last, which is read from its first byte to its last, and no faster than it is asked for.
    fn corrections(&mut self, len: usize) -> Result<&[u8]>;

    /// Ends the tape that was claimed last: everything in it was read, and it is what was written.
    fn finish(&mut self) -> Result<()>;
}

/// A dealer that answers while the parties run.
pub(crate) struct Live {
    links: Links,
    dealer: usize,
    dealing: [u8; 16],
    seed: Seed,
    highest: u64,
    /// What came last, and how much of it was read.
    piece: Vec<u8>,
    read: usize,
    /// The memory of what does not come in one piece.
    more: Vec<u8>,
}

impl Live {
    /// Hears the dealer's welcome on a link whose endpoint `parties` is the dealer.
    pub(crate) fn connect(party: usize, parties: usize, names: &[String], transport: Box<dyn Transport>) -> Result<Self> {
        let mut links = Links::new(party, names, transport);
        let mut welcome: Welcome = links.receive(parties, "connect")?;
        let seed = Seed::from_bytes(welcome.seed);
        welcome.seed.zeroize();
        if welcome.version != VERSION || welcome.parties as usize != parties {
            let (version, count) = (welcome.version, welcome.parties);
            let message = format!("it has version {version} for {count} parties; this is version {VERSION} for {parties}");
            return Err(links.differs(parties, message));
        }
        Ok(Self { links, dealer: parties, dealing: welcome.dealing, seed, highest: 0, piece: vec![], read: 0, more: vec![] })
    }

    /// Asks the dealer for something; all parties ask the same.
    fn ask(&mut self, request: &Request) -> Result<Answer> {
        self.links.send(self.dealer, &crate::wire::encode(request), "dealer")?;
        match self.links.receive(self.dealer, "dealer")? {
            Answer::Refused(message) => Err(self.links.failed("dealer", format!("the dealer refuses: {message}"))),
            Answer::Left(party) => Err(self.links.gone(party as usize, "dealer")),
            answer => Ok(answer),
        }
    }

    fn unexpected(&self, answer: &Answer) -> Error {
        self.links.failed("dealer", format!("the dealer answers {answer:?}"))
    }
}

impl Source for Live {
    fn dealing(&self) -> [u8; 16] {
        self.dealing
    }

    fn set(&self) -> Option<[u8; 16]> {
        None
    }

    fn claimed(&self) -> u64 {
        self.highest
    }

    fn weights(&mut self, set: [u8; 16], plan: &Plan, _: usize) -> Result<()> {
        match self.ask(&Request::Weights { set, plan: Box::new(plan.clone()) })? {
            Answer::Ready => Ok(()),
            other => Err(self.unexpected(&other)),
        }
    }

    fn bound(&self) -> Result<Option<[u8; 32]>> {
        Ok(None)
    }

    /// The dealer's seeds are fresh for each session, and it refuses an id that it has seen: nothing has to be remembered.
    fn bind(&mut self, _: [u8; 16], _: [u8; 32], _: u64) -> Result<()> {
        Ok(())
    }

    fn tape(&mut self, set: [u8; 16], _: &Plan, batch: usize, above: u64) -> Result<u64> {
        let tape = match self.ask(&Request::Tape { set, batch: batch as u32 })? {
            Answer::Tape(tape) => tape,
            other => return Err(self.unexpected(&other)),
        };
        let used = self.highest.max(above);
        if tape <= used {
            return Err(self.links.failed("dealer", format!("the dealer offers tape {tape}, but tape {used} was used already")));
        }
        self.highest = tape;
        self.piece.clear();
        self.read = 0;
        Ok(tape)
    }

    fn key(&self, purpose: Purpose, id: &[u8; 16]) -> Key {
        self.seed.key(purpose, id)
    }

    /// The dealer's pieces are whole parts of a step: what is asked for is nearly always within one of them.
    fn corrections(&mut self, len: usize) -> Result<&[u8]> {
        while self.piece.len() - self.read < len {
            // the next piece takes the place of one that was read to its end, and else comes behind what is left
            let all_read = self.piece.len() == self.read;
            let to = if all_read { &mut self.piece } else { &mut self.more };
            let received = self.links.receive_bytes(self.dealer, crate::wire::PIECE, to, "tape");
            if received.is_err() || to.is_empty() {
                // nothing of what may be half there is ever read
                to.clear();
                self.read = if all_read { 0 } else { self.read };
                received?;
                return Err(self.links.failed("tape", "the dealer sent an empty piece of a tape".into()));
            }
            if !all_read {
                self.piece.drain(..self.read);
                self.piece.extend_from_slice(&self.more);
            }
            self.read = 0;
        }
        let from = self.read;
        self.read += len;
        Ok(&self.piece[from..self.read])
    }

    fn finish(&mut self) -> Result<()> {
        match self.piece.len() - self.read {
            0 => Ok(()),
            more => Err(self.links.failed("tape", format!("the dealer sent {more} bytes more than the plan needs"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::network;
    use crate::wire::encode;

    /// A party whose dealer has already said all this.
    fn with(messages: &[Vec<u8>]) -> (Live, crate::net::Memory) {
        let mut links = network(3);
        let (mut dealer, party) = (links.remove(2), links.remove(1));
        let welcome = Welcome { version: VERSION, parties: 2, dealing: [3; 16], seed: [1; 16] };
        for message in [encode(&welcome)].iter().chain(messages) {
            dealer.send(1, message).unwrap();
        }
        let names = ["party 0", "party 1", "the dealer"].map(str::to_owned);
        (Live::connect(1, 2, &names, Box::new(party)).unwrap(), dealer)
    }

    fn plan() -> Plan {
        let graph = crate::graph::trace("M", &[("x", undertone_shape::Shape::new([4]))], |g, x| g.relu(x[0])).unwrap();
        Plan::new(&graph, &crate::plan::Settings::default()).unwrap()
    }

    #[test]
    fn a_tape_that_is_not_above_all_earlier_ones_is_refused() {
        let offers: Vec<Vec<u8>> = [5, 5, 4, 6, 7].map(|id| encode(&Answer::Tape(id))).into();
        let (mut live, _dealer) = with(&offers);
        assert_eq!(live.tape([0; 16], &plan(), 1, 0), Ok(5));
        for old in [5, 4] {
            let error = live.tape([0; 16], &plan(), 1, 0).unwrap_err().to_string();
            assert!(error.contains(&format!("offers tape {old}, but tape 5 was used")), "{error}");
        }
        let error = live.tape([0; 16], &plan(), 1, 6).unwrap_err().to_string();
        assert!(error.contains("offers tape 6, but tape 6 was used"), "a peer has used it: {error}");
        assert_eq!((live.tape([0; 16], &plan(), 1, 6), live.claimed()), (Ok(7), 7));
    }

    #[test]
    fn corrections_come_in_pieces_of_any_size_and_none_is_left_over() {
        let (mut live, mut dealer) = with(&[vec![1, 2, 3], vec![4], vec![5, 6, 7, 8]]);
        assert_eq!(live.corrections(2), Ok(&[1, 2][..]));
        assert_eq!(live.corrections(4), Ok(&[3, 4, 5, 6][..]));
        assert!(live.finish().unwrap_err().to_string().contains("2 bytes more than the plan needs"));
        assert_eq!(live.corrections(2), Ok(&[7, 8][..]));
        assert_eq!(live.corrections(0), Ok(&[][..]));
        assert_eq!(live.finish(), Ok(()));
        dealer.send(1, &[]).unwrap();
        assert!(live.corrections(1).unwrap_err().to_string().contains("an empty piece"));
    }
}

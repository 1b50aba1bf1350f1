//! One party's side of a computation.

use super::handshake::{self, link, receive};
use super::pool::Pool;
use crate::entropy::{Entropy, Purpose, Seed};
use crate::error::{Error, Result};
use crate::net::Transport;
use crate::protocol::Seat;
use crate::wire::{Answer, Request, VERSION, Welcome, encode};
use undertone_ring::prg::Prg;
use zeroize::Zeroize;

/// One party's side of a computation with its peers and a dealer: connected once, used for many runs of several models.
pub struct Session {
    pub(super) seat: Seat,
    /// Gone after the first error: a session that failed is never resumed, and its peers notice.
    transport: Option<Box<dyn Transport>>,
    /// Told apart from every other session, so that what was prepared in one is never run in another.
    pub(super) id: [u8; 16],
    /// What this party's tape keys and weight masks are derived from; the dealer has it too.
    seed: Seed,
    /// What this party has in common with each peer; the dealer does not have it.
    pairs: Vec<Option<Seed>>,
    pub(super) entropy: Entropy,
    /// Runs that were started.
    pub(super) runs: u64,
    /// The highest tape id that was claimed; no lower one is accepted.
    highest_tape: u64,
    /// What the peers sent in the last round.
    pub(super) peers: Vec<Vec<u8>>,
    pub(super) record: bool,
    /// Memory of earlier values, used again.
    pub(super) spare: Pool,
    prepare: Box<dyn FnMut(&mut Prg) + Send>,
}

impl Session {
    /// Connects party `party` of `parties`; the dealer is the endpoint after the last party.
    ///
    /// # Errors
    /// When a peer or the dealer is gone, or has another version or place.
    pub fn connect(party: usize, parties: usize, transport: Box<dyn Transport>) -> Result<Self> {
        Self::connect_with(party, parties, transport, Entropy::System, Box::new(|_| {}))
    }

    pub(super) fn connect_with(
        party: usize,
        parties: usize,
        mut transport: Box<dyn Transport>,
        mut entropy: Entropy,
        prepare: Box<dyn FnMut(&mut Prg) + Send>,
    ) -> Result<Self> {
        let seat = Seat { party, parties };
        if party >= parties || parties < 2 {
            return Err(Error::Peer { party, during: "connect".into(), message: format!("there is no party {party} among {parties}") });
        }
        let pairs = handshake::connect(seat, transport.as_mut(), || entropy.seed())?;
        let mut welcome: Welcome = receive(seat, transport.as_mut(), parties, "connect")?;
        let seed = Seed::from_bytes(welcome.seed);
        welcome.seed.zeroize();
        if welcome.version != VERSION || welcome.parties as usize != parties {
            let message = format!(
                "the dealer has version {} for {} parties; this is version {VERSION} for {parties}",
                welcome.version, welcome.parties
            );
            return Err(Error::Disagreement { party, peer: parties, message });
        }
        Ok(Self {
            seat,
            transport: Some(transport),
            id: entropy.bytes()?,
            seed,
            pairs,
            entropy,
            runs: 0,
            highest_tape: 0,
            peers: vec![Vec::new(); parties - 1],
            record: false,
            spare: Pool::default(),
            prepare,
        })
    }

    /// The index of this party.
    pub fn party(&self) -> usize {
        self.seat.party
    }

    /// Asks the dealer for something; all parties ask the same.
    pub(super) fn ask(&mut self, request: &Request) -> Result<Answer> {
        let (seat, dealer) = (self.seat, self.seat.parties);
        let transport = self.transport()?;
        transport.send(dealer, &encode(request)).map_err(|e| link(seat, "dealer", e))?;
        match receive(seat, transport, dealer, "dealer")? {
            Answer::Refused(message) => {
                Err(Error::Peer { party: self.seat.party, during: "dealer".into(), message: format!("the dealer refuses: {message}") })
            }
            answer => Ok(answer),
        }
    }

    /// Claims a tape, for ever: an id that is not above all earlier ones is refused.
    pub(super) fn claim(&mut self, tape: u64) -> Result<()> {
        if tape <= self.highest_tape {
            let message = format!("the dealer offers tape {tape}, but tape {} was used already", self.highest_tape);
            return Err(Error::Peer { party: self.seat.party, during: "dealer".into(), message });
        }
        self.highest_tape = tape;
        Ok(())
    }

    /// The generator for one purpose and one id.
    pub(super) fn key(&mut self, purpose: Purpose, id: &[u8; 16]) -> Prg {
        let mut key = Prg::new(&self.seed.key(purpose, id));
        (self.prepare)(&mut key);
        key
    }

    /// The generators of this run's zero sharings, one a peer.
    pub(super) fn zero_keys(&mut self, run: u64) -> Vec<Option<Prg>> {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&run.to_le_bytes());
        let mut keys: Vec<Option<Prg>> =
            self.pairs.iter().map(|seed| seed.as_ref().map(|s| Prg::new(&s.key(Purpose::Zero, &id)))).collect();
        keys.iter_mut().flatten().for_each(|key| (self.prepare)(key));
        keys
    }

    /// One round: sends `own` to every peer, leaves their messages in `self.peers`.
    pub(super) fn exchange(&mut self, during: &str, own: &[u8]) -> Result<()> {
        let seat = self.seat;
        let mut peers = core::mem::take(&mut self.peers);
        let result = self.transport().and_then(|t| t.exchange(seat.party, own, &mut peers).map_err(|e| link(seat, during, e)));
        self.peers = peers;
        result
    }

    /// Compares a number with all peers.
    pub(super) fn same_everywhere(&mut self, what: &str, mine: u64) -> Result<()> {
        self.exchange(what, &mine.to_le_bytes())?;
        match self.peers.iter().position(|theirs| *theirs != mine.to_le_bytes()) {
            None => Ok(()),
            Some(k) => {
                let peer = k + usize::from(k >= self.seat.party);
                let message = format!(
                    "{what} {mine} starts here, another one there: both must be connected to one dealer and start runs in one order"
                );
                Err(Error::Disagreement { party: self.seat.party, peer, message })
            }
        }
    }

    /// The links, unless the session has failed.
    pub(super) fn transport(&mut self) -> Result<&mut dyn Transport> {
        match &mut self.transport {
            Some(transport) => Ok(transport.as_mut()),
            None => {
                Err(Error::Peer { party: self.seat.party, during: "session".into(), message: "it has failed before: connect again".into() })
            }
        }
    }

    /// Runs a part of the session; an error ends the session and closes its links, so that the peers notice at once.
    pub(super) fn guarded<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = body(self);
        if result.is_err() {
            self.transport = None;
        }
        result
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Session[party {} of {}, {} runs]", self.seat.party, self.seat.parties, self.runs)
    }
}

#[cfg(test)]
mod tests {
    use crate::party::World;

    #[test]
    fn a_tape_that_is_not_above_all_earlier_ones_is_refused() {
        World::two_party()
            .execute(|session| {
                session.claim(5)?;
                for old in [5, 4, 0] {
                    let error = session.claim(old).unwrap_err().to_string();
                    assert!(error.contains(&format!("offers tape {old}, but tape 5 was used")), "{error}");
                }
                session.claim(6)
            })
            .unwrap();
    }

    #[test]
    fn a_party_beyond_the_last_one_is_refused() {
        for (party, parties) in [(2, 2), (0, 1), (0, 0)] {
            let link = crate::net::network(3).remove(0);
            let error = super::Session::connect(party, parties, Box::new(link)).unwrap_err().to_string();
            assert!(error.contains("there is no party"), "{error}");
        }
    }

    #[test]
    fn numbers_that_differ_between_the_parties_are_named() {
        let results = World::two_party()
            .execute(|session| Ok(session.same_everywhere("run", session.party() as u64).unwrap_err().to_string()))
            .unwrap();
        assert!(results[0].contains("run 0 starts here, another one there"), "{}", results[0]);
    }
}

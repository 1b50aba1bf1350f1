//! One endpoint's side of a computation.

use super::handshake::{self, Table};
use super::kept::Memory;
use super::links::{self, Links};
use super::source::{Live, Source};
use super::third::Third;
use crate::entropy::{Entropy, Purpose, Seed};
use crate::error::{Error, Result};
use crate::graph::Graph;
use crate::net::Transport;
use crate::plan::{Deployment, Place, Plan, Settings};
use crate::protocol::Seat;
use crate::tapes::Folder;
use crate::topology::Topology;
use std::collections::HashMap;
use std::sync::Arc;
use undertone_ring::prg::{Key, Prg};
use undertone_ring::threads::Threads;

/// One endpoint's side of a computation: connected once, used for many runs of several models.
pub struct Session {
    pub(super) place: Place,
    pub(super) table: Table,
    pub(super) links: Links,
    /// The lanes of three parties of which one deals; nothing where a dealer takes no other part.
    pub(super) third: Option<Box<Third>>,
    /// Where correlations come from; a client needs none.
    source: Option<Box<dyn Source>>,
    /// Told apart from every other session, so that what was prepared in one is never run in another.
    pub(super) id: [u8; 16],
    /// What this party has in common with each peer; the dealer does not have it.
    pairs: Vec<Option<Seed>>,
    pub(super) entropy: Entropy,
    /// Runs that were started.
    pub(super) runs: u64,
    /// Weight sets and memory of earlier values.
    pub(super) memory: Memory,
    /// What goes to each party in an exchange of several steps; its memory is used again.
    pub(super) posts: Vec<Vec<u8>>,
    /// What shares the work of this party's products.
    pub(super) threads: Threads,
    /// The ids of this endpoint's own weights, by plan and fingerprint.
    pub(super) own: HashMap<([u8; 32], [u8; 32]), [u8; 16]>,
    pub(super) settings: Settings,
    pub(super) deployment: Deployment,
    /// Plans that were made, each with the graph that it was made of.
    pub(super) plans: Vec<(Graph, Arc<Plan>)>,
    /// What the peers sent in the last round.
    pub(super) peers: Vec<Vec<u8>>,
    pub(super) record: bool,
    /// Whether whole runs unpack their tapes as they go.
    pub(super) stream: bool,
    prepare: Prepare,
}

/// Sees every generator before it is used.
pub(crate) type Prepare = Box<dyn FnMut(&mut Prg) + Send>;

/// What a session is made of.
pub(super) struct Parts {
    pub place: Place,
    pub table: Table,
    pub links: Links,
    pub entropy: Entropy,
    pub prepare: Prepare,
}

impl Session {
    /// Party `party` of `parties`, without clients, over links to its peers and one to the dealer, which is the endpoint after the last party.
    ///
    /// # Errors
    /// When a peer or the dealer is gone, or has another version or place.
    pub fn over(party: usize, parties: usize, peers: Box<dyn Transport>, dealer: Box<dyn Transport>) -> Result<Self> {
        Self::over_source(party, parties, peers, Box::new(|_| {}), |names| Ok(Box::new(Live::connect(party, parties, names, dealer)?)))
    }

    /// The same with a folder of tapes instead of a dealer.
    ///
    /// # Errors
    /// As [`over`](Self::over).
    pub fn over_tapes(party: usize, parties: usize, peers: Box<dyn Transport>, tapes: Folder) -> Result<Self> {
        Self::over_source(party, parties, peers, Box::new(|_| {}), |_| Ok(Box::new(tapes)))
    }

    /// The same with any source of tapes; `prepare` sees every generator before it is used.
    pub(crate) fn over_source(
        party: usize,
        parties: usize,
        peers: Box<dyn Transport>,
        prepare: Prepare,
        source: impl FnOnce(&[String]) -> Result<Box<dyn Source>>,
    ) -> Result<Self> {
        if party >= parties || parties < 2 {
            let message = format!("there is no party {party} among {parties}");
            return Err(Error::Peer { party: format!("party {party}"), during: "connect".into(), message });
        }
        let (table, names) = (Table { parties, clients: 0, topology: Topology::Dealer }, links::names(parties, 0));
        let links = Links::new(party, &names, peers);
        let parts = Parts { place: Place::Party(party), table, links, entropy: Entropy::System, prepare };
        Self::connect_with(parts, |names, _| source(names))
    }

    /// Greets everybody; then a party opens its source of tapes, which hears the names of the endpoints and of the session.
    pub(super) fn connect_with(parts: Parts, source: impl FnOnce(&[String], [u8; 16]) -> Result<Box<dyn Source>>) -> Result<Self> {
        let (mut session, label) = Self::greeted(parts)?;
        if session.place.party().is_some() {
            session.source = Some(source(session.links.names(), label)?);
        }
        Ok(session)
    }

    /// Greets everybody; returns the name of the session as well.
    pub(super) fn greeted(parts: Parts) -> Result<(Self, [u8; 16])> {
        let Parts { place, table, mut links, mut entropy, prepare } = parts;
        let greeted = handshake::connect(table, &mut links, &mut entropy)?;
        let session = Self {
            place,
            table,
            links,
            third: None,
            source: None,
            id: entropy.bytes()?,
            pairs: greeted.pairs,
            entropy,
            runs: 0,
            memory: Memory::default(),
            posts: vec![],
            threads: Threads::default(),
            own: HashMap::new(),
            settings: Settings::default(),
            deployment: Deployment::default(),
            plans: vec![],
            peers: vec![Vec::new(); table.parties - 1],
            record: false,
            stream: false,
            prepare,
        };
        Ok((session, greeted.label))
    }

    /// The same session, whose products are shared among this many threads; 1: its own. As many as there are cores for each party of the process are best.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn with_threads(mut self, count: usize) -> Result<Self> {
        self.threads = Threads::new(count).map_err(|e| self.links.failed("threads", format!("{count} threads cannot be had: {e}")))?;
        Ok(self)
    }

    /// The same session, whose whole runs ([`run_once`](Self::run_once), and the functions of roles) unpack the tape as they go or not
    /// ([`run_streamed`](Self::run_streamed)).
    #[must_use]
    pub fn streaming(self, stream: bool) -> Self {
        Self { stream, ..self }
    }

    /// Where this endpoint stands: a computing party or a client.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The dealing that this party's tapes are of, and the highest number of a tape that was ever claimed here; nothing with a client. Both are public, and no pair of them
    /// serves two runs.
    pub fn claimed(&self) -> Option<([u8; 16], u64)> {
        self.source_of().map(|source| (source.dealing(), source.claimed()))
    }

    /// This party's seat.
    pub(super) fn seat(&self) -> Result<Seat> {
        match self.place {
            Place::Party(party) => Ok(Seat { party, parties: self.table.parties }),
            Place::Client(_) => Err(self.links.failed("session", "a client does not compute".into())),
        }
    }

    /// Where this party's tapes come from.
    pub(super) fn source(&mut self) -> Result<&mut dyn Source> {
        match &mut self.source {
            Some(source) => Ok(source.as_mut()),
            None => Err(self.links.failed("session", "there are no tapes: the session has failed, or is a client's".into())),
        }
    }

    /// Where this endpoint's tapes come from; nowhere for a client.
    pub(super) fn source_of(&self) -> Option<&dyn Source> {
        self.source.as_deref()
    }

    /// The generator for one purpose and one id.
    pub(super) fn key(&mut self, purpose: Purpose, id: &[u8; 16]) -> Result<Prg> {
        let key = self.source()?.key(purpose, id);
        Ok(self.generator(&key))
    }

    /// The generator of a key. All generators of a session are made here, so audits see each of them.
    pub(super) fn generator(&mut self, key: &Key) -> Prg {
        let mut generator = Prg::new(key);
        (self.prepare)(&mut generator);
        generator
    }

    /// The generators of this run's zero sharings, one a peer.
    pub(super) fn zero_keys(&mut self, run: u64) -> Vec<Option<Prg>> {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&run.to_le_bytes());
        let keys: Vec<Option<Key>> = self.pairs.iter().map(|seed| seed.as_ref().map(|s| s.key(Purpose::Zero, &id))).collect();
        keys.iter().map(|key| key.as_ref().map(|key| self.generator(key))).collect()
    }

    /// One round: sends `own` to every peer, leaves their messages in `self.peers`.
    pub(super) fn exchange(&mut self, during: &str, own: &[u8]) -> Result<()> {
        self.links.exchange(own, &mut self.peers, during)
    }

    /// Compares a number with all peers, which may still have to prepare what it belongs to.
    pub(super) fn same_everywhere(&mut self, what: &str, mine: u64) -> Result<()> {
        let me = self.seat()?.party;
        let peers = &mut self.peers;
        self.links.unhurried(|links| links.exchange(&mine.to_le_bytes(), peers, what))?;
        match self.peers.iter().position(|theirs| *theirs != mine.to_le_bytes()) {
            None => Ok(()),
            Some(k) => {
                let message = format!(
                    "{what} {mine} starts here, another one there: both must be connected to one dealer and start runs in one order"
                );
                Err(self.links.differs(k + usize::from(k >= me), message))
            }
        }
    }

    /// Runs a part of the session; an error ends the session and closes its links, so that the others notice at once.
    pub(super) fn guarded<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let result = body(self);
        if result.is_err() {
            self.links.close();
            self.source = None;
            self.third = None;
        }
        result
    }
}

impl core::fmt::Debug for Session {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Session[{} of {} parties, {} runs]", self.links.name(self.links.me), self.table.parties, self.runs)
    }
}

#[cfg(test)]
mod tests {
    use crate::party::World;

    #[test]
    fn a_party_beyond_the_last_one_is_refused() {
        for (party, parties) in [(2, 2), (0, 1), (0, 0)] {
            let mut links = crate::net::network(3);
            let (a, b) = (Box::new(links.remove(0)), Box::new(links.remove(0)));
            let error = super::Session::over(party, parties, a, b).unwrap_err().to_string();
            assert!(error.contains("there is no party"), "{error}");
        }
    }

    #[test]
    fn numbers_that_differ_between_the_parties_are_named() {
        let results = World::two_party()
            .execute(|session| {
                let mine = session.place().party().unwrap_or(9) as u64;
                Ok(session.same_everywhere("run", mine).unwrap_err().to_string())
            })
            .unwrap();
        assert!(results[0].contains("run 0 starts here, another one there"), "{}", results[0]);
    }
}

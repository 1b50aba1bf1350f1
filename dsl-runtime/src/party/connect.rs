//! Connecting one endpoint of a real deployment: it listens, dials all earlier endpoints, accepts all later ones, greets them, and opens its source of tapes.

use super::Session;
use super::handshake::Table;
use super::links::Links;
use super::session::Parts;
use super::source::Live;
use super::third;
use crate::config::Config;
use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::net::{Identity, Label, Link, Listener, NetError, Tcp, dial};
use crate::plan::Place;
use crate::tapes::Folder;
use crate::topology::Topology;
use std::time::{Duration, Instant};

/// How long the dealer may take to answer who is missing.
const ANSWER: Duration = Duration::from_secs(1);

impl Session {
    /// Connects to everybody that the configuration names; returns when all are there and have greeted each other, and this party has reached the dealer or opened its
    /// tapes.
    ///
    /// # Errors
    /// [`Error::Config`] before any socket is opened; [`Error::Connect`] when somebody cannot be reached in time, or is not who it should be; when the others have
    /// another version, place or list of participants.
    pub fn connect(config: &Config) -> Result<Self> {
        let listener = config.listener()?;
        Self::connect_on(config, listener.as_ref())
    }

    /// As [`connect`](Self::connect), on a port that is kept: for a program that serves one session after the other. Who calls between two sessions waits.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_on(config: &Config, listener: Option<&Listener>) -> Result<Self> {
        if config.participants.topology == Topology::ThirdDeals {
            return third::connect_on(config, listener);
        }
        config.check()?;
        let place = config.place()?;
        let table =
            Table { parties: config.participants.parties.len(), clients: config.participants.clients.len(), topology: Topology::Dealer };
        let me = place.endpoint(table.parties);
        // tapes that cannot be used are no reason to call anybody
        let tapes = config.tapes.as_ref().map(|folder| Folder::open(folder, me, table.parties)).transpose()?;
        let calling = Calling::new(config)?;
        let links = calling.peers(table, me, listener, &config.participants.label(), true)?;
        let transport = Box::new(Tcp::new(links, &config.timeouts.of_net()));
        let links = Links::new(me, &config.participants.names(), transport).waiting(config.timeouts.idle, config.timeouts.prepare);
        let parts = Parts { place, table, links, entropy: Entropy::System, prepare: Box::new(|_| {}) };
        let session = Self::connect_with(parts, |names, label| match tapes {
            Some(folder) => Ok(Box::new(folder)),
            None => Ok(Box::new(calling.dealer(table, me, names, label)?)),
        })?;
        session.planned(config.settings.clone(), config.participants.deployment()).streaming(config.stream).with_threads(config.threads)
    }
}

/// What is needed to call the others, and until when.
pub(super) struct Calling<'a> {
    pub config: &'a Config,
    identity: Identity,
    until: Instant,
}

impl<'a> Calling<'a> {
    pub(super) fn new(config: &'a Config) -> Result<Self> {
        Ok(Self { config, identity: config.identity()?, until: Instant::now() + config.timeouts.connect })
    }

    /// Links to the peers under this label, by endpoint; none to the dealer, who is called later, nor among clients, nor with any of them unless they are wanted.
    pub(super) fn peers(
        &self,
        table: Table,
        me: usize,
        listener: Option<&Listener>,
        label: &Label,
        clients: bool,
    ) -> Result<Vec<Option<Link>>> {
        self.call(table, me, listener, label, clients).map_err(|cause| self.failed(cause))
    }

    fn call(
        &self,
        table: Table,
        me: usize,
        listener: Option<&Listener>,
        label: &Label,
        clients: bool,
    ) -> Result<Vec<Option<Link>>, NetError> {
        let endpoint = |name: &str| self.config.participants.place(name).map_or(0, |place: Place| place.endpoint(table.parties));
        let mut links: Vec<Option<Link>> = (0..=table.parties + table.clients).map(|_| None).collect();
        for name in self.config.earlier().filter(|name| endpoint(name) != me) {
            links[endpoint(name)] = Some(self.dial(name, label, self.left())?);
        }
        let wanted = |name: &&str| clients || endpoint(name) < table.parties;
        let callers: Vec<String> = self.config.callers().filter(wanted).map(str::to_owned).collect();
        if let Some(listener) = listener.filter(|_| !callers.is_empty()) {
            for link in listener.accept(&callers, label, self.left())? {
                let from = endpoint(link.peer());
                links[from] = Some(link);
            }
        }
        Ok(links)
    }

    /// The dealer, who tells sessions apart by the name that the greetings have given them.
    fn dealer(&self, table: Table, me: usize, names: &[String], label: Label) -> Result<Live> {
        let dealer = self.config.participants.dealer.as_deref().unwrap_or_default();
        // it waits for all parties as long as we do, and then says who is missing: that is worth a moment more
        let link = self.dial(dealer, &label, self.config.timeouts.connect + ANSWER).map_err(|cause| self.failed(cause))?;
        let links = (0..table.parties).map(|_| None).chain([Some(link)]).collect();
        let transport = Box::new(Tcp::new(links, &self.config.timeouts.of_dealer()));
        Live::connect(me, table.parties, names, transport)
    }

    fn dial(&self, name: &str, label: &Label, timeout: Duration) -> Result<Link, NetError> {
        let address = self.config.addresses.get(name).map_or("", String::as_str);
        dial(&self.identity, name, address, label, timeout)
    }

    /// What is left of the time to connect.
    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn failed(&self, cause: NetError) -> Error {
        Error::Connect { party: self.config.called(), cause }
    }
}

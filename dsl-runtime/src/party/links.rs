//! One endpoint's links to the others, with their names: every failure says who reports it, during what, and about whom.

use crate::error::{Error, Result};
use crate::net::{LinkError, Transport};
use crate::wire::{LIMIT, decode};
use serde::Deserialize;
use std::time::Duration;
use zeroize::Zeroize;

/// The links of one endpoint. They are gone after the first error: what failed is never resumed, and the others notice.
pub(super) struct Links {
    /// The number of this endpoint.
    pub me: usize,
    /// The names of all endpoints.
    names: Vec<String>,
    transport: Option<Box<dyn Transport>>,
    /// How long to wait for the next run; as long as for any message where nothing is said.
    idle: Option<Duration>,
    /// How long to wait for what others prepare; as long as for any message where nothing is said.
    prepare: Option<Duration>,
    /// How long to wait for the messages of the run that is under way; as long as for any message where nothing is said.
    within: Option<Duration>,
    /// Whether nothing is under way.
    resting: bool,
}

/// What the endpoints of a computation are called where no configuration names them: the parties, the dealer, the clients.
pub(super) fn names(parties: usize, clients: usize) -> Vec<String> {
    let parties = (0..parties).map(|p| format!("party {p}"));
    parties.chain(["the dealer".to_owned()]).chain((0..clients).map(|c| format!("client {c}"))).collect()
}

impl Links {
    pub(super) fn new(me: usize, names: &[String], transport: Box<dyn Transport>) -> Self {
        Self { me, names: names.to_vec(), transport: Some(transport), idle: None, prepare: None, within: None, resting: false }
    }

    /// The same links, waiting this long for the next run, and for what others have to prepare first.
    pub(super) fn waiting(self, idle: Duration, prepare: Duration) -> Self {
        Self { idle: Some(idle), prepare: Some(prepare), ..self }
    }

    /// What an endpoint is called.
    pub(super) fn name(&self, endpoint: usize) -> String {
        self.names.get(endpoint).cloned().unwrap_or_else(|| format!("endpoint {endpoint}"))
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Closes all links: the others notice at once.
    pub(super) fn close(&mut self) {
        self.transport = None;
    }

    /// Sends a message.
    pub(super) fn send(&mut self, to: usize, message: &[u8], during: &str) -> Result<()> {
        self.with(during, |t| t.send(to, message))
    }

    /// Receives a message of at most `limit` bytes.
    pub(super) fn receive_bytes(&mut self, from: usize, limit: usize, message: &mut Vec<u8>, during: &str) -> Result<()> {
        self.with(during, |t| t.receive(from, limit, message))
    }

    /// Receives a message of exactly `len` bytes.
    pub(super) fn receive_exactly(&mut self, from: usize, len: usize, message: &mut Vec<u8>, during: &str) -> Result<()> {
        self.receive_bytes(from, len, message, during)?;
        if message.len() == len {
            return Ok(());
        }
        Err(self.failed(during, format!("{} sent {} bytes where {len} were expected", self.name(from), message.len())))
    }

    /// Receives a message of agreed type.
    pub(super) fn receive<T: for<'a> Deserialize<'a>>(&mut self, from: usize, during: &str) -> Result<T> {
        let mut bytes = Vec::new();
        self.receive_bytes(from, LIMIT, &mut bytes, during)?;
        let decoded = decode(&bytes);
        bytes.zeroize(); // a handshake may hold a seed
        decoded.map_err(|message| self.failed(during, format!("{}: {message}", self.name(from))))
    }

    /// Between two runs, when nothing is under way: others may take their time, or leave.
    pub(super) fn between_runs<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.patience(self.idle);
        self.resting = true;
        let result = body(self);
        self.resting = false;
        self.patience(None);
        result
    }

    /// While others do work of their own before they answer: unpack a tape, or run all of a plan.
    pub(super) fn unhurried<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.patience(self.prepare);
        let result = body(self);
        self.patience(None);
        result
    }

    /// Whether, from now on, others have work of their own before any message: a run in which somebody unpacks as it goes.
    pub(super) fn slowly(&mut self, yes: bool) {
        self.within = if yes { self.prepare } else { None };
        self.patience(None);
    }

    fn patience(&mut self, limit: Option<Duration>) {
        if let Some(transport) = &mut self.transport {
            transport.patience(limit.or(self.within));
        }
    }

    /// One round among the parties: sends `own` to every other one and receives a message of the same length from each.
    pub(super) fn exchange(&mut self, own: &[u8], peers: &mut [Vec<u8>], during: &str) -> Result<()> {
        let me = self.me;
        self.with(during, |t| t.exchange(me, own, peers))
    }

    /// The same with a message of its own for each of the other parties; `expected(k)` bytes come from party k.
    pub(super) fn exchange_each<'m>(
        &mut self,
        own: &dyn Fn(usize) -> &'m [u8],
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
        during: &str,
    ) -> Result<()> {
        let me = self.me;
        self.with(during, |t| t.exchange_each(me, own, expected, peers))
    }

    /// This endpoint cannot go on, or another one sent what it should not.
    pub(super) fn failed(&self, during: &str, message: String) -> Error {
        Error::Peer { party: self.name(self.me), during: during.to_owned(), message }
    }

    /// Another one is gone, as the dealer says.
    pub(super) fn gone(&self, peer: usize, during: &str) -> Error {
        Error::Gone { party: self.name(self.me), during: during.to_owned(), message: format!("{} has left the dealer", self.name(peer)) }
    }

    /// This endpoint and another one do not agree.
    pub(super) fn differs(&self, peer: usize, message: String) -> Error {
        Error::Disagreement { party: self.name(self.me), peer: self.name(peer), message }
    }

    fn with<T>(&mut self, during: &str, body: impl FnOnce(&mut dyn Transport) -> Result<T, LinkError>) -> Result<T> {
        match &mut self.transport {
            Some(transport) => body(transport.as_mut()).map_err(|e| self.broken(during, &e)),
            None => Err(self.failed(during, "the session has failed before: connect again".into())),
        }
    }

    /// A failed link as an error of this endpoint.
    fn broken(&self, during: &str, e: &LinkError) -> Error {
        let (party, during) = (self.name(self.me), during.to_owned());
        match e {
            LinkError::Closed(from) if self.resting => Error::Ended { party, peer: self.name(*from) },
            LinkError::Closed(from) => Error::Gone { party, during, message: format!("{} has closed the connection", self.name(*from)) },
            LinkError::Stalled { endpoint, seconds } => {
                let message = format!("no message got through between here and {} for {seconds} s", self.name(*endpoint));
                Error::Gone { party, during, message }
            }
            LinkError::Length { endpoint, expected, found } => {
                let message = format!("{} sent {found} bytes where {expected} were expected", self.name(*endpoint));
                Error::Peer { party, during, message }
            }
            LinkError::Corrupt { endpoint, what } => {
                let message = format!("the connection with {} is broken: {what}", self.name(*endpoint));
                Error::Peer { party, during, message }
            }
            LinkError::Unknown(endpoint) => Error::Peer { party, during, message: format!("there is no {}", self.name(*endpoint)) },
        }
    }
}

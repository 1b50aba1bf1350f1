//! The transport between processes: a link to each endpoint, over TCP, plain or under TLS.

use crate::conn::{Conn, Fault, Sending};
use crate::dial::Link;
use crate::socket::Wait;
use crate::{LinkError, Transport};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until all endpoints are connected; for [`crate::dial`] and [`crate::Listener::accept`].
    pub connect: Duration,
    /// One message, from its first byte to its last, in either direction: what trickles does not prolong it. The longest message must get over the slowest line in it.
    pub message: Duration,
    /// How long a thread looks for a message before it goes to sleep. Waking it costs some tens of microseconds, looking for it costs a core.
    pub spin: Duration,
}

impl Default for Timeouts {
    /// 30 s, 30 s, 50 us.
    fn default() -> Self {
        Self { connect: Duration::from_secs(30), message: Duration::from_secs(30), spin: Duration::from_micros(50) }
    }
}

/// One endpoint's links to the others.
///
/// A connection carries messages in one direction, so that a thread can send while another receives. A `send` waits where the socket takes no more, which ends when the
/// peer receives: two endpoints that send each other large messages at the same time must use [`Transport::exchange`], or both wait until their patience ends. Where
/// messages go one way at a time, as from a dealer or a client to a party, nothing is to be observed.
///
/// After [`LinkError::Stalled`] before the first byte of a message, one may receive again. Every other error ends the link: from then on it is [`LinkError::Closed`].
/// Dropping it closes all connections at once, and peers see that.
pub struct Tcp {
    outgoing: Vec<Option<Conn>>,
    incoming: Vec<Option<Conn>>,
    timeouts: Timeouts,
    patience: Duration,
}

impl Tcp {
    /// The endpoint with these links, by number; there is none to itself, and none to endpoints that it does not talk to.
    pub fn new(links: Vec<Option<Link>>, timeouts: &Timeouts) -> Self {
        let (outgoing, incoming) = links.into_iter().map(|link| link.map(|l| (l.outgoing, l.incoming)).unzip()).unzip();
        Self { outgoing, incoming, timeouts: *timeouts, patience: timeouts.message }
    }

    fn wait(&self) -> Wait {
        let wait = Wait::new(self.patience, self.timeouts.spin);
        if self.patience < self.timeouts.message { wait.with_message(self.timeouts.message) } else { wait }
    }
}

impl Transport for Tcp {
    fn send(&mut self, to: usize, message: &[u8]) -> Result<(), LinkError> {
        let (wait, patience) = (self.wait(), self.patience);
        let conn = self.outgoing.get_mut(to).and_then(Option::as_mut).ok_or(LinkError::Unknown(to))?;
        conn.send(message, &wait).map_err(|fault| link_error(fault, to, patience))
    }

    fn receive(&mut self, from: usize, limit: usize, message: &mut Vec<u8>) -> Result<(), LinkError> {
        let (wait, patience) = (self.wait(), self.patience);
        let conn = self.incoming.get_mut(from).and_then(Option::as_mut).ok_or(LinkError::Unknown(from))?;
        conn.receive(limit, message, &wait).map_err(|fault| link_error(fault, from, patience))
    }

    fn patience(&mut self, limit: Option<Duration>) {
        self.patience = limit.unwrap_or(self.timeouts.message);
    }

    /// Writes what the sockets take; if that is not all, the rest goes out from other threads while this one receives, so that no length of message blocks. A round that
    /// fails cannot be tried again, and ends the links to all peers: they may have half a message.
    fn exchange_each<'m>(
        &mut self,
        me: usize,
        own: &dyn Fn(usize) -> &'m [u8],
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
    ) -> Result<(), LinkError> {
        let parties = peers.len() + 1;
        let result = self.try_exchange(me, own, expected, peers);
        if result.is_err() {
            self.outgoing.iter().take(parties).flatten().for_each(|conn| hang_up(conn.stream()));
        }
        result
    }
}

impl Tcp {
    fn try_exchange<'m>(
        &mut self,
        me: usize,
        own: &dyn Fn(usize) -> &'m [u8],
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
    ) -> Result<(), LinkError> {
        let (wait, patience) = (self.wait(), self.patience);
        let mut pending: Vec<Option<Sending<'_>>> = Vec::new(); // allocates nothing until something is pending
        for k in 0..=peers.len() {
            if k == me {
                continue;
            }
            let conn = self.outgoing.get_mut(k).and_then(Option::as_mut).ok_or(LinkError::Unknown(k))?;
            let mut sending = Sending::new(own(k));
            if !conn.advance(&mut sending, None).map_err(|fault| link_error(fault, k, patience))? {
                pending.resize_with(k, || None);
                pending.push(Some(sending));
            }
        }
        if pending.is_empty() {
            return receive_all(&mut self.incoming, me, expected, peers, &wait, patience);
        }
        self.exchange_large(me, expected, peers, pending)
    }

    /// Sends to all peers what did not go at once, each from a thread of its own, while this one receives.
    fn exchange_large(
        &mut self,
        me: usize,
        expected: &dyn Fn(usize) -> usize,
        peers: &mut [Vec<u8>],
        pending: Vec<Option<Sending<'_>>>,
    ) -> Result<(), LinkError> {
        let (wait, patience) = (self.wait(), self.patience);
        let streams: Vec<_> = self.outgoing.iter().flatten().map(|conn| conn.stream().clone()).collect();
        let incoming = &mut self.incoming;
        let mut jobs: Vec<Job<'_, '_>> = self
            .outgoing
            .iter_mut()
            .zip(pending)
            .enumerate()
            .filter_map(|(endpoint, (conn, rest))| Some(Job { endpoint, conn: conn.as_mut()?, rest: rest?, result: None }))
            .collect();
        let received = std::thread::scope(|scope| {
            for job in &mut jobs {
                let name = format!("to {}", job.endpoint);
                // who gets no thread has its turn when everything is received
                let _ = std::thread::Builder::new().name(name).spawn_scoped(scope, || job.run(&wait));
            }
            let received = receive_all(incoming, me, expected, peers, &wait, patience);
            if received.is_err() {
                // nobody will wait for the rest
                for stream in &streams {
                    hang_up(stream);
                }
            }
            received
        });
        received?;
        for job in &mut jobs {
            if job.result.is_none() {
                job.run(&wait);
            }
            if let Some(Err(fault)) = job.result.take() {
                return Err(link_error(fault, job.endpoint, patience));
            }
        }
        Ok(())
    }
}

/// The rest of a message to one peer.
struct Job<'c, 'm> {
    endpoint: usize,
    conn: &'c mut Conn,
    rest: Sending<'m>,
    /// How it went, if it was tried.
    result: Option<Result<bool, Fault>>,
}

impl Job<'_, '_> {
    fn run(&mut self, wait: &Wait) {
        self.result = Some(self.conn.advance(&mut self.rest, Some(wait)));
    }
}

/// Ends a connection under the hands of whoever uses it.
fn hang_up(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both); // it may be gone already
}

/// A message of the expected length from each peer.
fn receive_all(
    incoming: &mut [Option<Conn>],
    me: usize,
    expected: &dyn Fn(usize) -> usize,
    peers: &mut [Vec<u8>],
    wait: &Wait,
    patience: Duration,
) -> Result<(), LinkError> {
    let others = (0..).filter(|k| *k != me);
    for (k, message) in others.zip(peers.iter_mut()) {
        let (conn, length) = (incoming.get_mut(k).and_then(Option::as_mut).ok_or(LinkError::Unknown(k))?, expected(k));
        conn.receive(length, message, wait).map_err(|fault| link_error(fault, k, patience))?;
        if message.len() != length {
            return Err(LinkError::Length { endpoint: k, expected: length, found: message.len() });
        }
    }
    Ok(())
}

fn link_error(fault: Fault, endpoint: usize, patience: Duration) -> LinkError {
    match fault {
        Fault::Closed => LinkError::Closed(endpoint),
        Fault::Stalled => LinkError::Stalled { endpoint, seconds: patience.as_secs() },
        Fault::Length { limit, found } => LinkError::Length { endpoint, expected: limit, found },
        Fault::Corrupt(what) => LinkError::Corrupt { endpoint, what },
        Fault::Tls(e) => LinkError::Corrupt { endpoint, what: format!("TLS: {e}") },
    }
}
